import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ADAMS,
  LOPEZ,
  call,
  orderOf,
  pairAs,
  scanRx,
  sendRx,
  startAlign,
  startCallback,
} from './support/practice-system.ts';
import type { Order, Simulated } from './support/practice-system.ts';
import type { FlowEvent } from '../../demo/align-cloud/case-flow.ts';
import type { AlignCloud } from '../../demo/align-cloud/index.ts';

let simulated: Simulated;
let align: AlignCloud;
let token: string;
beforeEach(async () => {
  simulated = await startAlign({ startAt: Date.parse('2026-11-20T08:00:00Z') });
  align = simulated.align;
  token = await pairAs(align, ADAMS, 1017);
});
afterEach(() => align.close());

const list = (query: Record<string, string> = {}) => call(align, 'getOrders', { token, query });
const ids = (body: Record<string, unknown>): number[] => (body['orders'] as Order[]).map(({ orderId }) => orderId);

async function takeScans(count: number): Promise<number[]> {
  const made: number[] = [];
  for (let index = 1; index <= count; index += 1) {
    const patient = { firstName: 'Pat', lastName: 'Ient', chartNumber: `C-${index % 2}` };
    made.push(await scanRx(align, await sendRx(align, token, { patient })));
    await align.clock.advance(60_000);
  }
  return made;
}

describe('get orders', () => {
  test('gives the oldest modification first, in pages', async () => {
    const made = await takeScans(5);
    const first = await list({ page: '1', pageSize: '2' });
    expect(first.body).toMatchObject({ page: 1, pageSize: 2, total: 5 });
    expect(ids(first.body)).toEqual(made.slice(0, 2));
    expect(ids((await list({ page: '3', pageSize: '2' })).body)).toEqual(made.slice(4));
    expect(ids((await list({ page: '4', pageSize: '2' })).body)).toEqual([]);
  });

  test('moves a case to the end when it is modified, while its id stays', async () => {
    const made = await takeScans(3);
    align.perform({ do: 'move', orderId: made[0]!, event: 'sent-to-modeling' });
    expect(ids((await list()).body)).toEqual([made[1], made[2], made[0]]);
  });

  test('may answer smaller pages than asked, and says so', async () => {
    const made = await takeScans(3);
    align.flags.maxPageSize = 2;
    const { body } = await list({ pageSize: '100' });
    expect(body).toMatchObject({ pageSize: 2, total: 3 });
    expect(ids(body)).toEqual(made.slice(0, 2));
  });

  test('filters by modification, both ends included, and by exact chart number', async () => {
    const made = await takeScans(4);
    const at = (minute: number): string => new Date(Date.parse('2026-11-20T08:00:00Z') + minute * 60_000).toISOString();
    expect(ids((await list({ fromDate: at(1), toDate: at(2) })).body)).toEqual([made[1], made[2]]);
    expect(ids((await list({ chartNumber: 'C-0' })).body)).toEqual([made[1], made[3]]);
    expect(ids((await list({ chartNumber: 'c-0' })).body)).toEqual([]);
  });

  test.each([
    { page: '0' },
    { pageSize: '101' },
    { pageSize: 'x' },
    { fromDate: 'yesterday' },
    { status: 'Completed' },
  ])('refuses the query %o', async (query) => {
    const answer = await list(query);
    expect(answer.status).toBe(422);
    expect(Object.keys(answer.body['fields'] as object)).toEqual(Object.keys(query));
  });

  test('gives a clinic its own cases alone', async () => {
    await takeScans(1);
    const lopez = await pairAs(align, LOPEZ, 1042);
    expect((await call(align, 'getOrders', { token: lopez })).body['total']).toBe(0);
  });

  test('lists cases of every status, or only ready ones where the cloud is narrow', async () => {
    const [orderId] = await takeScans(1);
    align.perform({ do: 'move', orderId: orderId!, event: 'sent-to-modeling' });
    expect((await list()).body['total']).toBe(1);
    align.flags.listOnlyReady = true;
    expect((await list()).body['total']).toBe(0);
  });
});

test('strict: any two calls of one clinic within 120 s are 429 with Retry-After, another clinic’s are not', async () => {
  align.flags.strict = true;
  const lopez = await pairAs(align, LOPEZ, 1042);
  expect((await list()).status).toBe(200);
  await align.clock.advance(100_000);
  const refused = await list({ page: '2' });
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('20');
  expect((await call(align, 'getOrders', { token: lopez })).status).toBe(200);
  await align.clock.advance(20_000);
  expect((await list({ chartNumber: 'C-1' })).status).toBe(200);
});

test('get order by RX id is 404 until the files are ready, and for another clinic', async () => {
  const rxId = await sendRx(align, token);
  const get = (by: string) => call(align, 'getOrderByRxId', { token: by, params: { rxId } });
  expect((await get(token)).status).toBe(404);
  const release = simulated.cases.hold();
  align.perform({ do: 'scan', rxId });
  expect((await get(token)).status).toBe(404);
  release();
  await align.settled();
  expect((await get(token)).status).toBe(200);
  expect((await get(await pairAs(align, LOPEZ, 1042))).status).toBe(404);
});

test('an order says what §9 says', async () => {
  const rxId = await sendRx(align, token, { procedureId: 2, scannerSerialNumber: 'RC2021W0417' });
  await scanRx(align, rxId);
  const order = await orderOf(align, token, rxId);
  expect(order).toEqual({
    orderId: expect.any(Number) as number,
    orderCode: expect.stringMatching(/^[A-Z]{2}\d{2}[A-Z]{2}\d{2}$/) as string,
    rxId,
    companyId: 1017,
    status: 'Completed',
    patient: { firstName: 'Ida', lastName: 'Noor', chartNumber: 'P-1' },
    doctor: { id: 2001, name: 'Alice Adams' },
    procedure: 'Invisalign | Vivera',
    caseType: 'Invisalign',
    scannerSerialNumber: 'RC2021W0417',
    scanDate: '2026-11-20T08:00:00.000Z',
    modifiedDate: '2026-11-20T08:00:00.000Z',
    myIteroUrl: `${align.url}/myitero/orders/${order.orderId}`,
    assets: expect.any(Array) as unknown[],
  });
  expect(String(order.orderId)).toMatch(/^\d{8,9}$/);
  expect((await fetch(order['myIteroUrl'] as string)).status).toBe(200);
});

describe('the case flow', () => {
  const rows: [FlowEvent, string, boolean, boolean][] = [
    ['sent-to-modeling', 'iTero Modeling', false, false],
    ['modeling-completed', 'Lab Review', true, true],
    ['sent-back-for-rescan', 'Scanning', false, false],
    ['rescan-completed', 'Completed', true, true],
    ['second-interpretation-begins', 'iTero Milling', false, false],
    ['second-interpretation-completed', 'Lab Review', true, true],
  ];

  test('walks every row of the table: status, notification and files as it says, the order id never changing', async () => {
    const callback = await startCallback();
    try {
      await pairAs(align, ADAMS, 1017, callback.url);
      const rxId = await sendRx(align, token);
      const orderId = await scanRx(align, rxId);
      for (const [event, status, notified, newFiles] of rows) {
        await align.clock.advance(60_000);
        const before = await orderOf(align, token, rxId);
        const told = callback.received.length;
        await align.perform({ do: 'move', orderId, event }).finished;
        await align.settled();
        const after = await orderOf(align, token, rxId);
        expect(after, event).toMatchObject({ orderId, status });
        expect(after.modifiedDate > before.modifiedDate, event).toBe(true);
        expect(callback.received.length - told, event).toBe(notified ? 1 : 0);
        const dates = (order: Order): string[] =>
          order.assets.map(({ type, modifiedDate }) => type + modifiedDate).sort();
        expect(dates(after).join() !== dates(before).join(), event).toBe(newFiles);
      }
    } finally {
      await callback.close();
    }
  });

  test('refuses a row that does not follow, and a second one while files are being made', async () => {
    const orderId = await scanRx(align, await sendRx(align, token));
    expect(() => align.perform({ do: 'move', orderId, event: 'modeling-completed' })).toThrow('does not follow');
    align.perform({ do: 'move', orderId, event: 'sent-to-modeling' });
    const release = simulated.cases.hold();
    const { finished } = align.perform({ do: 'move', orderId, event: 'modeling-completed' });
    expect(() => align.perform({ do: 'export-settings', orderId })).toThrow('being made');
    release();
    await finished;
  });

  test('an RX is scanned once', async () => {
    const rxId = await sendRx(align, token);
    await scanRx(align, rxId);
    expect(() => align.perform({ do: 'scan', rxId })).toThrow('already');
  });
});

test('changed export settings take the iDE away and bring it back after 40 to 80 s, with a notification', async () => {
  const callback = await startCallback();
  try {
    await pairAs(align, ADAMS, 1017, callback.url);
    const rxId = await sendRx(align, token);
    const orderId = await scanRx(align, rxId);
    const types = async (): Promise<string[]> =>
      (await orderOf(align, token, rxId)).assets.map(({ type }) => type).sort();
    const { seconds } = align.perform({ do: 'export-settings', orderId, format: 'ply', layout: 'folder' });
    expect(seconds).toBeGreaterThanOrEqual(40);
    expect(seconds).toBeLessThanOrEqual(80);
    expect(await types()).toEqual(['IMAGE_GALLERY', 'SCREEN_CAPTURES']);
    await align.clock.advance(seconds! * 1000 - 1);
    expect(await types()).toEqual(['IMAGE_GALLERY', 'SCREEN_CAPTURES']);
    await align.clock.advance(1);
    await align.settled();
    expect(await types()).toEqual(['IDE', 'IMAGE_GALLERY', 'SCREEN_CAPTURES']);
    expect(callback.received).toHaveLength(2);
    expect(simulated.cases.asked.at(-1)).toMatchObject({
      kind: 'ide',
      spec: { exportFormat: 'ply', layout: 'folder' },
    });
  } finally {
    await callback.close();
  }
});

test('a second change of export settings replaces the first: the iDE comes back once', async () => {
  const rxId = await sendRx(align, token);
  const orderId = await scanRx(align, rxId);
  align.perform({ do: 'export-settings', orderId, format: 'ply' });
  await align.clock.advance(20_000);
  align.perform({ do: 'export-settings', orderId, format: 'stl' });
  const before = align.state.notifications.length;
  await align.clock.advance(200_000);
  expect(align.state.notifications.length - before).toBe(1);
  expect((await orderOf(align, token, rxId)).assets.filter(({ type }) => type === 'IDE')).toHaveLength(1);
});

test('old cases are there for a first listing, some before 90 days, their files made when asked for', async () => {
  const old = await startAlign({ history: 4 });
  try {
    const by = await pairAs(old.align, ADAMS, 1017);
    const { body } = await call(old.align, 'getOrders', { token: by });
    const orders = body['orders'] as Order[];
    expect(orders).toHaveLength(4);
    const ages = orders.map(({ modifiedDate }) => (old.align.clock.now() - Date.parse(modifiedDate)) / 86_400_000);
    expect(Math.max(...ages)).toBeGreaterThan(90);
    expect(Math.min(...ages)).toBeLessThan(30);
    expect(old.cases.asked).toEqual([]);
    const gallery = orders[0]!.assets.find(({ type }) => type === 'IMAGE_GALLERY')!;
    expect(gallery).not.toHaveProperty('sizeBytes');
    expect((await fetch(gallery.url, { headers: { authorization: `Bearer ${by}` } })).status).toBe(200);
  } finally {
    await old.align.close();
  }
});
