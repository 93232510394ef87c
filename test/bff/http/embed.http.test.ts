import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStand, verdict, type Stand } from './stand.ts';

const directory = mkdtempSync(join(tmpdir(), 'itero-embed-'));
const MODULE = `export const words = ${JSON.stringify('upper lower occlusal '.repeat(50))};`;
let stand: Stand;
beforeAll(async () => {
  mkdirSync(join(directory, 'chunks'));
  writeFileSync(join(directory, 'itero.js'), MODULE);
  writeFileSync(join(directory, 'chunks', 'viewer-Ab3dEf9h.js'), 'export {};');
  writeFileSync(join(directory, '.secret'), 'no');
  writeFileSync(join(directory, '..', 'outside-embed.js'), 'no');
  stand = await createStand([], { embedDirectory: directory, version: '1.2.3' });
});
afterAll(async () => {
  await stand.close();
  rmSync(directory, { recursive: true, force: true });
  rmSync(join(directory, '..', 'outside-embed.js'), { force: true });
});
const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  stand.app.request(path, { headers });

describe('the embed module', () => {
  it('loads from any origin, without credentials, as JavaScript', async () => {
    const answer = await get('/embed/v1/itero.js', { origin: 'https://anywhere.example' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(answer.headers.get('content-type')).toContain('text/javascript');
    expect(await answer.text()).toBe(MODULE);
  });

  it.each([
    ['/embed/v1/itero.js', 'public, max-age=300, stale-while-revalidate=600, stale-if-error=86400'],
    ['/embed/1.2.3/itero.js', 'public, max-age=31536000, immutable'],
    ['/embed/v1/chunks/viewer-Ab3dEf9h.js', 'public, max-age=31536000, immutable'],
  ])('%s is kept by browsers for its time', async (path, caching) => {
    expect((await get(path)).headers.get('cache-control')).toBe(caching);
  });

  it.each([
    ['br', (bytes: Buffer) => brotliDecompressSync(bytes)],
    ['gzip', (bytes: Buffer) => gunzipSync(bytes)],
    ['br;q=0, gzip', (bytes: Buffer) => gunzipSync(bytes)],
  ])('travels compressed to who accepts %s', async (accepted, open) => {
    const answer = await get('/embed/v1/itero.js', { 'accept-encoding': accepted });
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(answer.headers.get('content-length')).toBe(String(bytes.byteLength));
    expect(bytes.byteLength).toBeLessThan(MODULE.length / 3);
    expect(open(bytes).toString()).toBe(MODULE);
    expect(answer.headers.get('vary')).toContain('Accept-Encoding');
  });

  it('is not sent again to who has it', async () => {
    const tag = (await get('/embed/v1/itero.js')).headers.get('etag') ?? '';
    const again = await get('/embed/v1/itero.js', { 'if-none-match': `"other", ${tag}` });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('is new as soon as it was built anew', async () => {
    const tag = (await get('/embed/v1/itero.js')).headers.get('etag');
    writeFileSync(join(directory, 'itero.js'), `${MODULE}//`);
    const answer = await get('/embed/v1/itero.js');
    expect(answer.headers.get('etag')).not.toBe(tag);
    expect(await answer.text()).toBe(`${MODULE}//`);
    writeFileSync(join(directory, 'itero.js'), MODULE);
  });

  it.each([
    '/embed/v1/nothing.js',
    '/embed/9.9.9/itero.js',
    '/embed/v1/.secret',
    '/embed/v1/..%2foutside-embed.js',
    '/embed/v1/chunks/..%2f..%2foutside-embed.js',
    '/embed/v1/%2e%2e/%2e%2e/outside-embed.js',
    '/embed/v1/chunks',
  ])('%s is not found', async (path) => {
    expect(await verdict(get(path))).toEqual([404, 'not_found']);
  });

  it('that was never built is told so to its operator', async () => {
    const bare = await createStand([], { embedDirectory: '/nowhere' });
    expect(await verdict(bare.app.request('/embed/v1/itero.js'))).toEqual([503, 'embed_not_built']);
    await bare.close();
  });
});

it('another method than GET is told so', async () => {
  const answer = await stand.app.request('/embed/v1/itero.js', { method: 'PUT' });
  expect(answer.headers.get('allow')).toBe('GET, OPTIONS');
  expect(await verdict(answer)).toEqual([405, 'method_not_allowed']);
});
