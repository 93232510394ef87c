import { afterEach, describe, expect, it } from 'vitest';
import { AlignFault } from '../../../bff/align/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import fc from '../../support/fast-check.ts';
import { addConnection, asset, order, settle, START } from '../support/fixtures.ts';
import { openWorld, type World } from '../support/world.ts';

let worlds: World[] = [];
afterEach(async () => {
  await Promise.all(worlds.map((world) => world.close()));
  worlds = [];
});

async function open(options?: Parameters<typeof openWorld>[0]): Promise<World> {
  const world = await openWorld(options);
  worlds.push(world);
  return world;
}

const many = (connection: ConnectionRow, count: number, at = START - 1000) =>
  Array.from({ length: count }, (_, index) =>
    order(connection, { orderId: String(200_000_000 + index), modifiedAt: at - index }),
  );

const listings = (world: World) => world.upstream.calls.filter((call) => call.operation === 'orders');

async function rounds(world: World, count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) await world.clock.advance(130_000);
}

const visible = async (world: World) =>
  (await world.store.db.selectFrom('scans').select('order_id').execute()).map((row) => row.order_id).sort();

const eventTypes = async (world: World) =>
  (await world.store.db.selectFrom('events').select(['type', 'data']).orderBy('id').execute()).map((row) => row.type);

describe('the first listing', () => {
  it('reads all pages of a smaller size than asked, silently, and tells the number once', async () => {
    const world = await open();
    const connection = await addConnection(world.store);
    world.upstream.orders = many(connection, 230);
    world.upstream.pageSize = 50;
    world.intake.start();
    await world.clock.advance(1000);
    expect(await visible(world)).toHaveLength(230);
    expect(listings(world)).toHaveLength(5);
    await rounds(world, 2);
    const [told, ...others] = await world.store.db.selectFrom('events').select(['type', 'data']).execute();
    expect(told).toMatchObject({ type: 'pairing.backfilled', data: '{"count":230}' });
    expect(others).toEqual([]);
  });

  it('announces what was changed after the clinic was connected', async () => {
    const world = await open();
    const connection = await addConnection(world.store);
    await world.clock.advance(60_000);
    world.upstream.orders = [order(connection, { modifiedAt: START + 30_000 })];
    world.intake.start();
    await world.clock.advance(1000);
    expect(await eventTypes(world)).toEqual(['scan.received', 'pairing.backfilled']);
  });

  it('goes back as far as it was told', async () => {
    const world = await open();
    const connection = await addConnection(world.store);
    const old = order(connection, { orderId: '1', modifiedAt: START - 91 * 86_400_000 });
    world.upstream.orders = [old, order(connection)];
    world.intake.start();
    await world.clock.advance(1000);
    expect(await visible(world)).toEqual(['100000001']);
  });
});

describe('the floor', () => {
  it('keeps 120 s from the end of a round to the start of the next, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ok', 'unavailable', 'timeout', 'rate_limited', 'wrong_shape'), { maxLength: 6 }),
        async (script) => {
          const world = await open();
          const connection = await addConnection(world.store);
          for (const kind of script) {
            world.upstream.listFaults.push(kind === 'ok' ? null : new AlignFault(kind, 'getOrders'));
          }
          world.upstream.orders = [order(connection)];
          world.intake.start();
          await rounds(world, 8);
          const starts = listings(world).map((call) => call.at);
          const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
          expect(Math.min(...gaps)).toBeGreaterThanOrEqual(120_000);
          // It only adds a little: nothing is late either.
          expect(Math.max(...gaps)).toBeLessThan(130_000);
          expect(await visible(world)).toEqual(['100000001']);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('is the account’s: a second instance and a new connection of the same account wait for it', async () => {
    const world = await open();
    const connection = await addConnection(world.store);
    world.intake.start();
    const second = await open({ store: world.store, clock: world.clock, upstream: world.upstream });
    second.intake.start();
    await rounds(world, 3);
    await world.store.write((tx) =>
      tx.updateTable('connections').set({ state: 'unpaired', ended_at: 1 }).where('id', '=', connection.id).execute(),
    );
    await addConnection(world.store, { account_id: connection.account_id, tenant: 'another' });
    await rounds(world, 4);
    const starts = listings(world).map((call) => call.at);
    expect(starts.length).toBeGreaterThanOrEqual(6);
    expect(Math.min(...starts.slice(1).map((at, index) => at - (starts[index] ?? 0)))).toBeGreaterThanOrEqual(120_000);
  });

  it('counts from the latest possible end of the call when a process dies in the middle', async () => {
    const world = await open();
    await addConnection(world.store);
    const neverAnswers = { ...world.align, orders: () => new Promise<never>(() => undefined) };
    Object.assign(world.align, neverAnswers);
    world.intake.start();
    await world.clock.advance(1000);
    const lease = await world.store.db.selectFrom('poll_leases').selectAll().executeTakeFirstOrThrow();
    expect(lease.not_before - START).toBeGreaterThanOrEqual(120_000 + world.timings.requestTimeout);
    worlds = []; // its round never ends
    const second = await openWorld({ store: world.store, clock: world.clock });
    second.intake.start();
    await world.clock.advance(lease.not_before - START - 3000);
    expect(listings(second)).toEqual([]);
    await world.clock.advance(60_000);
    expect(listings(second)).toHaveLength(1);
    await second.intake.stop();
    await world.store.close();
  });

  it('obeys Retry-After', async () => {
    const world = await open();
    await addConnection(world.store);
    world.upstream.listFaults.push(new AlignFault('rate_limited', 'getOrders', { retryAfterMs: 400_000 }));
    world.intake.start();
    await rounds(world, 5);
    const [first, second] = listings(world);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(400_000);
  });

  it('is kept between pages where upstream counts every call, and all arrives', async () => {
    const world = await open();
    const connection = await addConnection(world.store);
    world.upstream.orders = many(connection, 250);
    world.upstream.strictMs = 120_000;
    world.intake.start();
    await rounds(world, 8);
    expect(await visible(world)).toHaveLength(250);
    expect(await eventTypes(world)).toEqual(['pairing.backfilled']);
  });
});

describe('a listing that moves while it is read', () => {
  it('is listed again from where it still stood, so that nothing falls between two pages', async () => {
    const world = await open();
    const connection = await addConnection(world.store);
    world.upstream.orders = many(connection, 150);
    let moved = false;
    world.upstream.beforeListing = (number) => {
      if (number !== 2 || moved) return;
      moved = true;
      // The oldest leaves the window: what was on page 2 slides to page 1.
      world.upstream.orders = world.upstream.orders.map((one) =>
        one.modifiedAt === Math.min(...world.upstream.orders.map((other) => other.modifiedAt))
          ? { ...one, modifiedAt: world.clock.now() + 1 }
          : one,
      );
    };
    world.intake.start();
    await world.clock.advance(1000);
    const row = await world.store.db.selectFrom('connections').selectAll().executeTakeFirstOrThrow();
    const hidden = world.upstream.orders.filter(({ modifiedAt }) => modifiedAt > (row.cursor_at ?? 0));
    expect(hidden.length).toBeGreaterThanOrEqual(50);
    expect(row).toMatchObject({ backfilled_at: null, last_full_check_at: null, proved_until: null });
    await rounds(world, 2);
    expect(await visible(world)).toHaveLength(150);
    const later = await world.store.db.selectFrom('connections').selectAll().executeTakeFirstOrThrow();
    expect(later.cursor_at).toBe(Math.max(...world.upstream.orders.map(({ modifiedAt }) => modifiedAt)));
    expect(later.proved_until).not.toBeNull();
  });
});

describe('without any notification', () => {
  it('everything becomes visible within one round after it was due', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ order: fc.integer({ min: 1, max: 4 }), after: fc.integer({ min: 0, max: 200_000 }) }), {
          minLength: 1,
          maxLength: 12,
        }),
        async (changes) => {
          const world = await open();
          const connection = await addConnection(world.store);
          world.intake.start();
          await settle();
          for (const change of changes) {
            await world.clock.advance(change.after);
            const orderId = String(change.order);
            const changed = order(connection, {
              orderId,
              modifiedAt: world.clock.now(),
              assets: [asset('ide', world.clock.now()), asset('gallery', world.clock.now())],
            });
            world.upstream.orders = [...world.upstream.orders.filter((one) => one.orderId !== orderId), changed];
          }
          await world.clock.advance(120_000 * 1.05 + 1000);
          for (const one of world.upstream.orders) {
            const scan = await world.store.db
              .selectFrom('scans')
              .select('modified_at')
              .where('order_id', '=', one.orderId)
              .executeTakeFirst();
            expect(scan?.modified_at).toBe(one.modifiedAt);
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('the connection', () => {
  it('says why checks fail, and that they work again', async () => {
    const world = await open();
    await addConnection(world.store);
    world.upstream.listFaults.push(new AlignFault('unavailable', 'getOrders'));
    world.intake.start();
    await world.clock.advance(1000);
    const problem = async () =>
      (await world.store.db.selectFrom('connections').selectAll().executeTakeFirstOrThrow()).problem;
    expect(await problem()).toBe('upstream_unavailable');
    await rounds(world, 1);
    expect(await problem()).toBeNull();
  });

  it('is not listed while nobody is signed in', async () => {
    const world = await open();
    await addConnection(world.store, { state: 'needs_login' });
    world.intake.start();
    await rounds(world, 2);
    expect(listings(world)).toEqual([]);
  });
});
