/** What the windows of the rounds, their progress and the daily sweep promise together, whatever upstream's clock says. */
import { afterEach, describe, expect, it } from 'vitest';
import { AlignFault, type OrderPage, type OrderQuery, type UpstreamOrder } from '../../../bff/align/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { addConnection, asset, order, START, TIMINGS } from '../support/fixtures.ts';
import { openWorld, type World } from '../support/world.ts';

const HOUR = 3_600_000;
const ROUND = 127_000;
let world: World;
afterEach(() => world.close());

/** Paired a while ago, with everything that was there then listed. */
async function connect(change: Partial<ConnectionRow> = {}): Promise<ConnectionRow> {
  world = await openWorld();
  return addConnection(world.store, {
    created_at: START - 30 * 24 * HOUR,
    last_pair_at: START - 30 * 24 * HOUR,
    ...change,
  });
}
const put = (connection: ConnectionRow, id: number, modifiedAt: number): void => {
  const orderId = String(id);
  const made = order(connection, {
    orderId,
    modifiedAt,
    assets: [asset('ide', modifiedAt), asset('gallery', modifiedAt)],
  });
  world.upstream.orders = [...world.upstream.orders.filter((one) => one.orderId !== orderId), made];
};
const visible = async (): Promise<string[]> =>
  (await world.store.db.selectFrom('scans').select('order_id').orderBy('order_id').execute()).map(
    (row) => row.order_id,
  );
const row = () => world.store.db.selectFrom('connections').selectAll().executeTakeFirstOrThrow();
const learnt = async (id: number) =>
  world.store.db.selectFrom('scan_versions').select('learnt_by').where('order_id', '=', String(id)).execute();
/** Hours in which nothing happens. */
async function pass(hours: number): Promise<void> {
  world.clock.set(world.clock.now() + hours * HOUR);
  await world.clock.advance(2 * ROUND);
}
const listings = () => world.upstream.calls.filter(({ operation }) => operation === 'orders');

describe('where upstream’s clock', () => {
  it.each([
    ['is six hours behind ours', -6 * HOUR],
    ['is six hours ahead of ours', 6 * HOUR],
    ['is right', 0],
  ])('%s, every case is visible after the next round', async (_name, skew) => {
    const connection = await connect();
    world.intake.start();
    for (let id = 1; id <= 8; id += 1) {
      put(connection, id, world.clock.now() + skew);
      // The middle one changes again.
      if (id === 5) put(connection, 3, world.clock.now() + skew);
      await world.clock.advance(ROUND);
      expect(await visible()).toHaveLength(id);
      // The newest that was seen, but never later than the round itself.
      const newest = world.upstream.orders.reduce((most, one) => Math.max(most, one.modifiedAt), 0);
      const { cursor_at, proved_until } = await row();
      expect(cursor_at).toBe(Math.min(newest, proved_until ?? 0));
    }
    expect(await world.store.db.selectFrom('events').select('type').execute()).toContainEqual({ type: 'scan.updated' });
    const last = await row();
    expect((last.proved_until ?? 0) - world.clock.now()).toBeGreaterThan(-ROUND);
  });

  it('has one order in the future: what changes while nobody lists for hours is not hidden by it', async () => {
    const connection = await connect();
    world.intake.start();
    put(connection, 1, START + 20 * HOUR);
    await world.clock.advance(ROUND);
    await world.intake.stop();
    put(connection, 2, START + 2 * HOUR);
    world.clock.set(START + 10 * HOUR);
    const later = await openWorld({ store: world.store, clock: world.clock, upstream: world.upstream });
    later.intake.start();
    await world.clock.advance(ROUND);
    expect(await visible()).toEqual(['1', '2']);
    await later.close();
  });

  it('jumps, and one order lies in the future: what comes next is not hidden by it', async () => {
    const connection = await connect();
    world.intake.start();
    put(connection, 1, START + 20 * HOUR);
    await world.clock.advance(ROUND);
    put(connection, 2, world.clock.now() - 10 * 60_000);
    await world.clock.advance(ROUND);
    expect(await visible()).toEqual(['1', '2']);
  });

  it('lists less while nothing happens: the window does not grow', async () => {
    const connection = await connect();
    for (let id = 1; id <= 250; id += 1) put(connection, id, START - (251 - id) * HOUR);
    world.intake.start();
    await world.clock.advance(ROUND);
    const before = listings().length;
    await world.clock.advance(10 * ROUND);
    expect(listings().length - before).toBeLessThanOrEqual(11);
  });
});

describe('a listing that is cut off', () => {
  it('goes on where it was, and is told as one', async () => {
    const connection = await connect({ created_at: START, last_pair_at: START });
    for (let id = 1; id <= 450; id += 1) put(connection, 1000 + id, START - (451 - id) * HOUR);
    world.upstream.listFaults.push(null, null, new AlignFault('unavailable', 'getOrders'));
    world.intake.start();
    await world.clock.advance(1000);
    expect(await visible()).toHaveLength(199);
    expect(await row()).toMatchObject({ backfilled_at: null, last_full_check_at: null });
    const before = listings().length;
    await world.clock.advance(ROUND);
    expect(await visible()).toHaveLength(450);
    expect(listings().length - before).toBe(3);
    const told = await world.store.db.selectFrom('events').select(['type', 'data']).execute();
    expect(told).toEqual([{ type: 'pairing.backfilled', data: '{"count":450}' }]);
  });

  it('by a clinic that never rests ends all the same', async () => {
    const connection = await connect({ created_at: START, last_pair_at: START });
    for (let id = 1; id <= 450; id += 1) put(connection, 1000 + id, START - (451 - id) * HOUR);
    let busy = 0;
    world.upstream.beforeListing = (number) => {
      // Somebody works on an old case between any two pages.
      if (number % 5 !== 1) put(connection, 1001 + busy++, world.clock.now());
    };
    world.intake.start();
    await world.clock.advance(7 * ROUND);
    expect(await visible()).toHaveLength(450);
    expect((await row()).backfilled_at).not.toBeNull();
    expect((await row()).last_full_check_at).not.toBeNull();
  });
});

describe('the daily sweep', () => {
  /** Upstream brings an order late, under a time that every window has passed. */
  async function hide(connection: ConnectionRow, id: number): Promise<void> {
    put(connection, 1, world.clock.now());
    await world.clock.advance(ROUND);
    put(connection, id, world.clock.now() - 5 * HOUR);
  }

  it('finds what the windows missed, learnt by poll and told as news, once a day at most', async () => {
    const connection = await connect();
    world.intake.start();
    await hide(connection, 7);
    await world.clock.advance(3 * ROUND);
    expect(await visible()).toEqual(['1']);
    await pass(27);
    expect(await visible()).toEqual(['1', '7']);
    expect(await learnt(7)).toEqual([{ learnt_by: 'poll' }]);
    const swept = (await row()).last_sweep_at ?? 0;
    expect(swept).toBeGreaterThan(START + 24 * HOUR);
    await pass(22);
    expect((await row()).last_sweep_at).toBe(swept);
    await pass(5);
    expect((await row()).last_sweep_at).toBeGreaterThanOrEqual(swept + 24 * HOUR);
  });

  it('keeps to the floor, lets the windows go first, and goes on over faults and a restart where it was', async () => {
    const connection = await connect();
    world.timings = { ...TIMINGS, pageSpacing: 20_000, backfillDays: null };
    for (let id = 1; id <= 900; id += 1) put(connection, 1000 + id, START - 40 * 24 * HOUR + id * 60_000);
    world.intake.start();
    await world.clock.advance(12 * ROUND);
    expect(await visible()).toHaveLength(900);
    // One in the middle of everything that nobody listed.
    put(connection, 5, START - 40 * 24 * HOUR + 450 * 60_000 + 1);
    await world.store.write((tx) =>
      tx
        .updateTable('connections')
        .set({ last_sweep_at: START - 30 * HOUR })
        .execute(),
    );
    await world.clock.advance(3 * ROUND);
    const half = await row();
    expect(half.sweep_page).not.toBeNull();
    expect(half.sweep_from ?? 0).toBeGreaterThan(START - 40 * 24 * HOUR);
    await world.intake.stop();
    const again = await openWorld({ store: world.store, clock: world.clock, upstream: world.upstream });
    again.timings = world.timings;
    world.upstream.listFaults.push(null, new AlignFault('unavailable', 'getOrders'));
    again.intake.start();
    put(connection, 6, world.clock.now());
    await world.clock.advance(200_000);
    expect(await visible()).toContain('6');
    await world.clock.advance(14 * 160_000);
    expect(await visible()).toContain('5');
    expect(await row()).toMatchObject({ sweep_page: null, sweep_from: null, sweep_started_at: null });
    const gaps = listings()
      .map(({ at }) => at)
      .map((at, index, all) => at - (all[index - 1] ?? -Infinity));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(20_000);
    await again.intake.stop();
  });

  it('gets over more orders of one moment than a page holds', async () => {
    const connection = await connect();
    world.timings = { ...TIMINGS, pageSpacing: 1000, backfillDays: null };
    for (let id = 1; id <= 350; id += 1) put(connection, 1000 + id, START - 40 * 24 * HOUR);
    put(connection, 2000, START - 39 * 24 * HOUR);
    world.intake.start();
    await world.clock.advance(5 * ROUND);
    await world.store.write((tx) =>
      tx
        .updateTable('connections')
        .set({ last_sweep_at: START - 30 * HOUR })
        .execute(),
    );
    await world.clock.advance(8 * ROUND);
    expect(await row()).toMatchObject({ sweep_page: null });
    expect((await row()).last_sweep_at).toBeGreaterThan(START);
  });

  it('of a longer history than before floods nobody', async () => {
    const connection = await connect();
    world.intake.start();
    put(connection, 1, START - 200 * 24 * HOUR);
    await world.clock.advance(ROUND);
    expect(await visible()).toEqual([]);
    world.timings = { ...TIMINGS, backfillDays: 365 };
    await pass(27);
    expect(await learnt(1)).toEqual([{ learnt_by: 'backfill' }]);
    const told = await world.store.db.selectFrom('events').select('type').execute();
    expect(told).toEqual([{ type: 'pairing.backfilled' }]);
  });
});

describe('an order that stays unreadable', () => {
  /** Upstream writes it otherwise, in every listing. */
  function spoil(...ids: string[]): () => void {
    const broken = new Set(ids);
    const { orders } = world.align;
    world.align.orders = async (token: string, query: OrderQuery): Promise<OrderPage> => {
      const page = await orders(token, query);
      const isBroken = ({ orderId }: UpstreamOrder): boolean => broken.has(orderId);
      return {
        ...page,
        orders: page.orders.filter((one) => !isBroken(one)),
        unreadable: page.orders
          .filter(isBroken)
          .map(({ orderId, modifiedAt }) => ({ orderId, modifiedAt, property: 'orders[3].status' })),
      };
    };
    return () => broken.clear();
  }
  const fromOf: (number | undefined)[] = [];
  function watchWindows(): void {
    fromOf.length = 0;
    const { orders } = world.align;
    world.align.orders = (token: string, query: OrderQuery): Promise<OrderPage> => {
      fromOf.push(query.from);
      return orders(token, query);
    };
  }

  it('is looked for in every round for a day and no longer; then by the sweep, and people are told all the time', async () => {
    const connection = await connect();
    const mend = spoil('1');
    put(connection, 1, START - HOUR);
    world.intake.start();
    put(connection, 2, START);
    await world.clock.advance(ROUND);
    expect(await visible()).toEqual(['2']);
    expect(await row()).toMatchObject({ problem: 'upstream_wrong_shape', cursor_at: START });
    watchWindows();
    await world.clock.advance(ROUND);
    // The window as ever, and after it where the order was.
    expect(fromOf).toEqual([START - TIMINGS.overlap, START - HOUR - 1]);
    await pass(28);
    put(connection, 3, world.clock.now());
    await world.clock.advance(2 * ROUND);
    watchWindows();
    await world.clock.advance(ROUND);
    expect(Math.min(...fromOf.map((from) => from ?? 0))).toBeGreaterThan(START + 24 * HOUR);
    expect((await row()).problem).toBe('upstream_wrong_shape');
    mend();
    await pass(26);
    expect(await visible()).toEqual(['1', '2', '3']);
    await world.clock.advance(ROUND);
    expect((await row()).problem).toBeNull();
    expect(await world.store.db.selectFrom('unreadable_orders').selectAll().execute()).toEqual([]);
  });

  it('and is not listed any more is forgotten', async () => {
    const connection = await connect();
    spoil('1');
    put(connection, 1, START - HOUR);
    world.intake.start();
    await world.clock.advance(ROUND);
    expect((await row()).problem).toBe('upstream_wrong_shape');
    world.upstream.orders = [];
    await world.clock.advance(2 * ROUND);
    expect((await row()).problem).toBeNull();
  });
});
