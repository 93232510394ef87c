/** Stores with a thousand and more cases, each on a file of its own, and the work whose cost must not grow with them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AlignEnvironment, UpstreamOrder } from '../../../bff/align/index.ts';
import { createSystemClock } from '../../../bff/clock.ts';
import { createEventLog } from '../../../bff/events/index.ts';
import { createMerge } from '../../../bff/scans/index.ts';
import { searchScans } from '../../../bff/scans/search.ts';
import { toVersion } from '../../../bff/scans/version.ts';
import { openStore, type Store } from '../../../bff/store/index.ts';
import { toNameKeys } from '../../../bff/store/fold-name.ts';
import type { ConnectionRow, ScanRow } from '../../../bff/store/schema.ts';
import { answer, ready } from './reply.ts';
import { ACCOUNT, benchConfig, benchLog, ENVIRONMENT, TENANT, VENDOR } from './settings.ts';

const LISTS = 200;
/** Events that a stream missed when it comes back. */
const MISSED = 20;
/** Writers that share commits, as in a busy minute; what one costs is then more than its share of an fsync. */
const WRITES = 256;
const CHUNK = 400;
const FIRST = Date.UTC(2024, 0, 1);
const MINUTE = 60_000;

const clock = createSystemClock();
const log = benchLog();
const owner = { vendor: VENDOR, tenant: TENANT, environment: ENVIRONMENT };
const key = { ...owner, account_id: ACCOUNT };
const align = benchConfig(process.env['BENCH_DIR'] ?? '').align.environments[ENVIRONMENT];
if (align === undefined) throw new Error('no environment');
const environment: AlignEnvironment = { name: ENVIRONMENT, livemode: false, simulated: true, timings: align.timings };
const connection: ConnectionRow = {
  ...key,
  id: 'con_1',
  account_name: 'Clinic',
  account_city: null,
  account_country: null,
  state: 'paired',
  created_at: FIRST,
  created_by: 'u1',
  ended_at: null,
  callback_state: 'confirmed',
  last_pair_at: FIRST,
  repaired_at: null,
  last_notification_at: null,
  last_full_check_at: FIRST,
  cursor_at: FIRST,
  proved_until: null,
  last_sweep_at: null,
  sweep_started_at: null,
  sweep_from: null,
  sweep_page: null,
  backfilled_at: FIRST,
  polled_in_a_row: 0,
  problem: null,
};

function order(index: number): UpstreamOrder {
  const modifiedAt = FIRST + index * MINUTE;
  return {
    orderId: String(100_000_000 + index),
    orderCode: `C${index}`,
    rxId: `rx-${index}`,
    accountId: ACCOUNT,
    status: 'Completed',
    phase: 'scanned',
    patient: { firstName: 'Ann', lastName: 'Bee', chartNumber: `C-${index % 5000}` },
    doctor: 'Dr. Day',
    procedure: 'Study Model/iRecord',
    caseType: 'iRecord',
    scanner: 'SN-1',
    scannedAt: modifiedAt,
    modifiedAt,
    myIteroUrl: null,
    assets: (['ide', 'gallery'] as const).map((name) => ({
      name,
      url: `https://files.example/${name}/${index}`,
      sizeBytes: 12_000_000,
      modifiedAt,
    })),
  };
}

function row(index: number): ScanRow {
  const { orderId, orderCode, rxId, patient, myIteroUrl, assets, scannedAt, modifiedAt, caseType, ...rest } =
    order(index);
  const version = toVersion(order(index));
  return {
    ...key,
    order_id: orderId,
    connection_id: 'con_1',
    order_code: orderCode,
    rx_id: rxId,
    request_id: null,
    status: rest.status,
    phase: rest.phase,
    first_name: patient.firstName,
    last_name: patient.lastName,
    ...toNameKeys(patient.firstName, patient.lastName),
    chart_number: patient.chartNumber,
    doctor: rest.doctor,
    procedure: rest.procedure,
    case_type: caseType,
    scanner: rest.scanner,
    scanned_at: scannedAt,
    modified_at: modifiedAt,
    my_itero_url: myIteroUrl,
    version,
    version_number: 1,
    learnt_by: 'notification',
    came_by: 'notification',
    assets: JSON.stringify(assets.map((asset) => ({ ...asset, version }))),
    backfilled: 0,
    unmatched: 1,
    other_identity: 0,
    request_chart: null,
    views: null,
    seen_at: modifiedAt,
    created_at: modifiedAt,
    observed_at: modifiedAt,
    missing_since: null,
    recheck_count: 0,
    recheck_at: null,
    missing_told_at: null,
  };
}

/** The rows that so many merges leave behind. */
async function fill(store: Store, count: number): Promise<void> {
  for (let from = 0; from < count; from += CHUNK) {
    const rows = Array.from({ length: Math.min(CHUNK, count - from) }, (_, index) => row(from + index));
    await store.write(async (tx) => {
      await tx.insertInto('scans').values(rows).execute();
      const versions = rows.map(({ order_id, version, status, phase, modified_at }) => ({
        ...key,
        order_id,
        version,
        number: 1,
        status,
        phase,
        modified_at,
        due_at: modified_at,
        seen_at: modified_at,
        learnt_by: 'notification',
        changed: '["ide","gallery"]',
      }));
      await tx.insertInto('scan_versions').values(versions).execute();
      const events = rows.map(({ order_id, version, chart_number, modified_at }, index) => ({
        ...owner,
        id: from + index + 1,
        type: 'scan.received',
        data: JSON.stringify({ orderId: order_id, version }),
        order_id,
        request_id: null,
        charts: JSON.stringify([chart_number]),
        created_at: modified_at,
      }));
      await tx.insertInto('events').values(events).execute();
    });
  }
  await store.write(async (tx) => {
    await tx.insertInto('connections').values(connection).execute();
    const totals = { ...key, total: count, unmatched: count, arrived: count, by_notification: count };
    await tx.insertInto('scan_counters').values(totals).execute();
    await tx
      .insertInto('event_counters')
      .values({ vendor: VENDOR, tenant: TENANT, last_id: count, pruned_to: 0 })
      .execute();
  });
}

async function open(count: number) {
  const directory = join(process.env['BENCH_DIR'] ?? '', String(count));
  mkdirSync(directory);
  const store = await openStore({ url: `sqlite:${directory}/itero.db`, clock, log });
  await fill(store, count);
  const events = createEventLog({ store, clock });
  const connections = { noteVersionLearnt: () => Promise.resolve() };
  const merge = createMerge({ store, events, connections, align: { environment: () => environment }, clock });
  return { store, events, merge, next: count };
}

const sizes = (process.env['BENCH_SIZES'] ?? '').split(',').map(Number);
const stores = await Promise.all(sizes.map(open));
const chosen = (index: unknown) => {
  const store = stores[Number(index)];
  if (store === undefined) throw new Error(`no store ${String(index)}`);
  return store;
};

/** Milliseconds for one of so many. */
async function each(times: number, work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / times;
}

answer({
  /** What a stream that comes back does: where the log stands, and what it missed. */
  resume({ store }) {
    const { events, next } = chosen(store);
    return each(LISTS, async () => {
      for (let index = 0; index < LISTS; index += 1) {
        const { last } = await events.bounds(owner);
        const missed = await events.after(owner, last - MISSED, 200);
        if (missed.length !== MISSED || last < next) throw new Error(`${missed.length} events after ${last - MISSED}`);
      }
    });
  },
  list({ store }) {
    const { db } = chosen(store).store;
    const query = { cases: { ...owner, accountId: ACCOUNT }, userId: 'u1', boundChart: null, filter: {} };
    return each(LISTS, async () => {
      for (let index = 0; index < LISTS; index += 1) {
        const { rows } = await searchScans(db, query);
        if (rows.length !== 50) throw new Error(`a page of ${rows.length}`);
      }
    });
  },
  merge({ store }) {
    const into = chosen(store);
    const orders = Array.from({ length: WRITES }, () => order((into.next += 1)));
    return each(WRITES, async () => {
      const outcomes = await Promise.all(
        orders.map((one) => into.merge.merge({ connection, order: one, learntBy: 'notification' })),
      );
      if (outcomes.some(({ outcome }) => outcome !== 'announced')) throw new Error('a new case was not announced');
    });
  },
  append({ store }) {
    const into = chosen(store);
    const entry = { ...owner, type: 'scan.updated', data: { orderId: '100000001' }, charts: ['C-1'] } as const;
    return each(WRITES, () =>
      Promise.all(Array.from({ length: WRITES }, () => into.store.write((tx) => into.events.append(tx, entry)))),
    );
  },
});
ready(0);
