/** Rounds and times that go wrong: pauses that upstream names, clocks that were set back, orders that cannot be kept. */
import { describe, expect, it } from 'vitest';
import { AlignFault, type OrderPage, type OrderQuery } from '../../../bff/align/index.ts';
import { createNotificationNotes } from '../../../bff/intake/notification-notes.ts';
import { isBehind } from '../../../bff/ledger/summary.ts';
import { createQuietAccounts } from '../../../bff/pairing/quiet-accounts.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { asset, order, silent, START, TIMINGS } from '../support/fixtures.ts';
import type { World } from '../support/world.ts';
import { useIntakeStand } from './intake-stand.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const ROUND = 127_000;

const stand = useIntakeStand();
const { open, enter, connect, hint, keepHints, scans, row, callsOf } = stand;

describe('a time that upstream named', () => {
  it('is waited for by every instance, also one that starts later, in all three ways in', async () => {
    await open();
    const connection = await connect({}, 0);
    stand.upstream.orders = [order(connection, { rxId: 'rx-1' })];
    const first = await enter({ skew: 0 });
    stand.upstream.listFaults.push(new AlignFault('rate_limited', 'getOrders', { retryAfterMs: 4 * MINUTE }));
    await keepHints([{ ...hint(connection, 'rx-1'), next_at: START + 5000 }]);
    first.intake.start();
    await stand.clock.advance(3000);
    expect(stand.upstream.calls).toHaveLength(1);
    const second = await enter({ skew: 0 });
    second.intake.start();
    await stand.clock.advance(4 * MINUTE - 4000);
    expect(stand.upstream.calls).toHaveLength(1);
    await stand.clock.advance(MINUTE);
    expect(callsOf('orders').length).toBe(2);
    expect(callsOf('orderByRxId').length).toBe(1);
    expect((callsOf('orderByRxId')[0]?.at ?? 0) - START).toBeGreaterThanOrEqual(4 * MINUTE);
  });
});

describe('a clock that was ahead', () => {
  it('and is set back holds no clinic up until the wrong time, and the ledger says so meanwhile', async () => {
    const ahead = await open();
    const connection = await connect({}, 0);
    // Upstream's own clock is right.
    stand.upstream.strictMs = -Infinity;
    stand.clock.set(START + 400 * DAY);
    ahead.intake.start();
    await stand.clock.advance(1000);
    const before = callsOf('orders').length;
    expect(before).toBeGreaterThan(0);
    await ahead.intake.stop();
    stand.clock.set(START);
    expect(isBehind(await row(), stand.clock.now(), TIMINGS)).toBe(true);
    stand.upstream.orders = [order(connection, { rxId: 'rx-1' })];
    const back = await enter();
    back.intake.start();
    await stand.clock.advance(TIMINGS.pollFloor - 1000);
    // No floor is shortened by it.
    expect(callsOf('orders')).toHaveLength(before);
    await stand.clock.advance(11_000);
    expect(await scans()).toHaveLength(1);
    expect(isBehind(await row(), stand.clock.now(), TIMINGS)).toBe(false);
  });

  it('and whose process died in the middle of a round holds its clinic up for no longer than a floor', async () => {
    const world = await open();
    await connect({}, 400 * DAY);
    await stand.store.write((tx) =>
      tx
        .updateTable('poll_leases')
        .set({ holder: 'dead', held_until: START + 400 * DAY })
        .execute(),
    );
    world.intake.start();
    await stand.clock.advance(TIMINGS.requestTimeout + TIMINGS.pollFloor - 1000);
    expect(callsOf('orders')).toEqual([]);
    await stand.clock.advance(2000);
    expect(callsOf('orders')).toHaveLength(1);
  });

  it('leaves no notification and no missing file for the wrong time', async () => {
    const world = await open();
    const connection = await connect();
    stand.upstream.orders = [order(connection, { rxId: 'rx-1', assets: [asset('gallery')] })];
    await keepHints([{ ...hint(connection, 'rx-1'), next_at: START + 400 * DAY }]);
    world.intake.start();
    await stand.clock.advance(31_000);
    expect(await scans()).toHaveLength(1);
    await stand.store.write((tx) =>
      tx
        .updateTable('scans')
        .set({ recheck_at: START + 400 * DAY })
        .execute(),
    );
    await stand.clock.advance(11 * MINUTE);
    expect(callsOf('orderByRxId').length).toBeGreaterThan(1);
  });
});

describe('a clock that is set back', () => {
  it('while upstream is away ends no outage late: what waits is looked at within minutes', async () => {
    await open();
    const instance = { skew: DAY / 4 };
    const world = await enter(instance);
    const clinics: ConnectionRow[] = [];
    for (let count = 0; count < 5; count += 1) clinics.push(await connect({}, 0));
    world.intake.start();
    const { orders, orderByRxId } = world.align;
    const away = () => Promise.reject(new AlignFault('unavailable', 'test'));
    Object.assign(world.align, { orders: away, orderByRxId: away });
    await stand.clock.advance(10 * MINUTE);
    expect(world.intake.upstream().down).toBe(1);
    instance.skew = 0;
    Object.assign(world.align, { orders, orderByRxId });
    stand.upstream.orders = clinics.map((clinic, index) =>
      order(clinic, { orderId: `${5000 + index}`, rxId: `rx-${index}` }),
    );
    await keepHints(clinics.map((clinic, index) => hint(clinic, `rx-${index}`)));
    await stand.clock.advance(3 * MINUTE);
    expect(world.intake.upstream()).toEqual({ down: 0, held: 0 });
    expect(await scans()).toHaveLength(5);
  });

  it('leaves no pause that upstream named before in memory, and keeps the next one', async () => {
    await open();
    const connection = await connect({}, 0);
    const pauses = createQuietAccounts(stand.store);
    await pauses.keep(connection, 10 * MINUTE);
    expect(await pauses.left(connection)).toBe(10 * MINUTE);
    stand.clock.set(START - DAY / 4);
    expect(await pauses.left(connection)).toBe(0);
    await pauses.keep(connection, 10 * MINUTE);
    stand.clock.set(START - DAY / 2);
    await pauses.keep(connection, MINUTE);
    expect(await pauses.left(connection)).toBe(MINUTE);
  });

  it('stops no notes of notifications', async () => {
    await open();
    const noted: string[] = [];
    const notes = createNotificationNotes({
      store: stand.store,
      connections: { noteNotification: (_, id) => Promise.resolve(void noted.push(id)) },
      clock: stand.clock,
      log: silent,
    });
    notes.note(['first']);
    await stand.clock.advance(0);
    stand.clock.set(START - DAY / 4);
    notes.note(['second']);
    await stand.clock.advance(0);
    expect(noted).toEqual(['first', 'second']);
    // Still once a second and no more.
    notes.note(['third']);
    await stand.clock.advance(999);
    expect(noted).toHaveLength(2);
    await stand.clock.advance(1);
    expect(noted).toHaveLength(3);
    await notes.stop();
  });
});

describe('a round', () => {
  const listing = (
    answer: (query: OrderQuery, list: (query: OrderQuery) => Promise<OrderPage>) => Promise<OrderPage>,
    world: World,
  ) => {
    const { orders } = world.align;
    world.align.orders = (token, query) => answer(query, (other) => orders(token, other));
  };
  const put = (connection: ConnectionRow, count: number): void => {
    stand.upstream.orders = Array.from({ length: count }, (_, index) =>
      order(connection, { orderId: String(1000 + index), modifiedAt: START - 10 * MINUTE + index * 1000 }),
    );
  };

  it('goes on past an order that the store refuses, says that nothing is proved, and takes it when it can', async () => {
    const world = await open();
    const connection = await connect({}, 0);
    put(connection, 151);
    const whole = stand.upstream.orders[40];
    if (whole === undefined) throw new Error('no such order');
    stand.upstream.orders[40] = { ...whole, patient: { ...whole.patient, lastName: 7 as unknown as string } };
    world.intake.start();
    await stand.clock.advance(2000);
    expect(await scans()).toHaveLength(150);
    expect(await row()).toMatchObject({ proved_until: null, problem: 'upstream_wrong_shape' });
    expect((await row()).last_full_check_at).not.toBeNull();
    stand.upstream.orders[40] = whole;
    await stand.clock.advance(ROUND);
    expect(await scans()).toHaveLength(151);
    expect((await row()).proved_until).not.toBeNull();
    expect(await row()).toMatchObject({ problem: null });
  });

  it('that is cut off remembers what it could not read before', async () => {
    const world = await open();
    const connection = await connect({}, 0);
    put(connection, 150);
    const hidden = stand.upstream.orders[10];
    if (hidden === undefined) throw new Error('no such order');
    let isBroken = true;
    let calls = 0;
    listing(async (query, list) => {
      calls += 1;
      // The second page is never answered.
      if (calls === 2) throw new AlignFault('timeout', 'getOrders');
      const page = await list(query);
      if (!isBroken) return page;
      const { orderId, modifiedAt } = hidden;
      const orders = page.orders.filter((one) => one.orderId !== orderId);
      const unreadable =
        orders.length === page.orders.length ? [] : [{ orderId, modifiedAt, property: 'orders[10].status' }];
      return { ...page, orders, unreadable };
    }, world);
    world.intake.start();
    await stand.clock.advance(1000);
    expect(await stand.store.db.selectFrom('unreadable_orders').select('order_key').execute()).toEqual([
      { order_key: hidden.orderId },
    ]);
    await stand.clock.advance(2 * ROUND);
    expect(await row()).toMatchObject({ proved_until: null, problem: 'upstream_wrong_shape' });
    isBroken = false;
    await stand.clock.advance(ROUND);
    expect((await scans()).map(({ order_id }) => order_id)).toContain(hidden.orderId);
    expect(await row()).toMatchObject({ problem: null });
  });

  it('keeps the floor of its own environment when another one is switched to in the middle of it', async () => {
    const world = await open();
    const connection = await connect({}, 0);
    put(connection, 1);
    stand.upstream.beforeListing = (number) => {
      world.timings = number === 1 ? { ...TIMINGS, pollFloor: 1000 } : TIMINGS;
    };
    world.intake.start();
    await stand.clock.advance(100);
    world.timings = TIMINGS;
    await stand.clock.advance(3 * ROUND);
    const at = callsOf('orders').map((call) => call.at);
    expect(at.length).toBeGreaterThan(2);
    for (const [index, time] of at.slice(1).entries()) expect(time - (at[index] ?? 0)).toBeGreaterThanOrEqual(120_000);
  });
});
