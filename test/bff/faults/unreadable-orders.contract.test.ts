/** One order that upstream writes in a way that cannot be read: nothing but that one may be missing, and it comes in the end. */
import { afterEach, describe, expect, it } from 'vitest';
import { openStand, RIVERSIDE, tellsEachVersionOnce, type Stand } from './support/stand.ts';

let stand: Stand;
afterEach(() => stand.close());
/** Nothing is told by notification: what becomes visible was listed. */
async function open(): Promise<void> {
  stand = await openStand();
  stand.cloud.faults.add({ on: 'notification', kind: 'drop', times: 'always' });
}
const healthProblem = async (): Promise<string | null> => (await stand.pairing()).health.problem;

describe('an order that cannot be read', () => {
  /** Upstream writes the status of one order as a number: nothing but that one may be missing. */
  function spoil(orderId: string): () => void {
    const order = stand.cloud.state.orders.get(Number(orderId));
    if (order === undefined) throw new Error('no such order');
    const { status } = order;
    Object.assign(order, { status: 42 });
    return () => void Object.assign(order, { status });
  }

  it('hides no other order, is told as the connection’s problem, and comes when it can be read', async () => {
    await open();
    const first = await stand.walkIn();
    const broken = await stand.walkIn({ patient: { firstName: 'Canary', lastName: 'Unread', chartNumber: 'U-1' } });
    const last = await stand.walkIn();
    const mend = spoil(broken);
    await stand.advance(3 * 126_000);
    expect((await stand.list()).items.map((item) => item.orderId).sort()).toEqual([first, last].sort());
    expect(await healthProblem()).toBe('upstream_wrong_shape');
    // A look that works says nothing about the listing.
    stand.cloud.faults.clear();
    const told = await stand.walkIn();
    expect((await stand.visible(told)).learntBy).toBe('notification');
    expect(await healthProblem()).toBe('upstream_wrong_shape');
    const logged = stand.lines.filter((line) => line.includes('cannot be read')).join('');
    expect(logged).toContain(broken);
    expect(logged).toContain('"properties":["status"]');
    expect(logged).not.toContain('Canary');
    // Far beyond the overlap: the window still begins before it.
    await stand.advance(2_400_000);
    mend();
    await stand.advance(126_000);
    expect(await stand.isVisible(broken)).toBe(true);
    expect(await healthProblem()).toBeNull();
    expect(await stand.eventsOf(broken)).toEqual(['scan.received']);
    expect(await tellsEachVersionOnce(stand)).toEqual({ versions: 4, told: 4, twice: 0 });
  });

  it('does not hold up the first listing, and counts as history when it is read later', async () => {
    stand = await openStand({ paired: false, cloud: { history: 3 } });
    const [old] = [...stand.cloud.state.orders.values()].filter((order) => order.companyId === RIVERSIDE);
    const mend = spoil(String(old?.orderId));
    await stand.pair();
    await stand.advance(126_000);
    const backfilled = (await stand.events()).filter(({ type }) => type === 'pairing.backfilled');
    expect(backfilled).toMatchObject([{ count: 2 }]);
    expect((await stand.pairing()).health).toMatchObject({ problem: 'upstream_wrong_shape' });
    mend();
    await stand.advance(126_000);
    const { items, unread } = await stand.list();
    expect([items.length, unread]).toEqual([3, 0]);
    expect(items.map(({ learntBy }) => learntBy)).toEqual(['backfill', 'backfill', 'backfill']);
    expect((await stand.events()).map(({ type }) => type)).toEqual(['pairing.created', 'pairing.backfilled']);
    expect((await stand.pairing()).health).toMatchObject({ problem: null });
    expect((await stand.pairing()).health.lastFullCheckAt).not.toBeNull();
  });

  it('that lacks even its id or its time is looked for again all the same', async () => {
    await open();
    const orderId = await stand.walkIn();
    stand.cloud.faults.add({ on: 'getOrders', kind: 'wrong-shape', without: ['orderId', 'modifiedDate'], times: 2 });
    await stand.advance(2 * 126_000);
    expect(await stand.isVisible(orderId)).toBe(false);
    expect(await healthProblem()).toBe('upstream_wrong_shape');
    await stand.advance(126_000);
    expect(await stand.isVisible(orderId)).toBe(true);
  });
});
