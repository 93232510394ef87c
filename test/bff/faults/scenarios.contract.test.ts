/** Every scenario that the simulator ships, through the whole BFF, to its decided outcome. */
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import {
  openStand,
  RIVERSIDE,
  smallestGap,
  tellsEachVersionOnce,
  type Stand,
  type StandOptions,
} from './support/stand.ts';

const ANN = { firstName: 'Ann', lastName: 'Beecham', chartNumber: 'C-1' };
let stand: Stand;
afterEach(() => stand.close());
const open = async (options?: StandOptions): Promise<Stand> => (stand = await openStand(options));

const SCENARIOS: Record<string, () => Promise<void>> = {
  async 'bad-weather'() {
    await open();
    stand.cloud.play('bad-weather');
    const orders = new Set<string>();
    for (let count = 0; count < 10; count += 1) {
      orders.add(await stand.walkIn());
      await stand.advance(60_000);
    }
    await stand.advance(600_000);
    stand.cloud.faults.clear();
    await stand.advance(400_000);
    expect(await stand.pairing()).toMatchObject({ state: 'paired', health: { problem: null } });
    expect(new Set((await stand.list()).items.map((item) => item.orderId))).toEqual(orders);
    expect(await tellsEachVersionOnce(stand)).toEqual({ versions: 10, told: 10, twice: 0 });
    expect(smallestGap(stand.listings())).toBeGreaterThanOrEqual(120_000);
  },

  async 'broken-downloads'() {
    await open();
    const orderId = await stand.walkIn({ captures: true });
    await stand.visible(orderId);
    await until(async () => (await stand.open((await stand.detail(orderId)).thumbnails[0]?.small)).ok);
    stand.cloud.play('broken-downloads');
    const outcomes: string[] = [];
    for (let times = 0; times < 10; times += 1) {
      for (const name of ['ide', 'captures'] as const) {
        const answer = await stand.open((await stand.detail(orderId)).assets[name].link);
        const outcome = await answer.arrayBuffer().then(
          (bytes) => (Buffer.from(bytes).includes('PK\u0005\u0006') ? 'whole' : 'HALF A SUCCESS'),
          () => 'broken',
        );
        outcomes.push(answer.ok ? outcome : 'refused');
      }
    }
    // Broken where it had begun, refused in words where nothing had gone out yet.
    expect(new Set(outcomes)).toEqual(new Set(['broken', 'refused', 'whole']));
    expect(outcomes.slice(-4)).toEqual(['whole', 'whole', 'whole', 'whole']);
    expect((await stand.pairing()).state).toBe('paired');
  },

  async 'busy-clinic'() {
    await open();
    stand.cloud.play('busy-clinic');
    await stand.advance(400_000);
    const [scan] = (await stand.list()).items;
    const { history, assets } = await stand.detail(scan?.orderId ?? '');
    expect(assets.ide.state).toBe('ready');
    expect(history[0]?.status).toBe('Lab Review');
    // Notified steps are seen as they come; the others only where a listing falls between.
    const phases = new Set(history.map(({ phase }) => phase));
    expect([...phases]).toEqual(expect.arrayContaining(['scanned', 'review']));
    expect(history.at(-1)).toMatchObject({ number: 1, phase: 'scanned', learntBy: 'notification' });
    const { versions, told, twice } = await tellsEachVersionOnce(stand);
    expect([told, twice]).toEqual([versions, 0]);
    expect(history.map(({ number }) => number)).toEqual(history.map((_, index) => history.length - index));
  },

  async 'hasty-notification'() {
    await open({ timings: { pollFloor: 3_600_000 } });
    stand.cloud.play('hasty-notification');
    // The files are held back, as they would be while they are made.
    stand.cloud.faults.add({ on: 'getOrderByRxId', kind: 'status', status: 404, times: 3 });
    for (let count = 0; count < 3; count += 1) await stand.walkIn();
    await stand.advance(85_000);
    expect((await stand.list()).items.map(({ learntBy }) => learntBy)).toEqual(Array(3).fill('notification'));
    expect(await tellsEachVersionOnce(stand)).toEqual({ versions: 3, told: 3, twice: 0 });
  },

  async 'ide-comes-back'() {
    await open();
    stand.cloud.play('ide-comes-back');
    const orders = [await stand.walkIn(), await stand.walkIn(), await stand.walkIn()];
    for (const orderId of orders) expect((await stand.visible(orderId)).assets.ide.state).toBe('waiting');
    await stand.advance(75_000);
    for (const orderId of orders) {
      expect((await stand.detail(orderId)).assets.ide.state).toBe('ready');
      expect(await stand.eventsOf(orderId)).toEqual(['scan.received', 'scan.updated', 'scan.asset_ready']);
    }
  },

  async 'ide-never'() {
    await open();
    stand.cloud.play('ide-never');
    const orderId = await stand.walkIn();
    expect((await stand.visible(orderId)).assets).toMatchObject({
      ide: { state: 'waiting' },
      gallery: { state: 'waiting' },
    });
    await stand.advance(400_000);
    const scan = await stand.detail(orderId);
    expect(scan.assets).toMatchObject({ ide: { state: 'missing' }, gallery: { state: 'ready' } });
    expect(scan.assets.ide.nextCheckAt).not.toBeNull();
    expect(scan.myIteroUrl).not.toBeNull();
    expect(scan.thumbnails).toHaveLength(6);
    const told = (await stand.events()).filter(({ type }) => type === 'scan.asset_missing');
    expect(told).toMatchObject([{ orderId, asset: 'ide' }]);
  },

  async 'lost-notifications'() {
    await open();
    stand.cloud.play('lost-notifications');
    const orders = new Set<string>();
    for (let count = 0; count < 5; count += 1) {
      orders.add(await stand.walkIn());
      await stand.advance(30_000);
    }
    await stand.advance(131_000);
    expect(new Set((await stand.list()).items.map((item) => item.orderId))).toEqual(orders);
    expect(smallestGap(stand.listings())).toBeGreaterThanOrEqual(120_000);
  },

  async 'mistyped-patient'() {
    await open();
    stand.cloud.play('mistyped-patient');
    const request = await stand.sendRx(ANN);
    await stand.perform({ do: 'scan', rxId: request.rxId ?? '' });
    const [scan] = (await stand.list()).items;
    expect(scan).toMatchObject({
      requestId: request.id,
      otherIdentity: true,
      unmatched: false,
      patient: { lastName: 'Beechma' },
    });
    // The chart that it was requested for sees it, with the warning; another one does not.
    for (const [chartNumber, total] of [
      ['C-1', 1],
      ['C-2', 0],
    ] as const) {
      const { session_token } = await stand.bff.mint('riverside', { patient: { chartNumber } });
      const answer = await stand.bff.call(session_token, 'POST', '/v1/scans/search', {});
      expect(await answer.json()).toMatchObject({ total });
    }
    expect(await stand.requests()).toMatchObject([{ state: 'scanned', orderId: scan?.orderId }]);
  },

  async 'noisy-notifications'() {
    await open();
    stand.cloud.play('noisy-notifications');
    const orders: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      orders.push(await stand.walkIn());
      await stand.advance(7000);
      const orderId = Number(orders[count % 2 === 0 ? count : 0]);
      await stand.perform({ do: 'export-settings', orderId, format: count % 4 === 0 ? 'ply' : 'stl' });
      await stand.advance(7000);
    }
    await stand.advance(400_000);
    for (const orderId of orders) {
      const scan = await stand.detail(orderId);
      const upstream = stand.cloud.state.orders.get(Number(orderId));
      expect(Date.parse(scan.modifiedAt)).toBe(upstream?.modifiedDate);
      expect(scan.assets.ide.state).toBe('ready');
    }
    const { versions, told, twice } = await tellsEachVersionOnce(stand);
    expect([told, twice]).toEqual([versions, 0]);
  },

  async 'rate-limits'() {
    await open();
    stand.cloud.play('rate-limits');
    stand.cloud.play('lost-notifications');
    for (let count = 0; count < 7; count += 1) await stand.walkIn();
    await stand.advance(8 * 126_000);
    expect((await stand.list()).total).toBe(7);
    const answered = stand.cloud.calls('getOrders').filter(({ status }) => status === 200);
    expect(smallestGap(answered.map(({ at }) => at))).toBeGreaterThanOrEqual(120_000);
    expect((await stand.pairing()).health.problem).toBeNull();
  },

  async 'scanned-without-rx'() {
    await open();
    const request = await stand.sendRx(ANN);
    stand.cloud.play('scanned-without-rx');
    const { orderId } = await stand.perform({ do: 'scan', rxId: request.rxId ?? '' });
    await stand.advance(25_000);
    const { items, unmatched } = await stand.list();
    expect([items.length, unmatched]).toEqual([3, 2]);
    // Typed anew under the same chart number: matched by that, though no RX of ours names it; ours stays open.
    const typed = items.find((item) => item.orderId === String(orderId));
    expect(typed).toMatchObject({ unmatched: false, requestId: null });
    expect(await stand.requests()).toMatchObject([{ id: request.id, state: 'sent' }]);
    expect((await stand.list({ status: 'unmatched' })).items).toHaveLength(2);
  },

  async 'somebody-unpairs'() {
    await open();
    stand.cloud.play('somebody-unpairs');
    await stand.advance(140_000);
    expect((await stand.pairing()).state).toBe('lost');
    const asked = stand.cloud.calls().length;
    await stand.advance(600_000);
    expect(stand.cloud.calls()).toHaveLength(asked);
    expect((await stand.problem('GET', '/v1/practice')).code).toBe('pairing_lost');
    expect((await stand.events()).filter(({ type }) => type === 'pairing.removed')).toMatchObject([{ reason: 'lost' }]);
    await stand.pair();
    await stand.advance(10_000);
    expect((await stand.list()).items).toMatchObject([{ learntBy: 'poll', unread: true }]);
  },

  async 'old-scanner'() {
    await open();
    stand.cloud.play('old-scanner');
    await stand.advance(5000);
    const [scan] = (await stand.list()).items;
    expect(scan).toMatchObject({ scanner: 'HD2012A0093', assets: { ide: { state: 'waiting' } } });
    expect(scan?.thumbnails).toHaveLength(6);
  },

  async 'sent-to-modeling'() {
    await open();
    await stand.sendRx(ANN);
    stand.cloud.play('sent-to-modeling');
    await stand.advance(200_000);
    const [scan] = (await stand.list()).items;
    expect(scan).toMatchObject({ phase: 'modeling', learntBy: 'poll', versionNumber: 2 });
    // A step that nobody is notified of says nothing against the callback, and recovers nothing.
    const { health, ledger } = await stand.pairing();
    expect(health.callback).toBe('confirmed');
    expect(ledger).toMatchObject({ cases: 1, byNotification: 1, recovered: 0 });
  },

  async 'still-on-the-scanner'() {
    await open();
    const request = await stand.sendRx(ANN);
    stand.cloud.play('still-on-the-scanner');
    await stand.advance(130_000);
    expect((await stand.list()).items).toEqual([]);
    expect(await stand.problem('DELETE', `/v1/scan-requests/${request.id}`)).toMatchObject({
      code: 'scanning_has_begun',
    });
  },

  async 'unclear-scan-request'() {
    await open();
    await stand.ask('GET', '/v1/practice');
    stand.cloud.play('unclear-scan-request');
    const requests = [await stand.sendRx(ANN), await stand.sendRx(ANN)];
    expect(requests.map(({ state }) => state)).toEqual(['unconfirmed', 'unconfirmed']);
    await stand.advance(300_000);
    expect(stand.countOf('scanRequest')).toBe(2);
    // Both RXs exist; both are scanned, and each case is offered to one of the two.
    const rxs = [...stand.cloud.state.rxs.values()].filter(({ companyId }) => companyId === RIVERSIDE);
    expect(rxs).toHaveLength(2);
    const scanned: string[] = [];
    for (const { rxId } of rxs) {
      scanned.push(String((await stand.perform({ do: 'scan', rxId })).orderId));
      await stand.advance(130_000);
    }
    const offered = (await stand.requests()).map(({ possibleOrderId }) => possibleOrderId);
    expect(new Set(offered)).toEqual(new Set(scanned));
    expect((await stand.sendRx(ANN)).state).toBe('sent');
  },
};

describe('the scenario', () => {
  const shipped = readdirSync(new URL('../../../demo/align-cloud/scenarios/', import.meta.url));
  it.each(shipped.map((file) => file.replace('.json', '')))('%s', async (name) => {
    const play = SCENARIOS[name];
    if (play === undefined) throw new Error('a scenario that nobody has decided the outcome of');
    await play();
  });
});
