/** On SQLite, which tells how it would run a query without running it: no question may grow with the number of cases. */
import { CompiledQuery, sql, type KyselyPlugin, type RootOperationNode } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readEntries } from '../../../bff/ledger/entries.ts';
import { openStore, type Store } from '../../../bff/store/index.ts';
import { lookUp } from '../../../bff/where/look-up.ts';
import { handClock, silent, START } from '../support/fixtures.ts';

const key = { vendor: 'acme', tenant: 'clinic', environment: 'sandbox' };
let store: Store;
beforeAll(async () => {
  store = await openStore({ url: 'sqlite::memory:', clock: handClock(), log: silent });
});
afterAll(() => store.close());

/** How the database runs each query that `work` makes. */
async function plansOf(work: (db: Store['db']) => Promise<unknown>): Promise<string[]> {
  const nodes: { node: RootOperationNode; id: Parameters<KyselyPlugin['transformQuery']>[0]['queryId'] }[] = [];
  const listener: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      nodes.push({ node, id: queryId });
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  await work(store.db.withPlugin(listener));
  const plans: string[] = [];
  for (const { node, id } of nodes) {
    const query = store.db.getExecutor().compileQuery(node, id);
    const explained = CompiledQuery.raw(`explain query plan ${query.sql}`, [...query.parameters]);
    const { rows } = await store.db.executeQuery<{ detail: string }>(explained);
    plans.push(rows.map(({ detail }) => detail).join('; '));
  }
  return plans;
}

const where = (text: string | null, chart: string | null) => (db: Store['db']) => {
  const accounts = new Map([
    ['1017', 'A'],
    ['1023', 'B'],
  ]);
  return lookUp({ db, cases: { ...key, accountId: '1017' }, accounts, userId: 'u', text, chart, now: START });
};

/** Reads all cases of a clinic, all its requests, or all versions. */
const GROWING =
  /SCAN (scans|scan_requests|scan_versions)|SEARCH (scans|scan_requests|scan_versions) [^;]*(environment|account_id)=\?\)/;

it('sees a query that grows', async () => {
  const grows = (db: Store['db']) =>
    db
      .selectFrom('scans')
      .selectAll()
      .where('vendor', '=', 'acme')
      .where('tenant', '=', 'c')
      .where('environment', '=', 's')
      .where('account_id', '=', 'a')
      .where('doctor', '=', 'x')
      .execute();
  expect((await plansOf(grows))[0]).toMatch(GROWING);
  expect((await plansOf((db) => sql`select * from scans`.execute(db)))[0]).toMatch(GROWING);
});

it.each([
  ['a number', '123456789', null],
  ['a name', 'Ann Maria Beecham', null],
  ['a GUID', '00000000-0000-4000-8000-000000000000', null],
  ['a text of a bound session', 'Beecham', 'C-1'],
  ['nothing in a bound session', null, 'C-1'],
])('asking where by %s reads along indexes alone', async (_, text, chart) => {
  const plans = await plansOf(where(text, chart));
  expect(plans.length).toBeGreaterThan(1);
  expect(plans.filter((plan) => GROWING.test(plan))).toEqual([]);
});

it('a last name, which may have thousands of cases, is looked for from the newest on, and none of them is sorted', async () => {
  const [byStem] = (await plansOf(where('Beecham', null))).filter((plan) => plan.includes('stem=?'));
  expect(byStem).toMatch(/USING INDEX scans_stem/);
  expect(byStem).not.toMatch(/TEMP B-TREE/);
});

it.each([null, 'Beecham', 'Ann Beecham'])('a bound session reads its chart and what has an id: %s', async (text) => {
  const other =
    /SEARCH (scans|scan_requests) (?![^;]*(chart_number|request_chart|order_id|order_code|rx_id|[( ]id)=\?)/;
  const plans = await plansOf(where(text, 'C-1'));
  expect(plans.filter((plan) => other.test(plan))).toEqual([]);
});

it('a page of the ledger is read along its index, wherever it begins, and nothing is sorted', async () => {
  const [first, later] = await plansOf(async (db) => {
    await readEntries(db, key, { from: START, to: START }, null, 100);
    await readEntries(db, key, { from: null, to: null }, [START, '1017', '1', 'v'], 100);
  });
  for (const plan of [first, later]) {
    expect(plan).toMatch(/USING INDEX scan_versions_seen/);
    expect(plan).not.toMatch(/TEMP B-TREE|SCAN/);
  }
  expect(later).toMatch(/seen_at[^;]*</);
});
