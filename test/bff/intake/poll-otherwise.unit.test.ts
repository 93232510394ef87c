/** Upstreams that read the assumed wire otherwise (align-api §9), and settings at their limits: nothing is lost all the same. */
import { afterEach, expect, it } from 'vitest';
import { AlignFault, type OrderPage, type OrderQuery } from '../../../bff/align/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { addConnection, asset, order, START, TIMINGS } from '../support/fixtures.ts';
import { openWorld, type World } from '../support/world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ROUND = 127_000;
let world: World;
afterEach(() => world.close());

async function connect(change: Partial<ConnectionRow> = {}): Promise<ConnectionRow> {
  world = await openWorld();
  return addConnection(world.store, change);
}
function put(connection: ConnectionRow, id: number, modifiedAt: number): void {
  const orderId = String(id);
  const assets = [asset('ide', modifiedAt), asset('gallery', modifiedAt)];
  world.upstream.orders = [
    ...world.upstream.orders.filter((one) => one.orderId !== orderId),
    order(connection, { orderId, modifiedAt, assets }),
  ];
}
const visible = async (): Promise<number> =>
  (await world.store.db.selectFrom('scans').select('order_id').execute()).length;
const row = () => world.store.db.selectFrom('connections').selectAll().executeTakeFirstOrThrow();
const listings = () => world.upstream.calls.filter(({ operation }) => operation === 'orders');

/** @param answer what upstream makes of a call */
function instead(answer: (query: OrderQuery, list: (query: OrderQuery) => Promise<OrderPage>) => Promise<OrderPage>) {
  const { orders } = world.align;
  world.align.orders = (token: string, query: OrderQuery) => answer(query, (other) => orders(token, other));
}

it('smaller pages than it says, of orders that share one moment, are all read', async () => {
  const connection = await connect();
  for (let id = 1; id <= 230; id += 1) put(connection, 1000 + id, START - HOUR);
  world.upstream.pageSize = 50;
  // It names the size that was asked for, or none.
  instead(async (query, list) => ({ ...(await list(query)), pageSize: query.pageSize }));
  world.intake.start();
  await world.clock.advance(1000);
  await world.clock.advance(1000);
  expect(await visible()).toBe(230);
  expect((await row()).proved_until).toBe(START);
});

it('a `fromDate` that is not part of the answer hides nothing between two pages', async () => {
  const connection = await connect({ created_at: START - DAY, last_pair_at: START - DAY });
  // In pairs, so that one of a pair ends a page and the other begins the next.
  for (let id = 0; id < 301; id += 1) put(connection, 1000 + id, START - (200 - Math.floor((id + 1) / 2)) * HOUR);
  instead((query, list) => list({ ...query, ...(query.from !== undefined && { from: query.from + 1 }) }));
  world.intake.start();
  await world.clock.advance(1000);
  expect(await visible()).toBe(301);
  expect((await row()).proved_until).toBe(START);
});

it('a refusal of a `toDate` in the future costs one round: from then on there is none', async () => {
  const connection = await connect();
  put(connection, 1, START - HOUR);
  instead((query, list) => {
    if (query.to === undefined || query.to <= world.clock.now()) return list(query);
    world.upstream.listFaults.push(new AlignFault('invalid_request', 'getOrders', { status: 422, fields: ['toDate'] }));
    return list(query);
  });
  world.intake.start();
  await world.clock.advance(2 * ROUND);
  expect(await visible()).toBe(1);
  put(connection, 2, world.clock.now());
  await world.clock.advance(ROUND);
  expect(await visible()).toBe(2);
  expect((await row()).problem).toBeNull();
  const gaps = listings().map(({ at }, index, all) => at - (all[index - 1]?.at ?? -Infinity));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(TIMINGS.pollFloor);
});

it.each([0, 1])('with %i days of history, a clinic’s first case is found by the round after it', async (days) => {
  const connection = await connect();
  world.timings = { ...TIMINGS, backfillDays: days };
  world.intake.start();
  await world.clock.advance(ROUND + 60_000);
  put(connection, 1, world.clock.now());
  await world.clock.advance(ROUND);
  expect(await visible()).toBe(1);
});

it('with a day of history, what a clinic scanned while upstream was away for three is found', async () => {
  const connection = await connect();
  world.timings = { ...TIMINGS, backfillDays: 1 };
  world.intake.start();
  await world.clock.advance(ROUND);
  put(connection, 1, world.clock.now());
  world.clock.set(START + 3 * DAY);
  await world.clock.advance(ROUND);
  expect(await visible()).toBe(1);
  expect(await world.store.db.selectFrom('scan_versions').select('learnt_by').execute()).toEqual([
    { learnt_by: 'poll' },
  ]);
});

it('with no days of history, the sweep still finds what came late', async () => {
  const connection = await connect({ created_at: START - 30 * DAY, last_pair_at: START - 30 * DAY });
  world.timings = { ...TIMINGS, backfillDays: 0 };
  world.intake.start();
  put(connection, 1, START);
  await world.clock.advance(ROUND);
  put(connection, 2, START - 5 * HOUR);
  await world.clock.advance(ROUND);
  expect(await visible()).toBe(1);
  world.clock.set(START + 27 * HOUR);
  await world.clock.advance(2 * ROUND);
  expect(await visible()).toBe(2);
});

it('what was scanned before Pair was repeated is news all the same, though the first listing brings it', async () => {
  const connection = await connect();
  world.upstream.listFaults.push(new AlignFault('unavailable', 'getOrders'));
  world.intake.start();
  await world.clock.advance(60_000);
  put(connection, 1, world.clock.now());
  const repaired = world.clock.now() + 1000;
  await world.store.write((tx) =>
    tx.updateTable('connections').set({ last_pair_at: repaired, repaired_at: repaired }).execute(),
  );
  await world.clock.advance(ROUND);
  const told = await world.store.db.selectFrom('events').select('type').orderBy('id').execute();
  expect(told.map(({ type }) => type)).toEqual(['scan.received', 'pairing.backfilled']);
});
