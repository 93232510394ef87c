/** Files that are late, never there, broken off or behind a token that ends: no case is lost for that, no half file is a success. */
import { afterEach, describe, expect, it } from 'vitest';
import type { FaultSpec } from '../../../demo/align-cloud/index.ts';
import type { ScanDetail } from '../../../shared/scan.ts';
import { until } from '../support/until.ts';
import { openStand, RIVERSIDE, tellsEachVersionOnce, type Stand, type StandOptions } from './support/stand.ts';

let stand: Stand;
afterEach(() => stand.close());
/** Rechecks alone: polls are rare, and notifications of returning files are dropped where a test says so. */
const open = async (options: StandOptions = {}): Promise<Stand> =>
  (stand = await openStand({ timings: { pollFloor: 80 * 3_600_000 }, ...options }));

/** Runs on along the schedule that people are shown, up to `until` ms after `from`. */
async function follow(orderId: string, from: number, end: number, stride = 0): Promise<ScanDetail> {
  for (;;) {
    const scan = await stand.detail(orderId);
    const next = scan.assets.ide.nextCheckAt;
    const now = stand.cloud.clock.now();
    if (next === null || Date.parse(next) - from > end) return scan;
    await stand.advance(Math.max(0, Date.parse(next) - now - 1000), stride);
    await stand.advance(2000);
  }
}

const rxLooks = (from: number): number[] =>
  stand.cloud
    .calls('getOrderByRxId')
    .map(({ at }) => Math.round((at - from) / 1000))
    .filter((at) => at > 0);

async function wholeZip(link: string | null): Promise<boolean> {
  const answer = await stand.open(link);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return answer.status === 200 && bytes.includes(Buffer.from('PK\u0005\u0006', 'latin1'));
}

describe('an iDE that is absent', () => {
  it('and back after 60 s is found at the look of 80 s, though its notification was lost: ready, new version, once', async () => {
    await open();
    stand.cloud.faults.add({ on: 'scan', kind: 'ide-absent', seconds: 60 });
    stand.cloud.faults.add({ on: 'notification', kind: 'drop', after: 1 });
    const from = stand.cloud.clock.now();
    const orderId = await stand.walkIn();
    await stand.visible(orderId);
    expect((await stand.detail(orderId)).assets.ide).toMatchObject({ state: 'waiting', link: null });
    await stand.advance(90_000);
    expect(rxLooks(from)).toEqual([40, 80]);
    const scan = await stand.detail(orderId);
    expect(scan).toMatchObject({ versionNumber: 2, learntBy: 'recheck', assets: { ide: { state: 'ready' } } });
    expect(await stand.eventsOf(orderId)).toEqual(['scan.received', 'scan.updated', 'scan.asset_ready']);
    expect(await wholeZip(scan.assets.ide.link)).toBe(true);
    await stand.advance(600_000);
    expect(rxLooks(from)).toEqual([40, 80, expect.any(Number)].slice(0, rxLooks(from).length));
    expect(await stand.eventsOf(orderId)).toHaveLength(3);
  });

  it('and back after two hours: told missing once, looked for with growing pauses, ready when it returns', async () => {
    await open();
    stand.cloud.faults.add({ on: 'scan', kind: 'ide-absent', seconds: 7200 });
    stand.cloud.faults.add({ on: 'notification', kind: 'drop', after: 1 });
    const from = stand.cloud.clock.now();
    const orderId = await stand.walkIn();
    await stand.visible(orderId);
    await stand.advance(79_000);
    expect((await stand.detail(orderId)).assets.ide.state).toBe('waiting');
    await stand.advance(2000);
    expect((await stand.detail(orderId)).assets.ide.state).toBe('missing');
    expect(await stand.eventsOf(orderId)).toEqual(['scan.received', 'scan.asset_missing']);
    await follow(orderId, from, 7_300_000 + 1_800_000);
    const looks = rxLooks(from).map((at) => Math.round(at / 10) * 10);
    expect(looks.slice(0, 5)).toEqual([40, 80, 240, 560, 1200]);
    const pauses = looks.slice(2).map((at, index) => at - (looks[index + 1] ?? 0));
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1800);
    expect(await stand.detail(orderId)).toMatchObject({ versionNumber: 2, assets: { ide: { state: 'ready' } } });
    expect(await stand.eventsOf(orderId)).toEqual([
      'scan.received',
      'scan.asset_missing',
      'scan.updated',
      'scan.asset_ready',
    ]);
  });

  it('for ever is looked for during three days, then no more; the case stays with its way to MyiTero', async () => {
    await open({ timings: { pollFloor: 80 * 3_600_000, recheckMax: 5 * 3_600_000 } });
    stand.cloud.faults.add({ on: 'scan', kind: 'ide-absent' });
    const from = stand.cloud.clock.now();
    const orderId = await stand.walkIn();
    await stand.visible(orderId);
    const scan = await follow(orderId, from, Infinity, 600_000);
    expect(scan.assets.ide).toMatchObject({ state: 'missing', nextCheckAt: null, link: null });
    expect(scan.myIteroUrl).toContain(orderId);
    const last = rxLooks(from).at(-1) ?? 0;
    expect(last).toBeGreaterThan(67 * 3600);
    expect(last).toBeLessThanOrEqual(72 * 3600);
    expect(await stand.eventsOf(orderId)).toEqual(['scan.received', 'scan.asset_missing']);
  });

  it('because the export settings were changed: nobody is told, the listing finds it, the recheck brings it back', async () => {
    await open({ timings: {} });
    const orderId = await stand.walkIn();
    const before = await stand.visible(orderId);
    stand.cloud.faults.add({ on: 'notification', kind: 'drop', times: 'always' });
    await stand.advance(60_000);
    // Gone until long after the next listing has seen it missing.
    stand.cloud.faults.add({ on: 'scan', kind: 'ide-absent', seconds: 100 });
    await stand.perform({ do: 'export-settings', orderId: Number(orderId), format: 'ply' });
    await stand.advance(70_000);
    expect((await stand.detail(orderId)).assets.ide.state).toBe('waiting');
    await stand.advance(60_000);
    const after = await stand.detail(orderId);
    expect(after.assets.ide.state).toBe('ready');
    expect(after.version).not.toBe(before.version);
    expect((await stand.eventsOf(orderId)).at(-1)).toBe('scan.asset_ready');
    expect((await tellsEachVersionOnce(stand)).twice).toBe(0);
  });

  it('keeps its schedule over kills and over a lost and regained connection', async () => {
    await open();
    stand.cloud.faults.add({ on: 'scan', kind: 'ide-absent', seconds: 300 });
    stand.cloud.faults.add({ on: 'notification', kind: 'drop', after: 1 });
    const from = stand.cloud.clock.now();
    const orderId = await stand.walkIn();
    await stand.visible(orderId);
    await stand.advance(20_000);
    await stand.kill();
    await stand.advance(25_000);
    await stand.kill(() => stand.cloud.clock.advance(60_000));
    await stand.advance(5000);
    expect(rxLooks(from)).toEqual([40, 105]);
    expect(await stand.eventsOf(orderId)).toEqual(['scan.received', 'scan.asset_missing']);
    await stand.advance(900_000);
    expect((await stand.detail(orderId)).assets.ide.state).toBe('ready');
  });

  it.each<[string, Omit<FaultSpec, 'on'>]>([
    ['5xx', { kind: 'status', status: 503, times: 2 }],
    ['a reset', { kind: 'reset', times: 2 }],
    ['a wrong shape', { kind: 'wrong-shape', times: 2 }],
    ['404', { kind: 'status', status: 404, times: 2 }],
    ['429', { kind: 'status', status: 429, retryAfter: 50 }],
    ['401', { kind: 'status', status: 401 }],
  ])('is found though the looks meet %s', async (_name, fault) => {
    await open();
    stand.cloud.faults.add({ on: 'scan', kind: 'ide-absent', seconds: 50 });
    stand.cloud.faults.add({ on: 'notification', kind: 'drop', after: 1 });
    const orderId = await stand.walkIn();
    await stand.visible(orderId);
    stand.cloud.faults.add({ on: 'getOrderByRxId', ...fault });
    await stand.advance(400_000);
    expect((await stand.detail(orderId)).assets.ide.state).toBe('ready');
    expect((await stand.pairing()).state).toBe('paired');
  });
});

describe('pictures that are late', () => {
  it('are waited for like the iDE, and are served when they are there', async () => {
    await open();
    stand.cloud.faults.add({ on: 'scan', kind: 'thumbnails-late', seconds: 30 });
    const orderId = await stand.walkIn();
    expect((await stand.visible(orderId)).thumbnails).toEqual([]);
    expect((await stand.detail(orderId)).assets.gallery.state).toBe('waiting');
    await stand.advance(45_000);
    const scan = await stand.detail(orderId);
    expect(scan.thumbnails).toHaveLength(6);
    expect((await stand.open(scan.thumbnails[0]?.small)).status).toBe(200);
    expect(await stand.eventsOf(orderId)).toEqual(['scan.received', 'scan.updated', 'scan.asset_ready']);
  });
});

const PLACES = [
  ['with a token', 'namesake', 1023, 'asset'],
  ['by a signed link', 'lakeview', 1042, 'cdn'],
] as const;

describe.each(PLACES)('a download %s', (_title, clinic, companyId, on) => {
  async function scanThere(): Promise<ScanDetail> {
    await open({ paired: false });
    await stand.pair(clinic);
    await stand.drain();
    const orderId = String((await stand.perform({ do: 'scan-without-rx', companyId, captures: true })).orderId);
    await until(async () => (await stand.list({}, clinic)).items.some((item) => item.orderId === orderId));
    return stand.ask('GET', `/v1/scans/${orderId}`, undefined, clinic);
  }

  it.each(['half-body', 'truncated', 'token-expires', 'wrong-shape', 'reset'] as const)(
    'that breaks by %s is broken or refused, never half a success; the next one is whole',
    async (kind) => {
      const scan = await scanThere();
      stand.cloud.faults.add({
        on,
        kind,
        asset: kind === 'wrong-shape' || kind === 'reset' ? undefined : 'IDE',
      } as FaultSpec);
      const outcome = await stand
        .open(scan.assets.ide.link)
        .then(async (answer) => {
          if (!answer.ok) return ((await answer.json()) as { code: string }).code;
          await answer.arrayBuffer();
          return 'HALF A SUCCESS';
        })
        .catch(() => 'broken');
      const told = { reset: 'upstream_unavailable', 'wrong-shape': 'upstream_wrong_shape' } as Record<string, string>;
      expect(outcome).toBe(told[kind] ?? 'broken');
      const fresh = await stand.ask<ScanDetail>('GET', `/v1/scans/${scan.orderId}`, undefined, clinic);
      expect(await wholeZip(fresh.assets.ide.link)).toBe(true);
      expect((await stand.pairing(clinic)).logins).toMatchObject([{ state: 'healthy' }]);
    },
  );

  it('of the pictures that breaks is tried again by whoever looks, and harms nothing', async () => {
    await open({ paired: false });
    await stand.pair(clinic);
    await stand.drain();
    for (const kind of ['truncated', 'half-body', 'wrong-shape'] as const) {
      stand.cloud.faults.add({ on, kind, times: 2 });
      const orderId = String((await stand.perform({ do: 'scan-without-rx', companyId })).orderId);
      await until(async () => (await stand.list({}, clinic)).items.some((item) => item.orderId === orderId));
      await until(() => Promise.resolve(stand.cloud.faults.list().every(({ left }) => left === 0)));
      const scan = await stand.ask<ScanDetail>('GET', `/v1/scans/${orderId}`, undefined, clinic);
      // Who asks while the broken one is still being read is told that it is not ready.
      const picture = await until(async () => {
        const answer = await stand.open(scan.thumbnails[0]?.full);
        const bytes = await answer.arrayBuffer();
        if (!answer.ok)
          expect((JSON.parse(Buffer.from(bytes).toString()) as { code: string }).code).toBe('asset_not_ready');
        return answer.ok && answer;
      });
      expect(picture.headers.get('content-type')).toBe('image/jpeg');
    }
  });
});

describe('a link of an un-paired clinic', () => {
  it('answers in words, and the list stays readable', async () => {
    await open();
    const orderId = await stand.walkIn();
    await stand.visible(orderId);
    const { assets, thumbnails } = await stand.detail(orderId);
    await stand.perform({ do: 'unpair', companyId: RIVERSIDE });
    const lost = await stand.open(assets.ide.link);
    expect([lost.status, ((await lost.json()) as { code: string }).code]).toEqual([409, 'pairing_lost']);
    expect((await stand.pairing()).state).toBe('lost');
    const picture = await stand.open(thumbnails[0]?.small);
    expect([picture.status, ((await picture.json()) as { code: string }).code]).toEqual([409, 'pairing_lost']);
    expect((await stand.list()).items).toMatchObject([{ orderId }]);
    await stand.pair();
    await stand.ask('DELETE', '/v1/pairing');
    const unpaired = await stand.open((await stand.detail(orderId)).assets.ide.link);
    expect([unpaired.status, ((await unpaired.json()) as { code: string }).code]).toEqual([409, 'unpaired']);
    expect((await stand.list()).items).toMatchObject([{ orderId }]);
  });
});
