/** Several instances on one database: each looks at what the others do not, and none waits for one that died. */
import { describe, expect, it } from 'vitest';
import { AlignFault } from '../../../bff/align/index.ts';
import { onPostgres } from '../../support/test-store.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { addConnection, asset, order, START } from '../support/fixtures.ts';
import { useIntakeStand } from './intake-stand.ts';

const MINUTE = 60_000;

const stand = useIntakeStand();
const { connect: listedJustNow, keepHints, openInstances: open } = stand;
const hint = (connection: ConnectionRow, rxId: string) => keepHints([stand.hint(connection, rxId)]);
const looks = () => stand.callsOf('orderByRxId').map(({ at }) => at - START);
const listings = () => stand.callsOf('orders').map(({ at }) => at);
const gaps = (times: readonly number[]) => times.slice(1).map((at, index) => at - (times[index] ?? 0));

describe('notifications', () => {
  it('are followed once, whichever instance took them', async () => {
    const worlds = await open(0, 0, 0);
    const connection = await listedJustNow();
    stand.upstream.orders = Array.from({ length: 30 }, (_, index) =>
      order(connection, { orderId: String(500 + index), rxId: `rx-${index}` }),
    );
    for (let index = 0; index < 30; index += 1) await hint(connection, `rx-${index}`);
    for (const world of worlds) world.intake.start();
    await stand.clock.advance(MINUTE);
    expect(looks()).toHaveLength(30);
    expect(await stand.store.db.selectFrom('events').select('type').execute()).toHaveLength(30);
  });

  it('that an instance died over are followed by another one within a minute or so', async () => {
    const [first, second] = await open(0, 0);
    const connection = await listedJustNow();
    stand.upstream.orders = [order(connection, { rxId: 'rx-1' })];
    await hint(connection, 'rx-1');
    // It never hears an answer again.
    if (first !== undefined) first.align.orderByRxId = () => new Promise<never>(() => undefined);
    first?.intake.start();
    await stand.clock.advance(1000);
    stand.forget(first);
    second?.intake.start();
    await stand.clock.advance(50_000);
    expect(await stand.store.db.selectFrom('scans').select('order_id').execute()).toEqual([]);
    await stand.clock.advance(45_000);
    expect(await stand.store.db.selectFrom('scans').select('order_id').execute()).toEqual([{ order_id: '100000001' }]);
  });

  it.each([
    ['ten minutes ahead', 10 * MINUTE],
    ['ten minutes behind', -10 * MINUTE],
  ])(
    'by an instance whose clock is %s are followed at once, and its pauses are as long as the others’',
    async (_name, skew) => {
      const [world] = await open(skew);
      const connection = await listedJustNow();
      stand.upstream.orders = [order(connection, { rxId: 'rx-1' })];
      stand.upstream.rxFaults.push(
        new AlignFault('rate_limited', 'getOrderByRxId', { retryAfterMs: 200_000 }),
        new AlignFault('wrong_shape', 'getOrderByRxId'),
      );
      await hint(connection, 'rx-1');
      world?.intake.start();
      await stand.clock.advance(10 * MINUTE);
      expect(looks()[0]).toBe(0);
      expect(looks()[1]).toBeGreaterThanOrEqual(200_000);
      expect(looks()[1]).toBeLessThan(231_000);
      expect(await stand.store.db.selectFrom('events').select('type').execute()).toEqual([{ type: 'scan.received' }]);
    },
  );
});

describe('missing files', () => {
  it('are looked for once, at their times, by whichever instance is there', async () => {
    const worlds = await open(0, 7 * MINUTE, -7 * MINUTE);
    const connection = await listedJustNow();
    stand.upstream.orders = [order(connection, { rxId: 'rx-1', assets: [asset('gallery')] })];
    await hint(connection, 'rx-1');
    worlds[0]?.intake.start();
    await stand.clock.advance(1000);
    worlds[1]?.intake.start();
    worlds[2]?.intake.start();
    await stand.clock.advance(89_000);
    expect(looks()).toHaveLength(3);
    for (const [index, at] of [0, 40_000, 80_000].entries()) {
      expect(looks()[index]).toBeGreaterThanOrEqual(at);
      // An idle instance looks by itself every 30 s.
      expect(looks()[index]).toBeLessThanOrEqual(at + 30_000);
    }
  });
});

/** A step of the clock asks the database a dozen times: cheap on SQLite, not over a socket. */
const LONG = (onPostgres ? 6 : 20) * MINUTE;

describe('rounds', () => {
  it('of one account are never closer than the floor, over instances whose clocks are off and one that dies', async () => {
    const worlds = await open(0, 10 * MINUTE, -10 * MINUTE);
    await addConnection(stand.store);
    for (const world of worlds) world.intake.start();
    await stand.clock.advance(LONG);
    // The holder dies in the middle of a round.
    for (const world of worlds.slice(0, 2)) world.align.orders = () => new Promise<never>(() => undefined);
    await stand.clock.advance(5 * MINUTE);
    stand.forget(...worlds.slice(0, 2));
    await stand.clock.advance(LONG);
    expect(Math.min(...gaps(listings()))).toBeGreaterThanOrEqual(120_000);
    // Each three minutes at the latest: floor, jitter, and a look in between.
    const atLeast = Math.floor(LONG / (3 * MINUTE)) - 1;
    expect(listings().filter((at) => at > stand.clock.now() - LONG).length).toBeGreaterThanOrEqual(atLeast);
    expect(listings().length).toBeGreaterThan(2 * atLeast);
  });

  it('of many clinics are shared: a slow one and a burst of another hold up nobody', async () => {
    const [world] = await open(0);
    const slow = await addConnection(stand.store, { backfilled_at: START, cursor_at: START });
    const others = await Promise.all(
      Array.from({ length: 20 }, () => addConnection(stand.store, { backfilled_at: START, cursor_at: START })),
    );
    if (world === undefined) throw new Error('no instance');
    const { orders, orderByRxId } = world.align;
    const hang = <T>(): Promise<T> =>
      stand.clock.sleep(30_000).then(() => Promise.reject(new AlignFault('timeout', 'getOrders')));
    world.align.orders = (token, query) => (token === slow.account_id ? hang() : orders(token, query));
    world.align.orderByRxId = (token, rxId) => (token === slow.account_id ? hang() : orderByRxId(token, rxId));
    for (let index = 0; index < 300; index += 1) await hint(slow, `slow-${index}`);
    stand.upstream.orders = others.map((connection, index) =>
      order(connection, { orderId: `${900 + index}`, rxId: `rx-${index}` }),
    );
    for (const [index, connection] of others.entries()) await hint(connection, `rx-${index}`);
    world.intake.start();
    const isDone = async (): Promise<boolean> => {
      const done = await stand.store.db.selectFrom('hints').select('id').where('state', '=', 'done').execute();
      return done.length === others.length;
    };
    // Long before the slow ones are given up.
    for (let waited = 0; !(await isDone()) && waited < 10_000; waited += 500) await stand.clock.advance(500);
    expect(await isDone()).toBe(true);
    expect(await stand.store.db.selectFrom('scans').select('order_id').execute()).toHaveLength(others.length);
    Object.assign(world.align, { orders, orderByRxId });
    await stand.clock.advance(31_000);
  });
});
