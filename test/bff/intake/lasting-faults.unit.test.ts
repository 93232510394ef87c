/** What does not end by itself: faults that stay, clinics that nobody connects again, clocks that were set back. Nothing goes on without end. */
import { afterEach, describe, expect, it } from 'vitest';
import { AlignFault, type OrderPage, type OrderQuery } from '../../../bff/align/index.ts';
import { isBehind } from '../../../bff/ledger/summary.ts';
import type { Store } from '../../../bff/store/index.ts';
import type { ConnectionRow, HintTable } from '../../../bff/store/schema.ts';
import {
  addConnection,
  asset,
  handClock,
  openTestStore,
  order,
  START,
  TIMINGS,
  type HandClock,
} from '../support/fixtures.ts';
import { openWorld, ScriptedUpstream, type World } from '../support/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ROUND = 127_000;

let clock: HandClock;
let store: Store;
let upstream: ScriptedUpstream;
let worlds: World[];
afterEach(async () => {
  await Promise.all(worlds.map((world) => world.close()));
  await store.close();
});

async function open(): Promise<World> {
  clock = handClock();
  store = await openTestStore(clock);
  upstream = new ScriptedUpstream(() => clock.now());
  worlds = [];
  return enter();
}
async function enter(instance?: { skew: number }): Promise<World> {
  const world = await openWorld({ store, clock, upstream, ...(instance !== undefined && { instance }) });
  worlds.push(world);
  return world;
}
/** Listed a moment ago, and not again for as long as no round is wanted. */
async function connect(change: Partial<ConnectionRow> = {}, restFor = 23 * HOUR): Promise<ConnectionRow> {
  const connection = await addConnection(store, { backfilled_at: START, cursor_at: START, ...change });
  const { environment, account_id } = connection;
  await store.write((tx) =>
    tx
      .insertInto('poll_leases')
      .values({
        environment,
        account_id,
        holder: null,
        held_until: 0,
        last_ended_at: START,
        not_before: START + restFor,
      })
      .execute(),
  );
  return connection;
}
function hint(connection: ConnectionRow, rxId: string): Omit<HintTable, 'id'> {
  return {
    vendor: connection.vendor,
    tenant: connection.tenant,
    environment: connection.environment,
    connection_id: connection.id,
    rx_id: rxId,
    received_at: clock.now(),
    state: 'waiting',
    attempts: 0,
    next_at: 0,
    outcome: null,
  };
}
const keepHints = (hints: readonly Omit<HintTable, 'id'>[]) =>
  store.write((tx) => tx.insertInto('hints').values(hints).execute());
const scans = () => store.db.selectFrom('scans').selectAll().orderBy('order_id').execute();
const row = () => store.db.selectFrom('connections').selectAll().executeTakeFirstOrThrow();
const hintRows = () => store.db.selectFrom('hints').selectAll().execute();
const events = async () =>
  (await store.db.selectFrom('events').select('type').orderBy('id').execute()).map(({ type }) => type);
const callsOf = (operation: 'orders' | 'orderByRxId') => upstream.calls.filter((call) => call.operation === operation);

describe('a file that is looked for', () => {
  /** A case without its iDE, seen at START. */
  async function waiting(world: World, change: Partial<ConnectionRow> = {}): Promise<ConnectionRow> {
    world.timings = { ...TIMINGS, recheckFor: 2 * HOUR };
    const connection = await connect(change, 20 * HOUR);
    upstream.orders = [order(connection, { rxId: 'rx-1', assets: [asset('gallery')] })];
    await keepHints([hint(connection, 'rx-1')]);
    world.intake.start();
    await clock.advance(MINUTE);
    expect(await scans()).toMatchObject([{ missing_since: START, missing_told_at: null }]);
    return connection;
  }

  it.each(['wrong_shape', 'user_not_allowed', 'invalid_request', 'host_refused'] as const)(
    'is not asked for without end while upstream’s answer is %s, and people are told what to do by hand',
    async (kind) => {
      const world = await open();
      await waiting(world);
      world.align.orderByRxId = () => {
        upstream.calls.push({ operation: 'orderByRxId', at: clock.now(), account: '' });
        return Promise.reject(new AlignFault(kind, 'getOrderByRxId'));
      };
      await clock.advance(10 * MINUTE);
      expect(await events()).toContain('scan.asset_missing');
      const soon = callsOf('orderByRxId').length;
      expect(soon).toBeLessThan(9);
      await clock.advance(3 * HOUR);
      expect(await scans()).toMatchObject([{ recheck_at: null, missing_since: START }]);
      const all = callsOf('orderByRxId').length;
      await clock.advance(3 * HOUR);
      expect(callsOf('orderByRxId')).toHaveLength(all);
    },
  );

  it('of a clinic that nobody connects again is given up in the end, and told', async () => {
    const world = await open();
    const { id } = await waiting(world);
    await store.write((tx) =>
      tx.updateTable('connections').set({ state: 'unpaired', ended_at: clock.now() }).where('id', '=', id).execute(),
    );
    await clock.advance(3 * HOUR);
    const [scan] = await scans();
    expect(scan).toMatchObject({ recheck_at: null, missing_since: START });
    expect(scan?.missing_told_at).not.toBeNull();
    expect(await events()).toContain('scan.asset_missing');
  });

  it('is looked for anew when a later version comes without it too', async () => {
    const world = await open();
    const connection = await waiting(world);
    await clock.advance(3 * HOUR);
    expect(await scans()).toMatchObject([{ recheck_at: null }]);
    const now = clock.now();
    upstream.orders = [
      order(connection, { rxId: 'rx-1', status: 'Lab Review', modifiedAt: now, assets: [asset('gallery')] }),
    ];
    await keepHints([hint(connection, 'rx-1')]);
    await clock.advance(30_000);
    const [scan] = await scans();
    expect(scan).toMatchObject({ status: 'Lab Review', missing_told_at: null });
    expect(scan?.recheck_at).toBeGreaterThan(now);
  });
});

describe('a notification', () => {
  it.each(['invalid_request', 'wrong_shape', 'user_not_allowed'] as const)(
    'of an RX for which upstream’s answer stays %s is given up in the end',
    async (kind) => {
      const world = await open();
      world.timings = { ...TIMINGS, recheckFor: 2 * HOUR };
      const connection = await connect();
      world.align.orderByRxId = () => Promise.reject(new AlignFault(kind, 'getOrderByRxId'));
      await keepHints([hint(connection, 'test')]);
      world.intake.start();
      await clock.advance(HOUR);
      expect(await hintRows()).toMatchObject([{ state: 'waiting' }]);
      await clock.advance(90 * MINUTE);
      expect(await hintRows()).toMatchObject([{ state: 'gone' }]);
    },
  );

  it('of a clinic where nobody is signed in waits without a call, and is followed when somebody is', async () => {
    const world = await open();
    const connection = await connect({ state: 'needs_login' });
    upstream.orders = [order(connection, { rxId: 'rx-1' })];
    await keepHints([hint(connection, 'rx-1')]);
    world.intake.start();
    await clock.advance(HOUR);
    expect(callsOf('orderByRxId')).toEqual([]);
    await store.write((tx) => tx.updateTable('connections').set({ state: 'paired' }).execute());
    await clock.advance(11 * MINUTE);
    expect(await events()).toEqual(['scan.received']);
  });

  it('that waits for a month is let go: what it told was listed since', async () => {
    const world = await open();
    const connection = await connect({ state: 'needs_login' });
    await keepHints([hint(connection, 'rx-1')]);
    clock.set(START + 31 * DAY);
    await keepHints([hint(connection, 'rx-2')]);
    await world.intake.prune();
    expect((await hintRows()).map(({ rx_id, state, outcome }) => [rx_id, state, outcome])).toEqual([
      ['rx-1', 'gone', 'too_old'],
      ['rx-2', 'waiting', null],
    ]);
  });

  it('is not kept waiting by thousands of a clinic that upstream wants to be left alone', async () => {
    const world = await open();
    const held = await connect();
    const other = await connect();
    upstream.orders = [order(other, { rxId: 'rx-other' })];
    upstream.rxFaults.push(
      ...Array.from({ length: 4 }, () => new AlignFault('rate_limited', 'getOrderByRxId', { retryAfterMs: HOUR })),
    );
    world.intake.start();
    await keepHints(Array.from({ length: 2100 }, (_, index) => hint(held, `rx-${index}`)));
    await clock.advance(30_000);
    expect(await events()).toEqual([]);
    await keepHints([hint(other, 'rx-other')]);
    await clock.advance(31_000);
    expect(await events()).toEqual(['scan.received']);
  });

  it('of each clinic is begun before a second one of any', async () => {
    const world = await open();
    const clinics = [await connect(), await connect(), await connect(), await connect(), await connect()];
    await keepHints(Array.from({ length: 300 }, (_, index) => hint(clinics[0] as ConnectionRow, `rx-0-${index}`)));
    for (const [index, clinic] of clinics.entries()) if (index > 0) await keepHints([hint(clinic, `rx-${index}`)]);
    const asked: string[] = [];
    world.align.orderByRxId = (account) => {
      asked.push(account);
      return new Promise(() => undefined);
    };
    world.intake.start();
    await clock.advance(1000);
    expect(asked).toHaveLength(6);
    expect(new Set(asked.slice(0, 5)).size).toBe(5);
    worlds = [];
  });
});

it('clinics with much to be looked at take turns, however many they are', async () => {
  const world = await open();
  const clinics: ConnectionRow[] = [];
  for (let count = 0; count < 10; count += 1) clinics.push(await connect());
  for (const clinic of clinics) {
    await keepHints(Array.from({ length: 40 }, (_, index) => hint(clinic, `rx-${clinic.id}-${index}`)));
  }
  const asked: string[] = [];
  world.align.orderByRxId = (account) => {
    asked.push(account);
    return clock.sleep(100).then(() => Promise.reject(new AlignFault('not_found', 'getOrderByRxId')));
  };
  world.intake.start();
  await clock.advance(450);
  expect(asked.length).toBeGreaterThanOrEqual(20);
  expect(new Set(asked.slice(0, 10)).size).toBe(10);
  expect(new Set(asked.slice(10, 20)).size).toBe(10);
  const stopped = world.intake.stop();
  await clock.advance(200);
  await stopped;
});

describe('a time that upstream named', () => {
  it('is waited for by every instance, also one that starts later, in all three ways in', async () => {
    await open();
    const connection = await connect({}, 0);
    upstream.orders = [order(connection, { rxId: 'rx-1' })];
    const first = await enter({ skew: 0 });
    upstream.listFaults.push(new AlignFault('rate_limited', 'getOrders', { retryAfterMs: HOUR }));
    first.intake.start();
    await keepHints([{ ...hint(connection, 'rx-1'), next_at: START + 5000 }]);
    await clock.advance(3000);
    expect(upstream.calls).toHaveLength(1);
    const second = await enter({ skew: 0 });
    second.intake.start();
    await clock.advance(HOUR - 4000);
    expect(upstream.calls).toHaveLength(1);
    await clock.advance(MINUTE);
    expect(callsOf('orders').length).toBe(2);
    expect(callsOf('orderByRxId').length).toBe(1);
    expect((callsOf('orderByRxId')[0]?.at ?? 0) - START).toBeGreaterThanOrEqual(HOUR);
  });
});

describe('a clock that was ahead', () => {
  it('and is set back holds no clinic up until the wrong time, and the ledger says so meanwhile', async () => {
    const ahead = await open();
    const connection = await connect({}, 0);
    // Upstream's own clock is right.
    upstream.strictMs = -Infinity;
    clock.set(START + 400 * DAY);
    ahead.intake.start();
    await clock.advance(1000);
    const before = callsOf('orders').length;
    expect(before).toBeGreaterThan(0);
    await ahead.intake.stop();
    clock.set(START);
    expect(isBehind(await row(), clock.now(), TIMINGS)).toBe(true);
    upstream.orders = [order(connection, { rxId: 'rx-1' })];
    const back = await enter();
    back.intake.start();
    await clock.advance(TIMINGS.pollFloor - 1000);
    // No floor is shortened by it.
    expect(callsOf('orders')).toHaveLength(before);
    await clock.advance(11_000);
    expect(await scans()).toHaveLength(1);
    expect(isBehind(await row(), clock.now(), TIMINGS)).toBe(false);
  });

  it('and whose process died in the middle of a round holds its clinic up for no longer than a floor', async () => {
    const world = await open();
    await connect({}, 400 * DAY);
    await store.write((tx) =>
      tx
        .updateTable('poll_leases')
        .set({ holder: 'dead', held_until: START + 400 * DAY })
        .execute(),
    );
    world.intake.start();
    await clock.advance(TIMINGS.requestTimeout + TIMINGS.pollFloor - 1000);
    expect(callsOf('orders')).toEqual([]);
    await clock.advance(2000);
    expect(callsOf('orders')).toHaveLength(1);
  });

  it('leaves no notification and no missing file for the wrong time', async () => {
    const world = await open();
    const connection = await connect();
    upstream.orders = [order(connection, { rxId: 'rx-1', assets: [asset('gallery')] })];
    await keepHints([{ ...hint(connection, 'rx-1'), next_at: START + 400 * DAY }]);
    world.intake.start();
    await clock.advance(31_000);
    expect(await scans()).toHaveLength(1);
    await store.write((tx) =>
      tx
        .updateTable('scans')
        .set({ recheck_at: START + 400 * DAY })
        .execute(),
    );
    await clock.advance(11 * MINUTE);
    expect(callsOf('orderByRxId').length).toBeGreaterThan(1);
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
    upstream.orders = Array.from({ length: count }, (_, index) =>
      order(connection, { orderId: String(1000 + index), modifiedAt: START - 10 * MINUTE + index * 1000 }),
    );
  };

  it('goes on past an order that the store refuses, says that nothing is proved, and takes it when it can', async () => {
    const world = await open();
    const connection = await connect({}, 0);
    put(connection, 151);
    const whole = upstream.orders[40];
    if (whole === undefined) throw new Error('no such order');
    upstream.orders[40] = { ...whole, patient: { ...whole.patient, lastName: 7 as unknown as string } };
    world.intake.start();
    await clock.advance(2000);
    expect(await scans()).toHaveLength(150);
    expect(await row()).toMatchObject({ proved_until: null, problem: 'upstream_wrong_shape' });
    expect((await row()).last_full_check_at).not.toBeNull();
    upstream.orders[40] = whole;
    await clock.advance(ROUND);
    expect(await scans()).toHaveLength(151);
    expect((await row()).proved_until).not.toBeNull();
    expect(await row()).toMatchObject({ problem: null });
  });

  it('that is cut off remembers what it could not read before', async () => {
    const world = await open();
    const connection = await connect({}, 0);
    put(connection, 150);
    const hidden = upstream.orders[10];
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
    await clock.advance(1000);
    expect(await store.db.selectFrom('unreadable_orders').select('order_key').execute()).toEqual([
      { order_key: hidden.orderId },
    ]);
    await clock.advance(2 * ROUND);
    expect(await row()).toMatchObject({ proved_until: null, problem: 'upstream_wrong_shape' });
    isBroken = false;
    await clock.advance(ROUND);
    expect((await scans()).map(({ order_id }) => order_id)).toContain(hidden.orderId);
    expect(await row()).toMatchObject({ problem: null });
  });

  it('keeps the floor of its own environment when another one is switched to in the middle of it', async () => {
    const world = await open();
    const connection = await connect({}, 0);
    put(connection, 1);
    upstream.beforeListing = (number) => {
      world.timings = number === 1 ? { ...TIMINGS, pollFloor: 1000 } : TIMINGS;
    };
    world.intake.start();
    await clock.advance(100);
    world.timings = TIMINGS;
    await clock.advance(3 * ROUND);
    const at = callsOf('orders').map((call) => call.at);
    expect(at.length).toBeGreaterThan(2);
    for (const [index, time] of at.slice(1).entries()) expect(time - (at[index] ?? 0)).toBeGreaterThanOrEqual(120_000);
  });
});
