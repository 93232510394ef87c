/** Files of a case while upstream misbehaves: never a truncated success, never a lost case. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAlignCloud, type AlignCloud, type FaultSpec } from '../../../demo/align-cloud/index.ts';
import type { ScanDetail, ScanList } from '../../../shared/scan.ts';
import { startBff, type TestBff } from '../../support/bff.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'itero-faults-'));
let cloud: AlignCloud;
let bff: TestBff;
let token: string;

beforeAll(async () => {
  cloud = await createAlignCloud({
    port: 0,
    cdnPort: 0,
    clock: 'manual',
    seed: 3,
    detail: 'small',
    startAt: Date.UTC(2026, 10, 23, 9),
    dataDir: join(folder, 'cloud'),
  });
  bff = await startBff({ cloud, dataDir: join(folder, 'bff') });
  await bff.pair('riverside');
});
beforeEach(async () => {
  cloud.faults.clear();
  token = (await bff.mint('riverside', { expiresIn: 3600 })).session_token;
});
afterAll(async () => {
  await bff.stop();
  await cloud.close();
  rmSync(folder, { recursive: true });
});

const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
  const answer = await bff.call(token, method, path, body);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json() as Promise<T>;
};
const detail = (orderId: string) => call<ScanDetail>('GET', `/v1/scans/${orderId}`);
const open = (link: string | null | undefined, headers: Record<string, string> = {}) =>
  fetch(new URL(link ?? '/nowhere', bff.url), { headers });
const keptPictures = (): string[] =>
  readdirSync(join(folder, 'bff', 'pictures'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
const fault = (spec: FaultSpec) => cloud.faults.add(spec);

async function walkIn(): Promise<ScanDetail> {
  const done = cloud.perform({ do: 'scan-without-rx', companyId: 1017, captures: true });
  await done.finished;
  await cloud.settled();
  const orderId = String(done.orderId);
  await until(async () => {
    const { items } = await call<ScanList>('POST', '/v1/scans/search', {});
    return items.some((item) => item.orderId === orderId);
  });
  return detail(orderId);
}

let first: Promise<ScanDetail> | undefined;
async function someScan(): Promise<ScanDetail> {
  first ??= walkIn();
  return detail((await first).orderId);
}

/** Whether the client got the whole body, by HTTP's own count. */
async function arrives(answer: Response): Promise<boolean> {
  try {
    const bytes = Buffer.from(await answer.arrayBuffer());
    return bytes.includes(Buffer.from('PK\u0005\u0006', 'latin1'));
  } catch {
    return false;
  }
}

describe('a download', () => {
  it.each(['half-body', 'truncated', 'token-expires'] as const)(
    'that upstream breaks off (%s) is broken for the client too',
    async (kind) => {
      const scan = await someScan();
      fault({ on: 'asset', kind, times: 'always' });
      fault({ on: 'cdn', kind: kind === 'token-expires' ? 'half-body' : kind, times: 'always' });
      const answer = await open(scan.assets.ide.link);
      expect(answer.status).toBe(200);
      await expect(answer.arrayBuffer()).rejects.toThrow();
      cloud.faults.clear();
      expect(await arrives(await open(scan.assets.ide.link))).toBe(true);
    },
  );

  it('goes on when the order cannot be read afresh: by the link that is kept', async () => {
    const scan = await walkIn();
    fault({ on: 'getOrderByRxId', kind: 'status', status: 503, times: 'always' });
    expect(await arrives(await open(scan.assets.ide.link))).toBe(true);
  });

  it('asks for a new link when the kept one has aged', async () => {
    const scan = await walkIn();
    await cloud.clock.advance(20 * 60_000);
    const again = await detail(scan.orderId);
    expect(await arrives(await open(again.assets.ide.link))).toBe(true);
  });

  it.each([
    [{ on: 'asset', kind: 'status', status: 503, times: 'always' }, 'upstream_unavailable'],
    [{ on: 'asset', kind: 'status', status: 404, times: 'always' }, 'asset_not_ready'],
    [{ on: 'asset', kind: 'reset', times: 'always' }, 'upstream_unavailable'],
  ] as const)('is told in words when it cannot begin: %j', async (spec, code) => {
    const scan = await someScan();
    fault(spec);
    fault({ ...spec, on: 'cdn' });
    const answer = await open(scan.assets.ide.link);
    expect(((await answer.json()) as { code: string }).code).toBe(code);
  });

  it('ends upstream when the client goes away', async () => {
    const scan = await someScan();
    const leaving = new AbortController();
    const answer = await fetch(new URL(scan.assets.ide.link ?? '', bff.url), { signal: leaving.signal });
    const reader = answer.body?.getReader();
    await reader?.read();
    leaving.abort();
    await reader?.cancel().catch(() => undefined);
    // Nothing hangs: the next one is served.
    expect(await arrives(await open(scan.assets.captures.link))).toBe(true);
  });
});

describe('pictures', () => {
  it('come once the gallery can be fetched, after it was broken or refused', async () => {
    fault({ on: 'asset', kind: 'truncated', times: 'always', asset: 'IMAGE_GALLERY' });
    fault({ on: 'cdn', kind: 'truncated', times: 'always', asset: 'IMAGE_GALLERY' });
    const scan = await walkIn();
    const broken = await open(scan.thumbnails[0]?.small);
    expect(((await broken.json()) as { code: string }).code).toBe('asset_not_ready');
    cloud.faults.clear();
    const healed = await open((await detail(scan.orderId)).thumbnails[0]?.small);
    expect(healed.status).toBe(200);
    await healed.arrayBuffer();
  });

  it('are fetched again where they were sealed with a key that is gone, or changed on the disk', async () => {
    const scan = await walkIn();
    const full = () => open(scan.thumbnails[2]?.full);
    const before = Buffer.from(await (await full()).arrayBuffer());
    for (const file of keptPictures()) writeFileSync(file, 'not what was sealed');
    const after = await full();
    expect(after.status).toBe(200);
    expect(Buffer.from(await after.arrayBuffer()).equals(before)).toBe(true);
  });

  it('come where none can be kept: a cache that is full or lies on a broken disk', async () => {
    const place = join(folder, 'bff', 'pictures');
    rmSync(place, { recursive: true });
    writeFileSync(place, 'no folder');
    try {
      const scan = await walkIn();
      for (const { small, full } of scan.thumbnails.slice(0, 2)) {
        const [few, many] = [await open(small), await open(full)];
        expect([few.status, many.status]).toEqual([200, 200]);
        await Promise.all([few.arrayBuffer(), many.arrayBuffer()]);
      }
      expect(scan.thumbnails).toHaveLength(6);
    } finally {
      rmSync(place);
    }
  });

  it('are fetched again when the cache lost them', async () => {
    const scan = await walkIn();
    const full = () => open(scan.thumbnails[1]?.full);
    const before = Buffer.from(await (await full()).arrayBuffer());
    rmSync(join(folder, 'bff', 'pictures'), { recursive: true });
    const after = await full();
    expect(after.status).toBe(200);
    expect(Buffer.from(await after.arrayBuffer()).equals(before)).toBe(true);
  });
});

describe('a case without its iDE', () => {
  it('waits, is told missing, and is whole when the file comes', async () => {
    fault({ on: 'scan', kind: 'ide-absent', seconds: 2000 });
    const scan = await walkIn();
    expect(scan.assets.ide).toMatchObject({ state: 'waiting', link: null });
    expect(scan.assets.ide.nextCheckAt).not.toBeNull();
    await until(async () => {
      await cloud.clock.advance(1000);
      return (await detail(scan.orderId)).assets.ide.state === 'missing';
    });
    await cloud.clock.advance(1_500_000);
    const whole = await until(async () => {
      await cloud.clock.advance(2000);
      const now = await detail(scan.orderId);
      return now.assets.ide.state === 'ready' && now;
    });
    expect(whole.versionNumber).toBe(scan.versionNumber + 1);
    expect(whole.history[0]?.changed).toContain('ide');
    expect(await arrives(await open(whole.assets.ide.link))).toBe(true);
  });
});
