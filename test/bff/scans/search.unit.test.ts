import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventLog } from '../../../bff/events/index.ts';
import { ProblemError } from '../../../bff/http/problem-error.ts';
import { countCases } from '../../../bff/scans/count-cases.ts';
import { createMerge, type Merge } from '../../../bff/scans/merge.ts';
import { markRead } from '../../../bff/scans/read-marks.ts';
import { pageQuery, searchScans } from '../../../bff/scans/search.ts';
import type { Store } from '../../../bff/store/index.ts';
import { noteKnownChart } from '../../../bff/store/known-charts.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import type { SearchScans } from '../../../shared/scan.ts';
import fc from '../../support/fast-check.ts';
import { addConnection, asset, environment, handClock, openTestStore, order, START } from '../support/fixtures.ts';
import { onPostgres } from '../../support/test-store.ts';
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

const casesOf = ({ vendor, tenant, environment: name, account_id }: ConnectionRow) => ({
  vendor,
  tenant,
  environment: name,
  accountId: account_id,
});
const search = (connection: ConnectionRow, filter: SearchScans = {}, boundChart: string | null = null, userId = 'u1') =>
  searchScans(store.db, { cases: casesOf(connection), userId, boundChart, filter });

async function all(connection: ConnectionRow, filter: SearchScans, boundChart: string | null = null) {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await search(connection, { ...filter, ...(cursor !== undefined && { cursor }) }, boundChart);
    found.push(...page.rows.map((row) => row.order_id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

const change = fc.record({
  kind: fc.constantFrom('merge', 'backfill', 'read', 'unread', 'known'),
  order: fc.integer({ min: 1, max: 5 }),
  version: fc.integer({ min: 0, max: 3 }),
  chart: fc.constantFrom('', 'A', 'B'),
  user: fc.constantFrom('u1', 'u2'),
});

describe('the kept counts', () => {
  it('equal what counting would give, after any history of versions, marks and charts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 40 }), async (changes) => {
        const connection = await addConnection(store);
        for (const { kind, order: number, version, chart, user } of changes) {
          const orderId = String(number);
          if (kind === 'known') {
            if (chart !== '') await store.write((tx) => noteKnownChart(tx, connection, chart, clock.now()));
          } else if (kind === 'merge' || kind === 'backfill') {
            const patient = { firstName: 'A', lastName: 'B', chartNumber: chart };
            const observed = order(connection, { orderId, modifiedAt: START + version, patient });
            await merge.merge({ connection, order: observed, learntBy: 'poll', backfill: kind === 'backfill' });
          } else {
            const scan = await store.db
              .selectFrom('scans')
              .selectAll()
              .where('tenant', '=', connection.tenant)
              .where('order_id', '=', orderId)
              .executeTakeFirst();
            if (scan === undefined) continue;
            const { version: marked } = await store.db
              .selectFrom('scan_versions')
              .select('version')
              .where('tenant', '=', connection.tenant)
              .where('order_id', '=', orderId)
              .orderBy('number', version > 1 ? 'desc' : 'asc')
              .executeTakeFirstOrThrow();
            await markRead(store, clock, { scan, userId: user, version: marked, read: kind === 'read' });
          }
        }
        for (const user of ['u1', 'u2']) {
          const { rows, ...counts } = await search(connection, {}, null, user);
          expect(counts).toEqual({
            nextCursor: null,
            total: rows.length,
            unread: rows.filter((row) => (row.read ?? row.backfilled) === 0).length,
            unmatched: rows.filter((row) => row.unmatched === 1).length,
          });
          const unread = await search(connection, { status: 'unread' }, null, user);
          expect(unread.rows.map((row) => row.order_id)).toEqual(
            rows.filter((row) => (row.read ?? row.backfilled) === 0).map((row) => row.order_id),
          );
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a page', () => {
  it('follows the other without a gap or a repetition, newest first, whatever its size', async () => {
    const connection = await addConnection(store);
    for (let index = 0; index < 23; index += 1) {
      // Many share their time of modification.
      const observed = order(connection, { orderId: String(300 + index), modifiedAt: START + Math.floor(index / 5) });
      await merge.merge({ connection, order: observed, learntBy: 'poll' });
    }
    const whole = await all(connection, { limit: 200 });
    expect(whole).toHaveLength(23);
    for (const limit of [1, 5, 22, 23]) expect(await all(connection, { limit })).toEqual(whole);
  });

  it.each(['garbage', '', Buffer.from('[1,"x",2]').toString('base64url'), Buffer.from('{}').toString('base64url')])(
    'is refused for the cursor %j',
    async (cursor) => {
      const connection = await addConnection(store);
      await expect(search(connection, { cursor })).rejects.toThrow(ProblemError);
    },
  );

  it('is refused for the cursor of another filter', async () => {
    const connection = await addConnection(store);
    for (const orderId of ['1', '2']) {
      await merge.merge({ connection, order: order(connection, { orderId }), learntBy: 'poll' });
    }
    const { nextCursor } = await search(connection, { limit: 1 });
    expect(nextCursor).not.toBeNull();
    await expect(search(connection, { limit: 1, status: 'unread', cursor: nextCursor ?? '' })).rejects.toThrow(
      'invalid_cursor',
    );
  });
});

describe('whose scan it is', () => {
  it('is decided by the exact chart number, or by the request that was sent for it', async () => {
    const connection = await addConnection(store);
    await store.write((tx) => tx.insertInto('scan_requests').values(requestRow(connection)).execute());
    const charts = ['C-1', 'c-1', 'C-1 ', 'C-2', ''];
    for (const [index, chartNumber] of charts.entries()) {
      const patient = { firstName: 'Ann', lastName: 'Bee', chartNumber };
      const observed = order(connection, {
        orderId: String(index),
        patient,
        rxId: chartNumber === 'C-2' ? 'rx-1' : null,
      });
      await merge.merge({ connection, order: observed, learntBy: 'poll' });
    }
    expect((await all(connection, {}, 'C-1')).sort()).toEqual(['0', '3']);
    expect(await countCases(store.db, casesOf(connection), 'u1', 'C-1')).toEqual({ total: 2, unread: 2, unmatched: 0 });
    expect((await all(connection, { chartNumber: 'C-1' })).sort()).toEqual(['0', '3']);
    expect((await all(connection, { status: 'unmatched' })).sort()).toEqual(['1', '2', '4']);
  });

  it('does not pass to another account of the clinic, nor to another clinic', async () => {
    const connection = await addConnection(store);
    await merge.merge({ connection, order: order(connection), learntBy: 'poll' });
    expect(await all({ ...connection, account_id: 'other' }, {})).toEqual([]);
    expect(await all({ ...connection, tenant: 'other' }, {})).toEqual([]);
    expect(await all({ ...connection, vendor: 'other' }, {})).toEqual([]);
    expect(await all({ ...connection, environment: 'other' }, {})).toEqual([]);
  });
});

describe('filters', () => {
  it('find what waits for a file, a phase, and a time', async () => {
    const connection = await addConnection(store);
    const put = (orderId: string, change: Parameters<typeof order>[1]) =>
      merge.merge({ connection, order: order(connection, { orderId, ...change }), learntBy: 'poll' });
    await put('1', {});
    await put('2', { assets: [asset('gallery')], modifiedAt: START + 1000 });
    await put('3', { phase: 'review', status: 'Lab Review', modifiedAt: START + 2000 });
    expect(await all(connection, { status: 'waiting' })).toEqual(['2']);
    expect(await all(connection, { status: 'review' })).toEqual(['3']);
    const at = (ms: number) => new Date(START + ms).toISOString();
    expect(await all(connection, { from: at(500) })).toEqual(['3', '2']);
    expect(await all(connection, { from: at(500), to: at(1500) })).toEqual(['2']);
  });
});

describe('the cost of a page', () => {
  const plan = async (filter: SearchScans, chart: string | null = null) => {
    const connection = onPostgres ? await manyCases() : await addConnection(store);
    const cases = casesOf(connection);
    let query = pageQuery(store.db, cases, 'u1', filter, { modifiedAt: START, orderId: '5' }, 51);
    if (chart !== null) query = query.where('scans.chart_number', '=', chart);
    if (!onPostgres) {
      const rows = await query.explain(undefined, sql`query plan`);
      return rows.map((row) => String(row['detail'])).join('; ');
    }
    const rows = await store.db.executeQuery<Record<string, string>>(sql`explain ${query}`.compile(store.db));
    return rows.rows
      .map((row) => row['QUERY PLAN'] ?? '')
      .join('; ')
      .replaceAll(/Index Scan (?:Backward )?using (\w+) on scans/g, 'SEARCH scans USING INDEX $1')
      .replaceAll('Sort Key', 'TEMP B-TREE');
  };

  let many: Promise<ConnectionRow> | undefined;

  /** PostgreSQL plans by what is there: of a few rows it would read all. */
  function manyCases(): Promise<ConnectionRow> {
    many ??= (async () => {
      const connection = await addConnection(store);
      await merge.merge({ connection, order: order(connection, { orderId: '1' }), learntBy: 'poll' });
      await store.write(async (tx) => {
        await sql`insert into scans select (jsonb_populate_record(s, jsonb_build_object('order_id', n::text,
          'modified_at', ${START}::bigint - n, 'chart_number', 'C-' || n % 500, 'unmatched', (n % 50 = 0)::int,
          'missing_since', case when n % 90 = 0 then 1 end, 'phase', case when n % 70 = 0 then 'review' else phase end))).*
          from scans s, generate_series(1000, 9000) n where s.account_id = ${connection.account_id}`.execute(tx);
        await sql`analyze scans`.execute(tx);
      });
      return connection;
    })();
    return many;
  }

  it.each(['all', 'unread', 'unmatched', 'waiting', 'review'] as const)(
    '%s goes along one index, sorted already',
    async (status) => {
      const text = await plan({ status });
      expect(text).toMatch(/SEARCH scans USING INDEX scans_/);
      expect(text).not.toContain('TEMP B-TREE');
    },
  );

  it('a patient’s goes along the patient’s cases', async () => {
    expect(await plan({}, 'C-1')).toContain('SEARCH scans USING INDEX scans_chart');
  });
});
