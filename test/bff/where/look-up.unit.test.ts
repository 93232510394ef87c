import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UpstreamOrder } from '../../../bff/align/index.ts';
import { createEventLog } from '../../../bff/events/index.ts';
import { createMerge } from '../../../bff/scans/index.ts';
import { foldName } from '../../../bff/store/fold-name.ts';
import type { Store } from '../../../bff/store/index.ts';
import type { ConnectionRow, ScanRequestRow } from '../../../bff/store/schema.ts';
import { lookUp, type Found } from '../../../bff/where/look-up.ts';
import { addConnection, environment, handClock, openTestStore, order, START } from '../support/fixtures.ts';

const clock = handClock();
let store: Store;
let here: ConnectionRow;
let before: ConnectionRow;

beforeAll(async () => {
  store = await openTestStore(clock);
  before = await addConnection(store, { state: 'unpaired', account_name: 'East' });
  here = await addConnection(store, { tenant: before.tenant, account_name: 'Riverside' });
  await see(here, '1', { firstName: 'José', lastName: 'de Souza', chartNumber: 'C-1' });
  await see(here, '2', { firstName: 'Ann', lastName: 'Beecham', chartNumber: 'C-2' });
  await see(here, '3', { firstName: 'Ann', lastName: 'Beechma', chartNumber: '' });
  await see(before, '4', { firstName: 'Ann', lastName: 'Beecham', chartNumber: 'C-2' });
  const stranger = await addConnection(store, { account_id: '9' });
  await see(stranger, '5', { firstName: 'Ann', lastName: 'Beecham', chartNumber: 'C-2' });
  await addRequest(here, { id: 'rq_sent', rx_id: 'RX-Sent', chart_number: 'C-3' });
  await addRequest(before, { id: 'rq_east', rx_id: 'rx-east', chart_number: 'C-3', state: 'unconfirmed' });
});
afterAll(() => store.close());

function see(connection: ConnectionRow, orderId: string, patient: UpstreamOrder['patient'], modifiedAt = START) {
  const merge = createMerge({
    store,
    events: createEventLog({ store, clock }),
    connections: { noteVersionLearnt: () => Promise.resolve() },
    align: { environment },
    clock,
  });
  const seen = order(connection, { orderId, orderCode: `OC${orderId}`, rxId: `rx-${orderId}`, patient, modifiedAt });
  return merge.merge({ connection, order: seen, learntBy: 'poll' });
}

async function addRequest(connection: ConnectionRow, change: Partial<ScanRequestRow>): Promise<void> {
  const { vendor, tenant, environment: name, id, account_id } = connection;
  const row = {
    vendor,
    tenant,
    environment: name,
    connection_id: id,
    account_id,
    user_id: 'u',
    user_name: 'U',
    draft: '{}',
    procedure: 'P',
    created_at: START - 60_000,
    changed_at: START,
    id: 'rq',
    chart_number: 'C-3',
    first_name: 'Ann',
    last_name: 'Beecham',
    state: 'sent' as const,
    first_key: foldName('Ann'),
    last_key: foldName('Beecham'),
    ...change,
  };
  await store.write((tx) => tx.insertInto('scan_requests').values(row).execute());
}

function find(connection: ConnectionRow, text: string | null, chart: string | null = null): Promise<Found> {
  const { vendor, tenant, environment: name, account_id: accountId } = connection;
  const accounts = new Map([before, connection].map((row) => [row.account_id, row.account_name]));
  const cases = { vendor, tenant, environment: name, accountId };
  return lookUp({ db: store.db, cases, accounts, userId: 'u', text, chart, now: START });
}

async function look(text: string | null, chart: string | null = null) {
  const found = await find(here, text, chart);
  return {
    exact: found.exact.map((row) => row.order_id).sort(),
    similar: found.similar.map(({ row, request }) => [row.order_id, request?.id ?? null]),
    requests: found.requests.map((row) => row.id).sort(),
    guessed: [...found.guessed].sort(),
    elsewhere: found.elsewhere.map((one) => [one.orderId, one.accountName]),
  };
}

it.each([
  ['2', 'an order number'],
  ['oc2', 'an order code'],
  ['RX-2', 'an RX id'],
])('finds %s: %s', async (text) => {
  expect(await look(text)).toMatchObject({ exact: ['2'], elsewhere: [] });
});

it.each(['jose de souza', 'DE SOUZA', 'de Souza, José', 'de s'])('finds a name as people type it: %s', async (text) => {
  expect((await look(text)).exact).toEqual(['1']);
});

it('finds requests and cases by a name, and the one in the tray that may be meant, of this clinic alone', async () => {
  expect(await look('Ann Beecham')).toEqual({
    exact: ['2'],
    similar: [['3', 'rq_sent']],
    requests: ['rq_east', 'rq_sent'],
    guessed: [],
    elsewhere: [],
  });
});

it('says what is under another account of the clinic', async () => {
  expect(await look('4')).toMatchObject({ exact: [], elsewhere: [['4', 'East']] });
  expect(await look('5')).toMatchObject({ exact: [], elsewhere: [] });
});

it('finds a request by its RX id in any case, and by its chart number as it is written, else in other case', async () => {
  expect((await look('RX-EAST')).requests).toEqual(['rq_east']);
  expect((await look('C-3')).requests).toEqual(['rq_east', 'rq_sent']);
  expect((await look('c-3')).requests).toEqual(['rq_east', 'rq_sent']);
  expect((await look('c-3', 'C-1')).requests).toEqual([]);
});

it('is filtered by the chart of a bound session, whatever is typed', async () => {
  const nothing = { exact: [], similar: [], requests: [], guessed: [], elsewhere: [] };
  for (const text of ['2', 'OC2', 'rx-2', 'Ann Beecham', 'C-2', '3', '4', 'rx-sent']) {
    expect(await look(text, 'C-1'), text).toEqual(nothing);
  }
  expect(await look('Beecham', 'C-2')).toEqual({ ...nothing, exact: ['2'] });
  expect(await look(null, 'C-1')).toEqual({ ...nothing, exact: ['1'] });
  expect(await look(null, 'C-3')).toEqual({ ...nothing, requests: ['rq_east', 'rq_sent'] });
});

it.each(['Jose de Suza', 'de Suoza, José', 'jose de sousa'])(
  'finds a full name with a slip in one word: %s',
  async (text) => {
    expect((await look(text)).similar).toEqual([['1', null]]);
  },
);

it('takes a similar name for a request only where nothing is known under what was typed', async () => {
  await addRequest(here, { id: 'rq_meyer', rx_id: 'rx-m', chart_number: 'C-8', last_name: 'Meyer', last_key: 'meyer' });
  for (let index = 0; index < 25; index += 1) {
    const change = { id: `rq_meier${index}`, rx_id: `rx-m${index}`, chart_number: `C-9${index}`, created_at: START };
    await addRequest(here, { ...change, last_name: 'Meier', last_key: 'meier' });
  }
  expect(await look('Meyer')).toMatchObject({ requests: ['rq_meyer'], guessed: [] });
  const { requests, guessed } = await look('Meyerr');
  expect(requests).toContain('rq_meyer');
  expect(guessed).toEqual(requests);
});

describe('where a name has more cases than are read', () => {
  const SMITHS = 130;
  const JONESES = 25;
  const later = START + 3_600_000;
  let crowd: ConnectionRow;

  beforeAll(async () => {
    crowd = await addConnection(store);
    const charts = { chart_number: 'R-1', first_name: 'P5', last_name: 'Smith', first_key: 'p5', last_key: 'smith' };
    await addRequest(crowd, { ...charts, id: 'rq_other', rx_id: 'rx-1005' });
    for (let n = 0; n < SMITHS; n += 1) await add(1000 + n, `P${n}`, 'Smith', `S-${n}`, START + n * 1000);
    for (let n = 0; n < JONESES; n += 1) {
      await add(2000 + n, 'Ann', 'Jones', `J-${n}`, START + n * 1000);
      const jones = { chart_number: `J-${n}`, last_name: 'Jones', last_key: 'jones', created_at: START + n };
      await addRequest(crowd, { ...jones, id: `rq_jones${n}`, rx_id: `rx-${n}`, state: 'cancelled' });
    }
    // Newer ones whose last name only begins alike.
    for (let n = 0; n < 120; n += 1) await add(3000 + n, 'Eva', 'Jonas', `K-${n}`, later + n);
    await add(4000, 'Eva', 'Maiden', 'M-1', START);
    for (let n = 0; n < 30; n += 1) await add(4001 + n, 'Eva', 'Married', 'M-1', later + n);
  });

  const add = (id: number, firstName: string, lastName: string, chartNumber: string, modifiedAt: number) =>
    see(crowd, String(id), { firstName, lastName, chartNumber }, modifiedAt);
  const ordersOf = async (text: string, chart?: string): Promise<string[]> =>
    (await find(crowd, text, chart)).exact.map((row) => row.order_id);

  it.each([
    ['Smith', 'S', 1000, SMITHS],
    ['Jones', 'J', 2000, JONESES],
    ['Ann Jones', 'J', 2000, JONESES],
  ])('a bound session finds its own patient, whoever else has the name: %s', async (text, letter, first, count) => {
    for (let n = 0; n < count; n += 1) {
      const chart = `${letter}-${n}`;
      expect(await ordersOf(text, chart), chart).toEqual([String(first + n)]);
    }
  });

  it.each(['Smith', 'P5 Smith', 'R-1', 's-5'])(
    'a bound session finds what was requested for its patient and stands under another chart number: %s',
    async (text) => {
      expect(await ordersOf(text, 'R-1')).toEqual(['1005']);
    },
  );

  it('a bound session finds an older case of its patient under a former name', async () => {
    expect(await ordersOf('Maiden', 'M-1')).toEqual(['4000']);
  });

  it.each([
    ['a full name', 'Ann Jones', 2000 + JONESES - 1],
    ['a full name, last name first', 'Jones, Ann', 2000 + JONESES - 1],
    ['a last name', 'Jones', 2000 + JONESES - 1],
    ['a last name', 'Smith', 1000 + SMITHS - 1],
    ['the beginning of a last name', 'Jone', 2000 + JONESES - 1],
  ])('the newest of %s are found: %s', async (_, text, newest) => {
    expect(await ordersOf(text)).toEqual(Array.from({ length: 20 }, (__, index) => String(newest - index)));
  });

  it.each(['Ann Jones', 'Jones'])('the newest requests of a name are found: %s', async (text) => {
    const { requests } = await find(crowd, text);
    expect(requests.map(({ id }) => id)).toEqual(
      Array.from({ length: 20 }, (_, index) => `rq_jones${JONESES - 1 - index}`),
    );
  });
});
