import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventLog } from '../../../bff/events/index.ts';
import { createLedgerSummary, isBehind } from '../../../bff/ledger/summary.ts';
import { createMerge, createRechecks, type Merge, type Rechecks } from '../../../bff/scans/index.ts';
import type { Store } from '../../../bff/store/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { LEARNT_BY, type LearntBy, type Phase } from '../../../shared/scan.ts';
import fc from '../../support/fast-check.ts';
import {
  addConnection,
  asset,
  connectionRow,
  environment,
  handClock,
  openTestStore,
  order,
  START,
  TIMINGS,
} from '../support/fixtures.ts';

const PHASE_OF: Readonly<Record<string, Phase>> = {
  'iTero Modeling': 'modeling',
  'iTero Milling': 'milling',
  'Lab Review': 'review',
  Scanning: 'rescan',
};

const clock = handClock();
let store: Store;
let merge: Merge;
let rechecks: Rechecks;
const learnt: LearntBy[] = [];

beforeAll(async () => {
  store = await openTestStore(clock);
  const events = createEventLog({ store, clock });
  const connections = {
    noteVersionLearnt: (_tx: unknown, _id: string, by: LearntBy) => {
      learnt.push(by);
      return Promise.resolve();
    },
  };
  merge = createMerge({ store, events, connections, align: { environment }, clock });
  rechecks = createRechecks({ store, events, align: { environment } });
});
afterAll(() => store.close());

const sumUp = (connection: ConnectionRow) => createLedgerSummary({ store, align: { environment }, clock })(connection);

async function notify(connection: ConnectionRow, rxId: string, state: 'waiting' | 'done' = 'waiting'): Promise<void> {
  const { vendor, tenant, environment: name, id } = connection;
  const row = { vendor, tenant, environment: name, connection_id: id, rx_id: rxId, received_at: clock.now(), state };
  await store.write((tx) =>
    tx
      .insertInto('hints')
      .values({ ...row, attempts: 0, next_at: 0, outcome: null })
      .execute(),
  );
}

/** Merges one state of a case, `minute` by `minute` newer. */
function see(
  connection: ConnectionRow,
  learntBy: LearntBy,
  of: { rx?: string; status?: string; minute?: number; ide?: boolean } = {},
) {
  const { rx = 'rx-1', status = 'Completed', minute = 0, ide = true } = of;
  const modifiedAt = START + minute * 60_000;
  const assets = [asset('gallery', modifiedAt), ...(ide ? [asset('ide', modifiedAt)] : [])];
  const orderId = rx.replace(/\D/g, '');
  const seen = order(connection, {
    orderId,
    rxId: rx,
    status,
    phase: PHASE_OF[status] ?? 'scanned',
    modifiedAt,
    assets,
  });
  return merge.merge({ connection, order: seen, learntBy });
}

/** Counted anew from what is kept of each version, by the words of shared/ledger. */
async function recount(connection: ConnectionRow) {
  const versions = await store.db
    .selectFrom('scan_versions')
    .selectAll()
    .where('tenant', '=', connection.tenant)
    .where('account_id', '=', connection.account_id)
    .execute();
  const cases = Map.groupBy(versions, (row) => row.order_id);
  const sum = { cases: cases.size, byNotification: 0, recovered: 0, backfilled: 0 };
  for (const rows of cases.values()) {
    const own = rows.filter(
      ({ learnt_by, notified_at }) => (learnt_by === 'poll' || learnt_by === 'recheck') && notified_at === null,
    );
    const told = rows.some(({ learnt_by, notified_at }) => learnt_by === 'notification' || notified_at !== null);
    const due = own.some(({ number, phase }) => number === 1 || ['scanned', 'review', 'other'].includes(phase));
    if (due) sum.recovered += 1;
    else if (told) sum.byNotification += 1;
    else sum.backfilled += 1;
  }
  const waiting = await store.db
    .selectFrom('scans')
    .select('order_id')
    .where('tenant', '=', connection.tenant)
    .where('account_id', '=', connection.account_id)
    .where('missing_since', 'is not', null)
    .execute();
  return { ...sum, waiting: waiting.length };
}

describe('the sum of an account', () => {
  it('counts each case once, and adds up', async () => {
    const connection = await addConnection(store);
    await see(connection, 'notification', { rx: 'rx-1' });
    await see(connection, 'notification', { rx: 'rx-1', status: 'Lab Review', minute: 1 });
    await see(connection, 'poll', { rx: 'rx-2' });
    await see(connection, 'notification', { rx: 'rx-2', status: 'Lab Review', minute: 1 });
    await see(connection, 'backfill', { rx: 'rx-3' });
    await see(connection, 'recheck', { rx: 'rx-4', ide: false });
    expect(await sumUp(connection)).toMatchObject({
      cases: 4,
      byNotification: 1,
      recovered: 2,
      backfilled: 1,
      waiting: 1,
    });
  });

  it.each([
    ['iTero Modeling', 'byNotification'],
    ['Scanning', 'byNotification'],
    ['iTero Milling', 'byNotification'],
    ['Lab Review', 'recovered'],
  ] as const)('a step %s that only a poll told leaves a notified case as %s: align-api §6', async (status, as) => {
    const connection = await addConnection(store);
    await see(connection, 'notification');
    await see(connection, 'poll', { status, minute: 1 });
    expect(await sumUp(connection)).toMatchObject({ cases: 1, byNotification: 0, recovered: 0, [as]: 1 });
  });

  it('a case that was first seen in modeling is recovered: its first notification was missed', async () => {
    const connection = await addConnection(store);
    await see(connection, 'poll', { status: 'iTero Modeling' });
    expect(await sumUp(connection)).toMatchObject({ cases: 1, recovered: 1 });
  });

  it('history that a notification told of later is by notification', async () => {
    const connection = await addConnection(store);
    await see(connection, 'backfill');
    await see(connection, 'notification', { status: 'Lab Review', minute: 1 });
    expect(await sumUp(connection)).toMatchObject({ cases: 1, byNotification: 1, backfilled: 0 });
  });

  it('a poll that is faster than the notification on disk recovers nothing, and says nothing against the callback', async () => {
    const connection = await addConnection(store);
    clock.set(START + 5000);
    await notify(connection, 'rx-1');
    clock.set(START + 6000);
    learnt.length = 0;
    await see(connection, 'poll');
    expect(await sumUp(connection)).toMatchObject({ cases: 1, byNotification: 1, recovered: 0, pending: 1 });
    expect(learnt).toEqual(['notification']);
    const [version] = await store.db
      .selectFrom('scan_versions')
      .selectAll()
      .where('tenant', '=', connection.tenant)
      .execute();
    expect(version).toMatchObject({ learnt_by: 'poll', notified_at: START + 5000, seen_at: START + 6000 });
  });

  it.each([
    [
      'that comes after it was seen',
      async (connection: ConnectionRow) => {
        await see(connection, 'poll');
        await notify(connection, 'rx-1');
        await see(connection, 'notification');
      },
    ],
    [
      'that was worked off before',
      async (connection: ConnectionRow) => {
        await notify(connection, 'rx-1', 'done');
        await see(connection, 'poll');
      },
    ],
    [
      'of another case',
      async (connection: ConnectionRow) => {
        await notify(connection, 'rx-7');
        await see(connection, 'poll');
      },
    ],
    [
      'to another connection',
      async (connection: ConnectionRow) => {
        await notify(connectionRow({ tenant: connection.tenant }), 'rx-1');
        await see(connection, 'poll');
      },
    ],
  ])('a notification %s takes nothing back: recovered stays recovered', async (_, day) => {
    const connection = await addConnection(store);
    await day(connection);
    expect(await sumUp(connection)).toMatchObject({ cases: 1, byNotification: 0, recovered: 1 });
  });

  it('is due when its newest file was, where upstream leaves the order’s own time as it was', async () => {
    const connection = await addConnection(store);
    const late = asset('ide', START + 90_000);
    await merge.merge({
      connection,
      order: order(connection, { assets: [asset('gallery'), late] }),
      learntBy: 'recheck',
    });
    const [version] = await store.db
      .selectFrom('scan_versions')
      .selectAll()
      .where('tenant', '=', connection.tenant)
      .execute();
    expect(version).toMatchObject({ due_at: START + 90_000, modified_at: START });
  });
});

const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('see' as const),
      learntBy: fc.constantFrom(...LEARNT_BY),
      rx: fc.constantFrom('rx-1', 'rx-2', 'rx-3'),
      status: fc.constantFrom('Completed', 'iTero Modeling', 'Lab Review', 'Scanning'),
      minute: fc.integer({ min: 0, max: 6 }),
      ide: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('notify' as const), rx: fc.constantFrom('rx-1', 'rx-2', 'rx-3') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('work off' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('look again' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('re-pair' as const), other: fc.boolean() }) },
);

describe('the kept counts', () => {
  it('are what a recount of the versions gives, after any merges, notifications, looks, un-pairs and re-pairs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 25 }), async (acts) => {
        let connection = await addConnection(store);
        const accounts = [connection];
        for (const one of acts) {
          clock.set(clock.now() + 1000);
          switch (one.do) {
            case 'see':
              await see(connection, one.learntBy, one);
              break;
            case 'notify':
              await notify(connection, one.rx);
              break;
            case 'work off':
              await store.write((tx) =>
                tx.updateTable('hints').set({ state: 'done' }).where('connection_id', '=', connection.id).execute(),
              );
              break;
            case 'look again': {
              const due = await rechecks.due('sandbox', clock.now() + 1e9, 100);
              for (const scan of due.filter(({ tenant }) => tenant === connection.tenant))
                await rechecks.noteStillMissing(scan);
              break;
            }
            case 're-pair': {
              const { id, vendor, tenant, account_id } = connection;
              await store.write((tx) =>
                tx.updateTable('connections').set({ state: 'unpaired' }).where('id', '=', id).execute(),
              );
              connection = await addConnection(store, { vendor, tenant, ...(!one.other && { account_id }) });
              accounts.push(connection);
              break;
            }
            default:
              throw new Error(String(one satisfies never));
          }
        }
        for (const account of accounts) {
          const { cases, byNotification, recovered, backfilled, waiting } = await sumUp(account);
          expect({ cases, byNotification, recovered, backfilled, waiting }).toEqual(await recount(account));
          expect(byNotification + recovered + backfilled).toBe(cases);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('an account is behind', () => {
  it.each([
    ['not while its first listing, which may be long, is under way', { state: 'paired', checked: null }, false],
    ['when its last check is still to come: the clock was set back', { state: 'paired', checked: -400_000 }, true],
    ['not while the last complete listing is younger than two rounds', { state: 'paired', checked: 311_999 }, false],
    ['when two rounds have brought none', { state: 'paired', checked: 312_001 }, true],
    ['also when it was lost: cases may be there that nobody learns of', { state: 'lost', checked: 400_000 }, true],
    ['not after an un-pair here', { state: 'unpaired', checked: null }, false],
  ] as const)('%s', (_, { state, checked }, behind) => {
    const last_full_check_at = checked === null ? null : START - checked;
    const row = { state, last_full_check_at, last_pair_at: START - 900_000 };
    expect(isBehind(row, START, TIMINGS)).toBe(behind);
  });

  it('when its first listing has not come to its end within an hour', () => {
    const row = { state: 'paired', last_full_check_at: null, last_pair_at: START - 3_600_001 } as const;
    expect(isBehind(row, START, TIMINGS)).toBe(true);
  });

  it('not while one that was just connected again has its first listing before it', () => {
    const row = { state: 'paired', last_full_check_at: START - 9_000_000 } as const;
    expect(isBehind({ ...row, last_pair_at: START - 300_000 }, START, TIMINGS)).toBe(false);
    expect(isBehind({ ...row, last_pair_at: START - 313_000 }, START, TIMINGS)).toBe(true);
  });

  it('no sooner because its rounds rest between their pages', () => {
    const row = { state: 'paired', last_full_check_at: START - 600_000, last_pair_at: START - 900_000 } as const;
    expect(isBehind(row, START, { ...TIMINGS, pageSpacing: 120_000 })).toBe(false);
    expect(isBehind({ ...row, last_full_check_at: START - 793_000 }, START, { ...TIMINGS, pageSpacing: 120_000 })).toBe(
      true,
    );
  });
});
