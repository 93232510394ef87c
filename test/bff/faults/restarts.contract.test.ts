/** The BFF dies at awkward moments and another one starts on its store: nothing is lost, nothing is doubled. */
import { afterEach, describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../../demo/align-cloud/index.ts';
import { until } from '../support/until.ts';
import {
  openStand,
  RIVERSIDE,
  smallestGap,
  tellsEachVersionOnce,
  type Stand,
  type StandOptions,
} from './support/stand.ts';

const ANN = { firstName: 'Ann', lastName: 'Bee', chartNumber: 'C-1' };
let stand: Stand;
afterEach(() => stand.close());
const open = async (options?: StandOptions): Promise<Stand> => (stand = await openStand(options));

/** Upstream has the call, and its answer is not there yet. */
async function inMid(point: FaultPoint, begin: () => unknown): Promise<void> {
  const before = stand.countOf(point);
  stand.cloud.faults.add({ on: point, kind: 'slow', ms: 20_000 });
  begin();
  await until(() => Promise.resolve(stand.countOf(point) > before));
  await stand.drain();
}

describe('a kill', () => {
  it('after the hint’s commit, before anybody looked: the case is there after the start', async () => {
    await open();
    await inMid('getOrderByRxId', () => stand.cloud.perform({ do: 'scan-without-rx', companyId: RIVERSIDE }));
    await stand.kill();
    await stand.advance(1000);
    const { items } = await stand.list();
    expect(items).toMatchObject([{ learntBy: 'notification' }]);
    await stand.advance(130_000);
    expect(await tellsEachVersionOnce(stand)).toEqual({ versions: 1, told: 1, twice: 0 });
  });

  it('between the intent row and upstream’s answer: unconfirmed, told once, never sent again, and matched later', async () => {
    await open();
    await stand.ask('GET', '/v1/practice');
    await inMid('scanRequest', () => void stand.sendRx(ANN).catch(() => undefined));
    expect(await stand.requests()).toMatchObject([{ state: 'sending' }]);
    await stand.kill();
    expect(await stand.requests()).toMatchObject([{ state: 'unconfirmed', rxId: null }]);
    await stand.kill();
    expect((await stand.events()).filter(({ type }) => type === 'scan_request.unconfirmed')).toHaveLength(1);
    expect(stand.countOf('scanRequest')).toBe(1);
    // Upstream did take it: the case is offered as its match, not taken as such.
    const { orderId } = await stand.perform({ do: 'scan', rxId: 'open' });
    const offered = await until(async () =>
      (await stand.requests()).find(({ possibleOrderId }) => possibleOrderId !== null),
    );
    expect(offered).toMatchObject({ state: 'unconfirmed', orderId: null, possibleOrderId: String(orderId) });
  });

  it('in the middle of a round: what was read stays, the rest comes, nothing is told twice', async () => {
    await open({ cloud: { flags: { maxPageSize: 2 } }, timings: { pageSpacing: 10_000 } });
    stand.cloud.faults.add({ on: 'notification', kind: 'drop', times: 'always' });
    for (let count = 0; count < 6; count += 1) await stand.walkIn();
    await stand.advance(135_000);
    const some = (await stand.list()).total;
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(6);
    await stand.kill();
    await stand.advance(300_000);
    expect((await stand.list()).total).toBe(6);
    expect(await tellsEachVersionOnce(stand)).toEqual({ versions: 6, told: 6, twice: 0 });
    const starts = stand
      .listings()
      .filter((_, index, all) => index === 0 || (all[index] ?? 0) - (all[index - 1] ?? 0) > 11_000);
    expect(smallestGap(starts)).toBeGreaterThanOrEqual(120_000);
  });

  it('in the middle of a gallery: whoever looks gets the pictures', async () => {
    await open();
    stand.cloud.faults.add({ on: 'asset', kind: 'slow', ms: 20_000, times: 2, asset: 'IMAGE_GALLERY' });
    const orderId = await stand.walkIn();
    await stand.visible(orderId);
    await until(() => Promise.resolve(stand.countOf('asset') > 0));
    await stand.kill();
    stand.cloud.faults.clear();
    const scan = await stand.detail(orderId);
    expect(scan.thumbnails).toHaveLength(6);
    for (const { small } of scan.thumbnails) expect((await stand.open(small)).status).toBe(200);
    expect(await stand.eventsOf(orderId)).toEqual(['scan.received']);
  });

  it('between a refresh and its storing: the login must sign in again, and is told so', async () => {
    await open();
    await stand.perform({ do: 'expire-tokens', companyId: RIVERSIDE });
    await inMid('token', () => void stand.ask('GET', '/v1/practice').catch(() => undefined));
    await stand.kill();
    await stand.advance(400_000);
    expect(await stand.pairing()).toMatchObject({ state: 'needs_login', logins: [{ state: 'failing' }] });
    const orderId = await stand.walkIn();
    await stand.pair();
    await stand.advance(130_000);
    expect(await stand.isVisible(orderId)).toBe(true);
  });

  it('between Pair’s answer and its storing: pairing again works, and notifications find their clinic', async () => {
    await open({ paired: false });
    await inMid('pair', () => void stand.bff.pair('riverside').catch(() => undefined));
    await stand.kill();
    expect((await stand.pair()).state).toBe('paired');
    await stand.drain();
    expect((await stand.visible(await stand.walkIn())).learntBy).toBe('notification');
  });

  it('between Un-pair’s answer and its storing: it is found out, and told once', async () => {
    await open();
    await inMid('unpair', () => void stand.ask('DELETE', '/v1/pairing').catch(() => undefined));
    await stand.kill();
    await stand.advance(260_000);
    expect((await stand.pairing()).state).toBe('lost');
    expect((await stand.events()).filter(({ type }) => type === 'pairing.removed')).toHaveLength(1);
    await stand.pair();
    await stand.advance(130_000);
    expect(await stand.isVisible(await stand.walkIn())).toBe(true);
  });

  it('while scans come in: each that was told or due is visible once in the end', async () => {
    await open();
    stand.cloud.faults.add({ on: 'notification', kind: 'double', times: 'always', probability: 0.3 });
    stand.cloud.faults.add({ on: 'notification', kind: 'late', seconds: 15, times: 'always', probability: 0.3 });
    const orders = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      orders.add(await stand.walkIn());
      const during = stand.cloud.perform({ do: 'scan-without-rx', companyId: RIVERSIDE });
      orders.add(String(during.orderId));
      await stand.kill(() => during.finished);
      await stand.advance(20_000);
    }
    await stand.advance(200_000);
    expect(new Set((await stand.list()).items.map((item) => item.orderId))).toEqual(orders);
    expect(await tellsEachVersionOnce(stand)).toEqual({ versions: 12, told: 12, twice: 0 });
  });
});
