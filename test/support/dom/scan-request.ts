import type { Pairing, PairingStateName } from '../../../shared/pairing.ts';
import type { Practice } from '../../../shared/practice.ts';
import type { PatientCheck, ScanRequest } from '../../../shared/scan-request.ts';
import { IteroScanRequest } from '../../../widget/itero-scan-request/itero-scan-request.ts';
import { installFakeBff, SESSION_URL, type FakeBff } from './fake-bff.ts';
import { control, mount, until, visibleText } from './page.ts';

/** A clinic whose form asks for everything that a form can ask for. */
export const practice: Practice = {
  account: { id: '1017', name: 'Praxis am Park' },
  doctors: [
    { id: 'd1', name: 'Dr. Eva Berg', type: 'Dentist', selectable: true },
    { id: 'd2', name: 'Tom Wolf', type: 'Dentist', selectable: true },
    { id: 'd3', name: 'Lab Person', type: null, selectable: false },
  ],
  scanners: [
    { serialNumber: 'S1', name: 'Room 1', model: 'Element 5D', supported: true },
    { serialNumber: 'S0', name: 'Old one', model: 'iTero HD2.9', supported: false },
  ],
  labs: [{ id: 'l1', name: 'Dental Lab North' }],
  procedures: [
    { id: 'p1', name: 'Study Model/iRecord', types: [{ id: 't1', name: 'iRecord', needsTeeth: false }] },
    {
      id: 'p2',
      name: 'Fixed Restorative',
      types: [
        { id: 't2', name: 'Crown', needsTeeth: true },
        { id: 't3', name: 'Full arch', needsTeeth: false },
      ],
    },
  ],
  restorationTypes: ['Crown', 'Bridge'],
  materials: [{ id: 'm1', name: 'Zirconia' }],
  shades: ['A1', 'A2'],
  fetchedAt: '2026-11-23T10:00:00.000Z',
};

export const unknownPatient: PatientCheck = { verdict: 'unknown', known: null, otherCharts: [], openRequests: [] };
export const samePatient: PatientCheck = {
  ...unknownPatient,
  verdict: 'same',
  known: { firstName: 'Zoë', lastName: 'O’Hara', chartNumber: 'C-7', lastSeenAt: '2026-10-02T08:00:00.000Z' },
};
export const differentPatient: PatientCheck = {
  ...unknownPatient,
  verdict: 'different',
  known: { firstName: 'Zoe', lastName: 'Ohara', chartNumber: 'C-7', lastSeenAt: '2026-10-02T08:00:00.000Z' },
};

export function scanRequest(change: Partial<ScanRequest> = {}): ScanRequest {
  return {
    id: 'r1',
    state: 'sent',
    rxId: '7a1f0c1e-0000-4000-8000-000000000001',
    orderId: null,
    possibleOrderId: null,
    patient: { firstName: 'Zoë', lastName: 'O’Hara', chartNumber: 'C-7' },
    procedure: 'Fixed Restorative',
    procedureType: 'Crown',
    doctor: 'Dr. Eva Berg',
    teeth: [3, 14],
    dueDate: '2026-12-01',
    createdAt: new Date().toISOString(),
    createdBy: 'Ann Assistant',
    sentThrough: 'Dr. Eva Berg',
    problem: null,
    ...change,
  };
}

export function pairing(state: PairingStateName = 'paired'): Pairing {
  return {
    state,
    environment: 'sandbox',
    simulated: true,
    account: null,
    logins: [],
    choosing: false,
    signInProblem: null,
    health: {
      lastNotificationAt: null,
      lastFullCheckAt: null,
      nextCheckAt: null,
      callback: 'registered',
      problem: null,
    },
    ledger: { cases: 0, byNotification: 0, recovered: 0, backfilled: 0 },
  };
}

let users = 0;

/** A BFF that knows the practice and the patient, has no request yet, and takes every request. */
export function installRequestBff(): FakeBff {
  if (!customElements.get('itero-scan-request')) customElements.define('itero-scan-request', IteroScanRequest);
  const bff = installFakeBff();
  // What one test chose is not remembered in the next.
  bff.signInAs(`user-${++users}`);
  bff.answer('GET', '/v1/pairing', { json: pairing() });
  bff.answer('GET', '/v1/practice', { json: practice });
  bff.answer('POST', '/v1/scan-requests/check', { json: samePatient });
  bff.answer('POST', '/v1/scan-requests', { json: scanRequest(), status: 201 });
  showRequests(bff);
  return bff;
}

/** From now on the list has these requests. */
export function showRequests(bff: FakeBff, ...items: ScanRequest[]): void {
  bff.answer('POST', '/v1/scan-requests/search', { json: { items, nextCursor: null } });
}

export const PATIENT = 'first-name="Zoë" last-name="O’Hara" chart-number="C-7" date-of-birth="1980-02-29"';

/** Mounts the element for a patient, and waits until it has loaded. */
export async function mountRequest(attributes = PATIENT): Promise<IteroScanRequest> {
  const element = mount(`<itero-scan-request session-url="${SESSION_URL}" ${attributes}></itero-scan-request>`);
  if (!(element instanceof IteroScanRequest)) throw new Error('itero-scan-request is not defined');
  await until('the element has loaded', () => element.matches(':state(paired), :state(unpaired), :state(error)'));
  await until('the list has loaded', () => !element.matches(':state(loading)'));
  await element.updateComplete;
  return element;
}

/** What stands at a selector inside the element; fails when it is not there, or is something else. */
export function partOf<T extends Element>(element: Element, selector: string, kind: new () => T): T {
  const found = element.shadowRoot?.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`no ${selector} in: ${visibleText(element)}`);
  return found;
}

export function part(element: Element, selector: string): HTMLElement {
  return partOf(element, selector, HTMLElement);
}

/** Every event of this class that the element fires from now on. */
export function hear<E extends Event>(element: Element, type: string, kind: abstract new (...args: never[]) => E): E[] {
  const heard: E[] = [];
  element.addEventListener(type, (event) => {
    if (event instanceof kind) heard.push(event);
  });
  return heard;
}

/** Opens the form and waits for the practice and the guard. */
export async function openForm(element: IteroScanRequest): Promise<void> {
  control(element, 'Send to scanner').click();
  await until('the form is open', () => element.shadowRoot?.querySelector('form') !== null);
  await until('the guard has answered', () => !visibleText(element).includes('Looking up'));
  await element.updateComplete;
}

export async function choose(element: IteroScanRequest, id: string, value: string): Promise<void> {
  const select = partOf(element, `#${id}`, HTMLSelectElement);
  select.value = value;
  select.dispatchEvent(new Event('input', { bubbles: true }));
  await element.updateComplete;
}

/** The shortest complete form: a study model by Dr. Berg. */
export async function fillForm(element: IteroScanRequest): Promise<void> {
  await openForm(element);
  await choose(element, 'procedure', 'p1');
  await choose(element, 'doctor', 'd1');
}

export function sentRequests(bff: FakeBff) {
  return bff.calls.filter((call) => call.method === 'POST' && call.path === '/v1/scan-requests');
}
