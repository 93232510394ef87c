/** A version that was shown before is upstream's present one again: not announced twice, and nothing of it lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventLog } from '../../../bff/events/index.ts';
import { createMerge, type Merge } from '../../../bff/scans/merge.ts';
import { markRead } from '../../../bff/scans/read-marks.ts';
import { searchScans } from '../../../bff/scans/search.ts';
import type { Store } from '../../../bff/store/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { LEARNT_BY, type LearntBy } from '../../../shared/scan.ts';
import fc from '../../support/fast-check.ts';
import { addConnection, asset, environment, handClock, openTestStore, order, START } from '../support/fixtures.ts';
import { requestRow } from './request-row.ts';

const clock = handClock();
let store: Store;
let merge: Merge;
beforeAll(async () => {
  store = await openTestStore(clock);
  const connections = { noteVersionLearnt: () => Promise.resolve() };
  merge = createMerge({ store, events: createEventLog({ store, clock }), connections, align: { environment }, clock });
});
afterAll(() => store.close());

interface Seen {
  /** Tells the versions apart; nothing tells which is older. */
  readonly size: number;
  readonly chart?: string;
  readonly rxId?: string;
  readonly learntBy?: LearntBy;
}

function see(connection: ConnectionRow, { size, chart = 'C-1', rxId, learntBy = 'notification' }: Seen) {
  clock.set(clock.now() + 1000);
  const observed = order(connection, {
    rxId: rxId ?? null,
    assets: [asset('ide', START, size), asset('gallery')],
    patient: { firstName: 'Ann', lastName: 'Bee', chartNumber: chart },
  });
  return merge.merge({ connection, order: observed, learntBy, backfill: learntBy === 'backfill' });
}

async function eventsOf({ tenant }: ConnectionRow): Promise<string[]> {
  const rows = await store.db
    .selectFrom('events')
    .select(['type', 'charts'])
    .where('tenant', '=', tenant)
    .orderBy('id')
    .execute();
  return rows.map(({ type, charts }) => `${type} ${charts}`);
}

const scanOf = ({ tenant }: ConnectionRow) =>
  store.db.selectFrom('scans').selectAll().where('tenant', '=', tenant).executeTakeFirst();
const versionsOf = ({ tenant }: ConnectionRow) =>
  store.db.selectFrom('scan_versions').selectAll().where('tenant', '=', tenant).execute();

describe('a version that returns', () => {
  it('is not told again for the same patient', async () => {
    const connection = await addConnection(store);
    await see(connection, { size: 1 });
    await see(connection, { size: 2 });
    expect(await see(connection, { size: 1 })).toMatchObject({ outcome: 'none' });
    expect(await eventsOf(connection)).toEqual(['scan.received ["C-1"]', 'scan.updated ["C-1"]']);
    expect(await scanOf(connection)).toMatchObject({ version_number: 1 });
  });

  it('is told under another patient, to the clinic and that patient, and to the one it left', async () => {
    const connection = await addConnection(store);
    await see(connection, { size: 1 });
    await see(connection, { size: 2 });
    expect(await see(connection, { size: 1, chart: 'C-2' })).toMatchObject({ outcome: 'updated' });
    expect((await eventsOf(connection)).slice(2)).toEqual(['scan.updated ["C-2"]', 'scan.removed ["C-1"]']);
  });

  it('is told when it answers a request that what was shown did not', async () => {
    const connection = await addConnection(store);
    await see(connection, { size: 1, rxId: 'rx-1' });
    await see(connection, { size: 2, rxId: 'rx-1' });
    const request = requestRow(connection, { chart_number: 'C-9' });
    await store.write((tx) => tx.insertInto('scan_requests').values(request).execute());
    expect(await see(connection, { size: 1, rxId: 'rx-1' })).toMatchObject({ outcome: 'updated' });
    expect((await eventsOf(connection)).slice(2)).toEqual(['scan.updated ["C-1","C-9"]']);
  });

  it.each([
    ['the first listing', 'backfill', 1],
    ['a notification', 'notification', 0],
  ] as const)('is as it was when %s brought it, whoever finds it again', async (_, learntBy, backfilled) => {
    const connection = await addConnection(store);
    await see(connection, { size: 1, learntBy });
    const seenAt = clock.now();
    await see(connection, { size: 2, learntBy: 'recheck' });
    await see(connection, { size: 1, learntBy: 'poll' });
    expect(await scanOf(connection)).toMatchObject({ learnt_by: learntBy, backfilled, seen_at: seenAt });
  });
});

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('see' as const),
      size: fc.integer({ min: 1, max: 3 }),
      chart: fc.constantFrom('', 'A', 'B'),
      learntBy: fc.constantFrom(...LEARNT_BY),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('mark' as const),
      which: fc.nat(),
      user: fc.constantFrom('u1', 'u2'),
      read: fc.boolean(),
    }),
  },
);

describe('versions that come and go', () => {
  it('are shown as the ledger has them, counted as counting gives, and every change of the chart is told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 20 }), async (steps) => {
        const connection = await addConnection(store);
        const { vendor, tenant, environment: name, account_id: accountId } = connection;
        for (const one of steps) {
          const before = await scanOf(connection);
          const versions = await versionsOf(connection);
          if (one.do === 'mark') {
            const marked = versions[one.which % Math.max(1, versions.length)];
            if (before === undefined || marked === undefined) continue;
            const { user: userId, read } = one;
            await markRead(store, clock, { scan: before, userId, version: marked.version, read });
            continue;
          }
          const told = await eventsOf(connection);
          await see(connection, one);
          const scan = await scanOf(connection);
          const isSilent = (await versionsOf(connection)).length > versions.length && one.learntBy === 'backfill';
          if (scan?.chart_number !== before?.chart_number && !isSilent) {
            const charts = one.chart === '' ? '[]' : `["${one.chart}"]`;
            const news = (await eventsOf(connection)).slice(told.length);
            expect(news[0]).toMatch(/^scan\.(received|updated) /);
            expect(news[0]).toContain(charts);
          }
        }
        const scan = await scanOf(connection);
        const shown = (await versionsOf(connection)).find(({ version }) => version === scan?.version);
        expect([scan?.learnt_by, scan?.seen_at, scan?.version_number]).toEqual([
          shown?.learnt_by,
          shown?.seen_at,
          shown?.number,
        ]);
        for (const userId of ['u1', 'u2']) {
          const cases = { vendor, tenant, environment: name, accountId };
          const found = await searchScans(store.db, { cases, userId, boundChart: null, filter: {} });
          expect(found.unread).toBe(found.rows.filter((row) => (row.read ?? row.backfilled) === 0).length);
        }
      }),
      { numRuns: 25 },
    );
  });
});
