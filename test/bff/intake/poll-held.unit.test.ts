/** Orders that cannot be read: they are looked for where they are, and nothing that is new waits for them. */
import { describe, expect, it } from 'vitest';
import { AlignFault, type OrderPage, type OrderQuery, type UpstreamOrder } from '../../../bff/align/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { asset, order, START, TIMINGS } from '../support/fixtures.ts';
import type { World } from '../support/world.ts';
import { useIntakeStand } from './intake-stand.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ROUND = 127_000;
const SPACED = { ...TIMINGS, pageSpacing: 120_000 };

const stand = useIntakeStand();
const { open, connect, scans, row, callsOf } = stand;

/** Connected and listed long ago; what stands upstream since then, only a sweep lists. */
const longAgo = (change: Partial<ConnectionRow> = {}): Promise<ConnectionRow> =>
  connect(
    {
      created_at: START - 91 * DAY,
      last_pair_at: START - 91 * DAY,
      cursor_at: START - HOUR,
      backfilled_at: START - 90 * DAY,
      last_sweep_at: START - HOUR,
      ...change,
    },
    0,
  );
const made = (connection: ConnectionRow, id: number, modifiedAt: number): UpstreamOrder =>
  order(connection, {
    orderId: String(id),
    rxId: null,
    modifiedAt,
    assets: [asset('ide', modifiedAt), asset('gallery', modifiedAt)],
  });
/** From 89 days ago until now. */
function history(connection: ConnectionRow, count: number): void {
  const each = Math.floor((89 * DAY) / count);
  stand.upstream.orders = Array.from({ length: count }, (_, index) =>
    made(connection, 10_000 + index, START - 89 * DAY + index * each),
  );
}
const orderOf = (id: number): UpstreamOrder => {
  const found = stand.upstream.orders.find(({ orderId }) => orderId === String(id));
  if (found === undefined) throw new Error('no such order');
  return found;
};
const isVisible = async (id: number): Promise<boolean> =>
  (await scans()).some(({ order_id }) => order_id === String(id));

/** Upstream writes these otherwise, in every listing. @returns what is asked, and how it ends */
function spoil(world: World, ids: readonly number[], shown: { id?: boolean; time?: boolean } = {}) {
  const broken = new Set(ids.map(String));
  const asked: (number | undefined)[] = [];
  const { orders } = world.align;
  world.align.orders = async (token: string, query: OrderQuery): Promise<OrderPage> => {
    asked.push(query.from);
    const page = await orders(token, query);
    const unreadable = page.orders
      .filter(({ orderId }) => broken.has(orderId))
      .map(({ orderId, modifiedAt }) => ({
        orderId: shown.id === false ? null : orderId,
        modifiedAt: shown.time === false ? null : modifiedAt,
        property: 'orders[3].status',
      }));
    return { ...page, orders: page.orders.filter(({ orderId }) => !broken.has(orderId)), unreadable };
  };
  return { asked, mend: (...mended: number[]) => mended.forEach((id) => broken.delete(String(id))) };
}

/** Met by a sweep. */
const remember = (connection: ConnectionRow, id: number, change: { modified_at?: number; order_key?: string } = {}) =>
  stand.store.write((tx) =>
    tx
      .insertInto('unreadable_orders')
      .values({
        vendor: connection.vendor,
        tenant: connection.tenant,
        environment: connection.environment,
        account_id: connection.account_id,
        order_key: String(id),
        modified_at: orderOf(id).modifiedAt,
        first_seen_at: START - MINUTE,
        last_seen_at: START - MINUTE,
        history: 0,
        ...change,
      })
      .execute(),
  );
const heldKeys = async (): Promise<string[]> =>
  (await stand.store.db.selectFrom('unreadable_orders').select('order_key').orderBy('order_key').execute()).map(
    ({ order_key }) => order_key,
  );

/** A scan of which no notification tells. @returns how long until it is visible (ms) */
async function waitForNew(connection: ConnectionRow, id: number): Promise<number> {
  const at = stand.clock.now();
  stand.upstream.orders = [...stand.upstream.orders, made(connection, id, at)];
  while (!(await isVisible(id)) && stand.clock.now() - at < 3 * HOUR) await stand.clock.advance(MINUTE / 2);
  return stand.clock.now() - at;
}

describe('an old order that cannot be read', () => {
  it('and that a sweep meets lets no new case wait, where pages are minutes apart', async () => {
    const world = await open();
    world.timings = SPACED;
    const connection = await longAgo({ last_sweep_at: START - 30 * HOUR });
    history(connection, 600);
    spoil(world, [10_005]);
    world.intake.start();
    await stand.clock.advance(15 * MINUTE);
    expect(await heldKeys()).toEqual(['10005']);
    for (const id of [90_000, 90_001, 90_002]) {
      // The floor, and a page each of the window, of what is looked for and of the sweep.
      expect(await waitForNew(connection, id)).toBeLessThanOrEqual(8 * MINUTE);
    }
    expect(await row()).toMatchObject({ problem: 'upstream_wrong_shape' });
    const at = callsOf('orders').map((call) => call.at);
    for (const [index, time] of at.slice(1).entries()) expect(time - (at[index] ?? 0)).toBeGreaterThanOrEqual(120_000);
  });

  it('lets no new case wait either where every fifth listing fails', async () => {
    const world = await open();
    const connection = await longAgo();
    history(connection, 1500);
    spoil(world, [10_005]);
    await remember(connection, 10_005);
    const { orders } = world.align;
    let calls = 0;
    world.align.orders = (token, query) => {
      calls += 1;
      if (calls % 5 === 0) return Promise.reject(new AlignFault('unavailable', 'getOrders', { status: 503 }));
      return orders(token, query);
    };
    world.intake.start();
    await stand.clock.advance(5 * MINUTE);
    for (const id of [90_000, 90_001, 90_002]) {
      expect(await waitForNew(connection, id)).toBeLessThanOrEqual(3 * ROUND);
    }
    // A page of the window and one where the order is.
    expect(calls).toBeLessThan(25);
  });

  it('moves the cursor on but proves nothing; once it is read, that very round proves', async () => {
    const world = await open();
    const connection = await longAgo();
    history(connection, 300);
    const { asked, mend } = spoil(world, [10_005]);
    await remember(connection, 10_005);
    world.intake.start();
    await waitForNew(connection, 90_000);
    expect(await row()).toMatchObject({ proved_until: null, cursor_at: orderOf(90_000).modifiedAt });
    mend(10_005);
    const before = stand.clock.now();
    await stand.clock.advance(ROUND);
    expect(await isVisible(10_005)).toBe(true);
    expect(await row()).toMatchObject({ problem: null });
    expect((await row()).proved_until).toBeGreaterThanOrEqual(before);
    expect(await heldKeys()).toEqual([]);
    asked.length = 0;
    await stand.clock.advance(ROUND);
    expect(asked).toHaveLength(1);
  });

  it('and moves on is held no longer where it was: readable it is taken, unreadable it is looked for anew', async () => {
    const world = await open();
    const connection = await longAgo();
    history(connection, 300);
    const { asked, mend } = spoil(world, [10_005, 10_006]);
    await remember(connection, 10_005);
    await remember(connection, 10_006);
    world.intake.start();
    await stand.clock.advance(1000);
    const now = stand.clock.now();
    const moved = [10_005, 10_006].map((id) => made(connection, id, now));
    stand.upstream.orders = [...stand.upstream.orders.filter(({ orderId }) => !/1000[56]/.test(orderId)), ...moved];
    mend(10_005);
    asked.length = 0;
    await stand.clock.advance(ROUND);
    expect(await isVisible(10_005)).toBe(true);
    expect(await heldKeys()).toEqual(['10006']);
    expect(asked.every((from) => (from ?? 0) > START - DAY)).toBe(true);
    expect(await row()).toMatchObject({ proved_until: null, problem: 'upstream_wrong_shape' });
  });

  it.each([
    ['its time', { time: false }, '10150'],
    ['its id', { id: false }, `${START - 89 * DAY + 150 * 25_632_000} status`],
    ['both', { id: false, time: false }, 'unknown status'],
  ])('and lacks %s is held until it can be read, and no longer', async (_what, shown, key) => {
    const world = await open();
    const connection = await longAgo();
    history(connection, 300);
    const { mend } = spoil(world, [10_150], shown);
    // Of one without a time the beginning of its page is known.
    await remember(connection, 10_150, {
      order_key: key,
      ...('time' in shown && { modified_at: orderOf(10_100).modifiedAt }),
    });
    world.intake.start();
    await stand.clock.advance(2 * ROUND);
    expect(await heldKeys()).toEqual([key]);
    expect(await row()).toMatchObject({ proved_until: null, problem: 'upstream_wrong_shape' });
    mend(10_150);
    await stand.clock.advance(ROUND);
    expect(await isVisible(10_150)).toBe(true);
    expect(await heldKeys()).toEqual([]);
    expect(await row()).toMatchObject({ problem: null });
  });

  it('is found among more orders of one moment than a page holds', async () => {
    const world = await open();
    const connection = await longAgo();
    history(connection, 300);
    const moment = START - 40 * DAY;
    const same = Array.from({ length: 350 }, (_, index) => made(connection, 20_000 + index, moment));
    stand.upstream.orders = [...stand.upstream.orders, ...same];
    await remember(connection, 20_340);
    world.intake.start();
    await stand.clock.advance(1000);
    expect(await isVisible(20_340)).toBe(true);
    expect(await heldKeys()).toEqual([]);
  });

  it('is looked for no sooner than upstream asks, and the window of that round counts', async () => {
    const world = await open();
    const connection = await longAgo();
    history(connection, 300);
    await remember(connection, 10_005);
    stand.upstream.listFaults.push(null, new AlignFault('rate_limited', 'getOrders', { retryAfterMs: 10 * MINUTE }));
    world.intake.start();
    await stand.clock.advance(10 * MINUTE - 1000);
    expect(callsOf('orders')).toHaveLength(2);
    expect((await row()).last_full_check_at).not.toBeNull();
    await stand.clock.advance(2000);
    expect(await isVisible(10_005)).toBe(true);
  });
});

describe('many orders that cannot be read', () => {
  it('far from each other are looked for in turn, one page of each round where pages are minutes apart', async () => {
    const world = await open();
    world.timings = SPACED;
    const connection = await longAgo();
    history(connection, 1000);
    const old = [10_005, 10_205, 10_405, 10_605];
    const { asked, mend } = spoil(world, old);
    for (const id of old) await remember(connection, id);
    world.intake.start();
    await stand.clock.advance(16 * MINUTE + 30_000);
    expect(asked.filter((from) => (from ?? 0) < START - 10 * DAY)).toEqual(old.map((id) => orderOf(id).modifiedAt - 1));
    expect(asked.length).toBeLessThanOrEqual(9);
    // The last one comes in its turn, whatever the first ones do.
    mend(10_605);
    await stand.clock.advance(20 * MINUTE);
    expect(await isVisible(10_605)).toBe(true);
    expect(await heldKeys()).toEqual(['10005', '10205', '10405']);
  });

  it('of a page that is never answered keep no others from their turn', async () => {
    const world = await open();
    world.timings = SPACED;
    const connection = await longAgo();
    history(connection, 600);
    await remember(connection, 10_005);
    await remember(connection, 10_405);
    const { orders } = world.align;
    world.align.orders = (token, query) =>
      query.from === orderOf(10_005).modifiedAt - 1
        ? Promise.reject(new AlignFault('unavailable', 'getOrders', { status: 500 }))
        : orders(token, query);
    world.intake.start();
    await stand.clock.advance(12 * MINUTE);
    expect(await isVisible(10_405)).toBe(true);
  });

  it('because upstream wrote a whole history otherwise are caught up with by the page', async () => {
    const world = await open();
    const connection = await connect(
      { created_at: START, last_pair_at: START, cursor_at: null, backfilled_at: null },
      0,
    );
    history(connection, 900);
    const ids = stand.upstream.orders.map(({ orderId }) => Number(orderId));
    const { asked, mend } = spoil(world, ids);
    world.intake.start();
    await stand.clock.advance(1000);
    expect(await heldKeys()).toHaveLength(900);
    mend(...ids);
    asked.length = 0;
    await stand.clock.advance(2 * ROUND);
    expect(await scans()).toHaveLength(900);
    expect(await heldKeys()).toEqual([]);
    expect(asked.length).toBeLessThan(25);
    expect((await stand.events()).filter((type) => type.startsWith('scan.'))).toEqual([]);
  });
});
