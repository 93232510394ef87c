import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unzipSync } from 'fflate';
import { createAlignCloud } from '../../demo/align-cloud/index.ts';
import type { AlignCloud } from '../../demo/align-cloud/index.ts';
import { ADAMS, REDIRECT_URI, orderOf, pairAs, sendRx } from './support/practice-system.ts';
import type { Order } from './support/practice-system.ts';

let folder: string;
let align: AlignCloud;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-cloud-'));
  align = await createAlignCloud({
    port: 0,
    dataDir: folder,
    detail: 'small',
    seed: 'real',
    redirectUris: [REDIRECT_URI],
  });
});
afterAll(async () => {
  await align.close();
  await rm(folder, { recursive: true, force: true });
});

async function download(order: Order, type: string, token: string): Promise<Record<string, Uint8Array>> {
  const { url, sizeBytes } = order.assets.find((asset) => asset.type === type)!;
  const own = new URL(url).host === new URL(align.url).host;
  const response = await fetch(url, own ? { headers: { authorization: `Bearer ${token}` } } : {});
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(bytes.length).toBe(sizeBytes);
  return unzipSync(bytes);
}

test('a scan with the real case factory: answers go on while files are made, and the zips hold what they should', async () => {
  const token = await pairAs(align, ADAMS, 1023);
  const rxId = await sendRx(align, token);
  const { orderId, finished } = align.perform({ do: 'scan', rxId });
  const answer = fetch(`${align.baseUrl}/discovery`).then(({ status }) => status);
  expect(await Promise.race([answer, finished.then(() => 'the files')])).toBe(200);
  await finished;
  const order = await orderOf(align, token, rxId);
  expect(order.assets.map(({ type }) => type)).toEqual(['IDE', 'IMAGE_GALLERY', 'SCREEN_CAPTURES']);
  const pictures = Object.entries(await download(order, 'IMAGE_GALLERY', token));
  expect(pictures).toHaveLength(6);
  for (const [, bytes] of pictures) expect([bytes[0], bytes[1]]).toEqual([0xff, 0xd8]);
  const names = Object.keys(await download(order, 'IDE', token)).join(' ');
  expect(names).toContain(String(orderId));
  expect(names).toMatch(/\.stl|\.ply/);
  expect(Object.keys(await download(order, 'SCREEN_CAPTURES', token)).length).toBeGreaterThan(0);
});
