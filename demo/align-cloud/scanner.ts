import { conflict } from './api-error.ts';
import { renewFiles } from './case-update.ts';
import type { Cloud } from './cloud.ts';
import type { Order, Rx } from './model.ts';
import { notifyEarly } from './notifications.ts';
import { joinPatient, patientById } from './operations/patients.ts';
import type { Identity } from './operations/patients.ts';
import { copyAsWalkIn } from './walk-in.ts';

export function pickUp(rx: Rx): void {
  if (rx.state === 'scanned') throw conflict('This RX was scanned already.');
  rx.state = 'scanning';
}

export interface ScanWish {
  captures?: boolean;
  /** What was typed at the scanner instead of what the RX says. */
  identity?: Partial<Identity>;
  /** The last name is typed with two letters swapped. */
  mistyped?: boolean;
}

export function createOrder(cloud: Cloud, rx: Rx, patientId: number, captures: boolean): Order {
  let orderId: number;
  // Eight or nine digits (align-api §7).
  do orderId = cloud.random.between(10_000_000, 999_999_999);
  while (cloud.state.orders.has(orderId));
  const now = cloud.clock.now();
  const order: Order = {
    orderId,
    orderCode: cloud.random.code(),
    rxId: rx.rxId,
    companyId: rx.companyId,
    patientId,
    status: 'Scanning',
    scanDate: now,
    modifiedDate: now,
    revision: 1,
    variant: 'scan',
    exportFormat: undefined,
    layout: undefined,
    captures,
    assets: new Map(),
    available: false,
    busy: false,
    pending: new Map(),
  };
  cloud.state.orders.set(orderId, order);
  return order;
}

/** Takes the scan of an RX. The order is there at once and is listed when its files are ready: `finished`. */
export function scan(cloud: Cloud, rx: Rx, wish: ScanWish = {}): { order: Order; finished: Promise<void> } {
  const where = { companyId: rx.companyId };
  if (
    rx.source === 'dpms' &&
    rx.state !== 'scanned' &&
    cloud.faults.take('scan', ['unrequested'], where) !== undefined
  ) {
    // The assistant types the patient anew instead of taking the RX from the list; the RX stays open.
    return scan(cloud, copyAsWalkIn(cloud, rx, patientById(cloud, rx.patientId)), wish);
  }
  pickUp(rx);
  const typo = cloud.faults.take('scan', ['mistyped'], where);
  const asked = patientById(cloud, rx.patientId);
  const identity = {
    firstName: wish.identity?.firstName ?? typo?.firstName ?? asked.firstName,
    lastName: wish.identity?.lastName ?? typo?.lastName ?? asked.lastName,
    chartNumber: wish.identity?.chartNumber ?? typo?.chartNumber ?? asked.chartNumber,
  };
  const untold = typo !== undefined && (typo.firstName ?? typo.lastName ?? typo.chartNumber) === undefined;
  if (untold || wish.mistyped === true) identity.lastName = mistype(identity.lastName);
  const patient = joinPatient(cloud, rx.companyId, identity, asked.dateOfBirth);
  const order = createOrder(cloud, rx, patient.patientId, wish.captures ?? true);
  const early = cloud.faults.take('notification', ['early'], where) !== undefined;
  if (early) notifyEarly(cloud, rx);
  rx.state = 'scanned';
  const finished = renewFiles(cloud, order, rx, {
    variant: 'scan',
    status: 'Completed',
    why: early ? undefined : 'scanned',
  });
  cloud.track(finished);
  return { order, finished };
}

/** Two letters in the wrong order, as happens at a touch screen. */
export function mistype(name: string): string {
  const letters = Array.from(name);
  const [first, second] = [letters.length - 2, letters.length - 1];
  if (letters.length < 2 || letters[first] === letters[second]) return `${name}e`;
  return [...letters.slice(0, first), letters[second], letters[first]].join('');
}
