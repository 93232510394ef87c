/** Rounds take turns: one that lasts, rests or fails holds up no other clinic, and tells early what it knows of upstream. */
import { afterEach, expect, it } from 'vitest';
import { AlignFault, type OrderPage, type OrderQuery } from '../../../bff/align/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { addConnection, order, START, TIMINGS } from '../support/fixtures.ts';
import { openWorld, type World } from '../support/world.ts';

const HOUR = 3_600_000;
const ROUND = 127_000;
let world: World;
afterEach(() => world.close());

const clinics = (count: number, change: Partial<ConnectionRow> = {}): Promise<ConnectionRow[]> =>
  Promise.all(Array.from({ length: count }, () => addConnection(world.store, change)));
const history = (connection: ConnectionRow, count: number) =>
  Array.from({ length: count }, (_, index) =>
    order(connection, { orderId: `${connection.account_id}${1000 + index}`, modifiedAt: START - (index + 1) * 60_000 }),
  );
const listingsOf = ({ account_id: account }: ConnectionRow): number[] =>
  world.upstream.calls.filter((call) => call.operation === 'orders' && call.account === account).map(({ at }) => at);
/** Upstream as it is for some accounts only. */
function instead(of: (account: string) => boolean, list: (token: string) => Promise<OrderPage>): void {
  const { orders } = world.align;
  world.align.orders = (token: string, query: OrderQuery) => (of(token) ? list(token) : orders(token, query));
}

it('a round that rests between its pages leaves its place to others', async () => {
  world = await openWorld();
  world.timings = { ...TIMINGS, pageSpacing: 120_000 };
  const large = await clinics(10);
  world.upstream.orders = large.flatMap((connection) => history(connection, 1000));
  world.intake.start();
  await world.clock.advance(1000);
  const [small] = await clinics(1, { created_at: START + 1 });
  if (small === undefined) throw new Error('no clinic');
  await world.clock.advance(5 * ROUND);
  expect(listingsOf(small).length).toBeGreaterThanOrEqual(4);
  for (const connection of large) expect(listingsOf(connection).length).toBeGreaterThanOrEqual(5);
});

it('the first page that is answered tells that upstream is back, not the end of a long listing', async () => {
  world = await openWorld();
  world.timings = { ...TIMINGS, pageSpacing: 60_000 };
  const failing = await clinics(3);
  const down = () => Promise.reject(new AlignFault('unavailable', 'getOrders'));
  let isDown = true;
  instead(() => isDown, down);
  world.intake.start();
  await world.clock.advance(2 * ROUND);
  expect(world.intake.upstream().down).toBe(1);
  isDown = false;
  world.upstream.orders = failing.flatMap((connection) => history(connection, 2000));
  await world.clock.advance(200_000);
  expect(world.intake.upstream().down).toBe(0);
  const rested = failing.map((connection) => listingsOf(connection).length);
  expect(Math.min(...rested)).toBeGreaterThanOrEqual(1);
  await world.clock.advance(HOUR);
});

it('a listing whose later pages fail counts against its clinic', async () => {
  world = await openWorld();
  const [one] = await clinics(1);
  if (one === undefined) throw new Error('no clinic');
  world.upstream.orders = history(one, 250);
  const lost = (): AlignFault => new AlignFault('timeout', 'getOrders');
  world.upstream.listFaults.push(null, lost(), lost(), lost());
  world.intake.start();
  await world.clock.advance(300_000);
  expect(world.intake.upstream().held).toBe(1);
});

it('many clinics that are refused slowly do not stand in the way of those that are not', async () => {
  world = await openWorld();
  const refused = await clinics(80);
  const failing = new Set(refused.map(({ account_id }) => account_id));
  const [healthy] = await clinics(1);
  if (healthy === undefined) throw new Error('no clinic');
  let slow = 30_000;
  const asked = new Set<string>();
  instead(
    (account) => failing.has(account),
    async (account) => {
      asked.add(account);
      await world.clock.sleep(slow);
      throw new AlignFault('rate_limited', 'getOrders');
    },
  );
  world.intake.start();
  await world.clock.advance(60 * 60_000);
  const seen = listingsOf(healthy).filter((at) => at > START + 20 * 60_000);
  const gaps = seen.slice(1).map((at, index) => at - (seen[index] ?? 0));
  expect(seen.length).toBeGreaterThanOrEqual(15);
  expect(Math.max(...gaps)).toBeLessThan(ROUND + 30_000);
  // Nor are they left out themselves.
  asked.clear();
  await world.clock.advance(20 * 60_000);
  expect(asked.size).toBe(80);
  slow = 0;
  await world.clock.advance(31_000);
});
