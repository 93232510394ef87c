/** The first listing: what was there before counts as read, and nobody is flooded. */
import { afterEach, describe, expect, it } from 'vitest';
import { openStand, RIVERSIDE, type Stand, type StandOptions } from './support/stand.ts';

let stand: Stand;
afterEach(() => stand.close());
const HISTORY = 8; // one a month, from last week to more than 200 days ago
const open = async (options: StandOptions = {}): Promise<Stand> => {
  stand = await openStand({ paired: false, ...options, cloud: { history: HISTORY, ...options.cloud } });
  await stand.pair();
  return stand;
};
const types = async () => (await stand.events()).map(({ type }) => type);

describe('the first listing', () => {
  it('brings 90 days as read, tells their number once, and announces none', async () => {
    await open();
    await stand.advance(130_000);
    const { items, total, unread } = await stand.list();
    expect([total, unread]).toEqual([3, 0]);
    expect(new Set(items.map(({ learntBy }) => learntBy))).toEqual(new Set(['backfill']));
    expect(await types()).toEqual(['pairing.created', 'pairing.backfilled']);
    expect((await stand.events()).at(-1)?.count).toBe(3);
    expect((await stand.pairing()).ledger).toMatchObject({ cases: 3, backfilled: 3, byNotification: 0, recovered: 0 });
    // Their pictures are made and fetched when somebody looks.
    expect(stand.countOf('asset') + stand.countOf('cdn')).toBe(0);
    const picture = await stand.open((await stand.detail(items[0]?.orderId ?? '')).thumbnails[0]?.small);
    expect(picture.status).toBe(200);
  });

  it('goes back to the beginning where that is configured', async () => {
    await open({ timings: { backfillDays: null } });
    expect((await stand.list()).total).toBe(HISTORY);
    expect((await stand.events()).at(-1)).toMatchObject({ type: 'pairing.backfilled', count: HISTORY });
  });

  it('goes on page by page over a kill and over faults, and is told once', async () => {
    await open({ timings: { backfillDays: null, pageSpacing: 20_000 }, cloud: { flags: { maxPageSize: 2 } } });
    stand.cloud.faults.add({ on: 'getOrders', kind: 'status', status: 503, after: 1 });
    await stand.advance(25_000);
    await stand.kill();
    await stand.advance(600_000);
    expect(await stand.list()).toMatchObject({ total: HISTORY, unread: 0 });
    expect(await types()).toEqual(['pairing.created', 'pairing.backfilled']);
    expect((await stand.events()).at(-1)?.count).toBe(HISTORY);
  });

  it('announces what was scanned while it was under way', async () => {
    await open({ timings: { backfillDays: null, pageSpacing: 20_000 }, cloud: { flags: { maxPageSize: 2 } } });
    stand.cloud.faults.add({ on: 'notification', kind: 'drop', times: 'always' });
    await stand.advance(25_000);
    const orderId = await stand.walkIn();
    await stand.advance(400_000);
    expect(await stand.eventsOf(orderId)).toEqual(['scan.received']);
    expect(await stand.list()).toMatchObject({ total: HISTORY + 1, unread: 1 });
  });

  it('of a case without its iDE asks nobody to wait for it, and floods nobody', async () => {
    stand = await openStand({ paired: false, cloud: { history: 3 } });
    for (const order of stand.cloud.state.orders.values()) order.assets.delete('IDE');
    await stand.pair();
    await stand.advance(300_000);
    const [old] = (await stand.list()).items;
    expect(old?.assets.ide).toMatchObject({ state: 'missing', nextCheckAt: null });
    expect(stand.countOf('getOrderByRxId')).toBe(0);
    expect(await types()).toEqual(['pairing.created', 'pairing.backfilled']);
  });

  it('is not repeated when the clinic is paired again: what came meanwhile is news', async () => {
    await open();
    await stand.ask('DELETE', '/v1/pairing');
    await stand.advance(600_000);
    const orderId = await stand.walkIn();
    await stand.advance(600_000);
    await stand.pair();
    await stand.advance(10_000);
    expect(await stand.eventsOf(orderId)).toEqual(['scan.received']);
    expect((await types()).filter((type) => type === 'pairing.backfilled')).toHaveLength(1);
    expect(await stand.list()).toMatchObject({ total: 4, unread: 1 });
    expect(stand.listings(RIVERSIDE).length).toBeGreaterThan(1);
  });
});
