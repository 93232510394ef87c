/** Notifications that are dropped, doubled, late, too early or out of order: every version becomes visible once. */
import { afterEach, describe, expect, it } from 'vitest';
import { openStand, smallestGap, tellsEachVersionOnce, type Stand, type StandOptions } from './support/stand.ts';

let stand: Stand;
afterEach(() => stand.close());
const open = async (options?: StandOptions): Promise<Stand> => (stand = await openStand(options));

describe('a notification', () => {
  it('that is dropped loses nothing: the next round finds the case, and the floor holds', async () => {
    await open();
    stand.cloud.faults.add({ on: 'notification', kind: 'drop', times: 'always' });
    const due = new Map<string, number>();
    for (let count = 0; count < 4; count += 1) {
      due.set(await stand.walkIn(), stand.cloud.clock.now());
      await stand.advance(50_000);
    }
    await stand.advance(126_000);
    const { items } = await stand.list();
    expect(items.map((item) => item.learntBy)).toEqual(['poll', 'poll', 'poll', 'poll']);
    for (const item of items) {
      const waited = Date.parse(item.receivedAt) - (due.get(item.orderId) ?? 0);
      expect(waited).toBeLessThanOrEqual(126_000 + 5000);
    }
    expect(smallestGap(stand.listings())).toBeGreaterThanOrEqual(120_000);
    expect(await tellsEachVersionOnce(stand)).toEqual({ versions: 4, told: 4, twice: 0 });
  });

  it('that comes twice, at once or later, is told once', async () => {
    await open();
    stand.cloud.faults.add({ on: 'notification', kind: 'double' });
    stand.cloud.faults.add({ on: 'notification', kind: 'double', ms: 4000, after: 1 });
    const first = await stand.walkIn();
    const second = await stand.walkIn();
    await stand.advance(20_000);
    expect(await stand.eventsOf(first)).toEqual(['scan.received']);
    expect(await stand.eventsOf(second)).toEqual(['scan.received']);
    const hints = await stand.bff.bff.store.db.selectFrom('hints').select(['state']).execute();
    expect(hints.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done']);
  });

  it('that is a minute late is overtaken by the poll, and adds nothing then', async () => {
    await open();
    await stand.advance(100_000);
    stand.cloud.faults.add({ on: 'notification', kind: 'late', seconds: 60 });
    const orderId = await stand.walkIn();
    await stand.advance(40_000);
    expect((await stand.visible(orderId)).learntBy).toBe('poll');
    await stand.advance(30_000);
    expect(stand.cloud.state.notifications.filter(({ outcome }) => outcome === 'delivered')).toHaveLength(1);
    expect(await stand.eventsOf(orderId)).toEqual(['scan.received']);
  });

  it('that is sent after the next one takes nothing back: the newest version stays', async () => {
    await open();
    const orderId = await stand.walkIn();
    await stand.visible(orderId);
    await stand.perform({ do: 'move', orderId: Number(orderId), event: 'sent-back-for-rescan' });
    stand.cloud.faults.add({ on: 'notification', kind: 'out-of-order' });
    await stand.advance(1000);
    await stand.perform({ do: 'move', orderId: Number(orderId), event: 'rescan-completed' });
    await stand.advance(1000);
    await stand.perform({ do: 'move', orderId: Number(orderId), event: 'sent-to-modeling' });
    await stand.perform({ do: 'move', orderId: Number(orderId), event: 'modeling-completed' });
    await stand.advance(10_000);
    expect(await stand.detail(orderId)).toMatchObject({ status: 'Lab Review', phase: 'review', versionNumber: 2 });
    expect(await tellsEachVersionOnce(stand)).toEqual({ versions: 2, told: 2, twice: 0 });
  });

  it('that comes before its case is looked at again at 40 s and 80 s, without waiting for the poll', async () => {
    // As if the files took 70 s to be made: until then upstream answers 404.
    await open({ timings: { pollFloor: 3_600_000 } });
    stand.cloud.faults.add({ on: 'getOrderByRxId', kind: 'status', status: 404, times: 2 });
    const before = stand.cloud.clock.now();
    const orderId = await stand.walkIn();
    await stand.advance(100_000);
    expect((await stand.visible(orderId)).learntBy).toBe('notification');
    const looks = stand.cloud.calls('getOrderByRxId').map(({ at }) => at - before);
    expect(looks).toEqual([0, 40_000, 80_000]);
  });

  it('about an RX that never comes is given up after three days, with pauses that grow', async () => {
    await open({ timings: { pollFloor: 40 * 3_600_000 } });
    stand.cloud.faults.add({ on: 'getOrderByRxId', kind: 'status', status: 404, times: 'always' });
    const before = stand.cloud.clock.now();
    await stand.walkIn();
    await stand.advance(7200_000);
    const looks = stand.cloud.calls('getOrderByRxId').map(({ at }) => Math.round((at - before) / 1000));
    expect(looks.slice(0, 5)).toEqual([0, 40, 80, 160, 320]);
    await stand.advance(72 * 3_600_000, 600_000);
    const hint = await stand.bff.bff.store.db.selectFrom('hints').selectAll().executeTakeFirstOrThrow();
    expect(hint).toMatchObject({ state: 'gone', outcome: 'not_found' });
    const asked = stand.countOf('getOrderByRxId');
    await stand.advance(7_200_000, 600_000);
    expect(stand.countOf('getOrderByRxId')).toBe(asked);
  });

  it('takes every style upstream may send it in', async () => {
    await open();
    for (const notificationStyle of ['json', 'form', 'get'] as const) {
      Object.assign(stand.cloud.flags, { notificationStyle });
      expect((await stand.visible(await stand.walkIn())).learntBy).toBe('notification');
    }
  });
});
