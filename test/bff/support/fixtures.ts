/** Small real parts for tests of store, scans, events and intake: a store on a temporary file, a clock that is moved by hand. */
import type { AlignTimings, UpstreamAsset, UpstreamOrder } from '../../../bff/align/index.ts';
import type { Clock } from '../../../bff/deps.ts';
import { openStore, type Store } from '../../../bff/store/index.ts';
import type { ConnectionRow, HintTable } from '../../../bff/store/schema.ts';
import { silent } from '../../support/silent.ts';
import { callsUnderWay, openTestDatabase } from '../../support/test-store.ts';

export { silent };

export interface HandClock extends Clock {
  /** Moves on by `ms`, running what falls due in order, and lets promises settle in between. */
  advance(ms: number): Promise<void>;
  set(ms: number): void;
}

export const START = Date.UTC(2026, 10, 20, 8);

export function handClock(start = START): HandClock {
  let now = start;
  let timers: { due: number; task: () => void }[] = [];
  const after = (ms: number, task: () => void): (() => void) => {
    const timer = { due: now + Math.max(0, ms), task };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  };
  return {
    now: () => now,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const cancel = after(ms, resolve);
        signal?.addEventListener('abort', () => {
          cancel();
          reject(signal.reason);
        });
      }),
    set(ms) {
      now = ms;
    },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        await settle();
        const next = timers.filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        now = Math.max(now, next.due);
        next.task();
      }
      now = end;
      await settle();
    },
  };
}

/** Lets everything that waits for promises, the store's commits or immediates run. */
export async function settle(turns = 80): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    // What follows from a database's answer may be another question.
    if (callsUnderWay() > 0) turn = 0;
  }
}

export async function openTestStore(clock: Clock = handClock()): Promise<Store> {
  const database = await openTestDatabase();
  const store = await openStore({ url: database.url, clock, log: silent, databaseNow: () => clock.now() });
  return {
    ...store,
    close: async () => {
      await store.close();
      await database.drop();
    },
  };
}

export const TIMINGS: AlignTimings = {
  pollFloor: 120_000,
  pageSpacing: 0,
  overlap: 15 * 60_000,
  recheckSteps: [40_000, 80_000],
  recheckMax: 30 * 60_000,
  recheckFor: 3 * 86_400_000,
  backfillDays: 90,
  requestTimeout: 30_000,
};

export const environment = () => ({ name: 'sandbox', livemode: false, simulated: false, timings: TIMINGS });

let serial = 0;

export function connectionRow(change: Partial<ConnectionRow> = {}): ConnectionRow {
  serial += 1;
  return {
    id: `con_${serial}`,
    vendor: 'acme',
    tenant: `clinic-${serial}`,
    environment: 'sandbox',
    account_id: `${1000 + serial}`,
    account_name: 'Clinic',
    account_city: null,
    account_country: null,
    state: 'paired',
    created_at: START,
    created_by: 'dentist',
    ended_at: null,
    callback_state: 'registered',
    last_pair_at: START,
    repaired_at: null,
    last_notification_at: null,
    last_full_check_at: null,
    cursor_at: null,
    backfilled_at: null,
    proved_until: null,
    last_sweep_at: null,
    sweep_started_at: null,
    sweep_from: null,
    sweep_page: null,
    polled_in_a_row: 0,
    problem: null,
    ...change,
  };
}

export async function addConnection(store: Store, change: Partial<ConnectionRow> = {}): Promise<ConnectionRow> {
  const row = connectionRow(change);
  await store.write((tx) => tx.insertInto('connections').values(row).execute());
  return row;
}

/** A notification of this RX as it is on disk, due at once. */
export function hintRow(connection: ConnectionRow, rxId: string, receivedAt: number): Omit<HintTable, 'id'> {
  return {
    vendor: connection.vendor,
    tenant: connection.tenant,
    environment: connection.environment,
    connection_id: connection.id,
    rx_id: rxId,
    received_at: receivedAt,
    state: 'waiting',
    attempts: 0,
    next_at: 0,
    outcome: null,
  };
}

export function asset(name: UpstreamAsset['name'], modifiedAt = START, sizeBytes: number | null = 100): UpstreamAsset {
  return { name, url: `https://files.example/${name}/${modifiedAt}`, sizeBytes, modifiedAt };
}

export function order(connection: ConnectionRow, change: Partial<UpstreamOrder> = {}): UpstreamOrder {
  return {
    orderId: '100000001',
    orderCode: 'AB12CD34',
    rxId: null,
    accountId: connection.account_id,
    status: 'Completed',
    phase: 'scanned',
    patient: { firstName: 'Ann', lastName: 'Bee', chartNumber: 'C-1' },
    doctor: 'Dr. Day',
    procedure: 'Study Model/iRecord',
    caseType: 'iRecord',
    scanner: 'SN-1',
    scannedAt: START,
    modifiedAt: START,
    myIteroUrl: 'https://bff.myitero.example/case',
    assets: [asset('ide'), asset('gallery')],
    ...change,
  };
}
