import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createAlign, type AlignPort, type UpstreamAsset } from '../../../bff/align/index.ts';
import { silent } from '../support/fixtures.ts';
import { FILE, FILE_BYTES, settingsFor, startUpstream, type Upstream } from './upstream.ts';

let upstream: Upstream;
let token: string;
let assets: readonly UpstreamAsset[];
/** 1017: iDE redirects to the other host, gallery wants the token, captures are pre-signed. */
const urlOf = (name: UpstreamAsset['name']): string => assets.find((asset) => asset.name === name)?.url ?? '';

beforeAll(async () => {
  upstream = await startUpstream();
  token = (await upstream.pair()).accessToken;
  await upstream.cloud.perform({ do: 'scan-without-rx', companyId: 1017, captures: true }).finished;
  const { orders } = await upstream.align.orders(token, { page: 1, pageSize: 10 });
  assets = orders[0]?.assets ?? [];
});
afterAll(() => upstream.close());
afterEach(() => upstream.cloud.faults.clear());

describe('files', () => {
  it.each(['ide', 'gallery', 'captures'] as const)('streams the %s whole', async (name) => {
    const file = await upstream.align.openAsset(token, urlOf(name), {});
    expect([file.status, file.contentLength, file.contentType]).toEqual([200, FILE_BYTES, 'application/zip']);
    expect((await buffer(file.body)).equals(FILE)).toBe(true);
  });

  it.each(['ide', 'gallery', 'captures'] as const)('passes a range of the %s on', async (name) => {
    const file = await upstream.align.openAsset(token, urlOf(name), { range: 'bytes=100-199' });
    expect([file.status, file.contentLength, file.contentRange]).toEqual([206, 100, `bytes 100-199/${FILE_BYTES}`]);
    expect((await buffer(file.body)).equals(FILE.subarray(100, 200))).toBe(true);
  });

  it('errs in the stream when half of the body is missing', async () => {
    upstream.cloud.faults.add({ on: 'asset', kind: 'half-body' });
    const file = await upstream.align.openAsset(token, urlOf('gallery'), {});
    await expect(buffer(file.body)).rejects.toThrow();
  });

  it('ends the transfer when the reader goes away', async () => {
    const gone = new AbortController();
    const file = await upstream.align.openAsset(token, urlOf('gallery'), { signal: gone.signal });
    gone.abort();
    await expect(buffer(file.body)).rejects.toThrow();
    const again = new AbortController();
    again.abort(new Error('closed'));
    await expect(upstream.align.openAsset(token, urlOf('gallery'), { signal: again.signal })).rejects.toThrow('closed');
  });

  it.each([
    [401, undefined, 'unauthorized'],
    [403, 'not_paired', 'not_paired'],
    [404, undefined, 'not_found'],
    [429, undefined, 'rate_limited'],
    [503, undefined, 'unavailable'],
  ] as const)('decides what %i %s means', async (status, error, kind) => {
    upstream.cloud.faults.add({ on: 'asset', kind: 'status', status, ...(error === undefined ? {} : { error }) });
    await expect(upstream.align.openAsset(token, urlOf('gallery'), {})).rejects.toMatchObject({ kind });
  });

  it('takes a refusal of the other host for a link that aged, never for a refused login', async () => {
    for (const status of [401, 403]) {
      upstream.cloud.faults.add({ on: 'cdn', kind: 'status', status });
      await expect(upstream.align.openAsset(token, urlOf('captures'), {})).rejects.toMatchObject({ kind: 'not_found' });
    }
  });

  it('gives a silent host up after the configured time', async () => {
    upstream.cloud.faults.add({ on: 'asset', kind: 'slow', ms: 3_600_000 });
    const before = upstream.cloud.calls('asset').length;
    const work = upstream.align.openAsset(token, urlOf('gallery'), {}).catch((error: unknown) => error);
    await upstream.arrived('asset', before + 1);
    await upstream.clock.advance(30_000);
    expect(await work).toMatchObject({ kind: 'timeout' });
  });
});

describe('whom it calls', () => {
  let server: Server;
  let seen: { path: string; authorization: string | undefined }[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let host: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push({ path: request.url ?? '', authorization: request.headers.authorization });
      answer(request, response);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  afterEach(() => {
    seen = [];
  });

  /** The stranger answers Discovery, too, so that its host is one that takes the token. */
  function alignWith(allowedHosts: string[], baseUrl = upstream.cloud.baseUrl): AlignPort {
    const settings = settingsFor(upstream.cloud, { allowedHosts, baseUrl });
    return createAlign({ settings: () => settings, fetch, clock: upstream.clock, log: silent });
  }

  it.each([
    'http://127.0.0.1:1/x',
    'http://169.254.169.254/latest/meta-data',
    'https://evil.example/x',
    'file:///etc/passwd',
    'http://user:secret@127.0.0.1:1/x',
    'not a url',
  ])('sends nothing to %s', async (url) => {
    await expect(upstream.align.openAsset(token, url, {})).rejects.toMatchObject({ kind: 'host_refused' });
  });

  it('takes another port for another host', async () => {
    answer = (_, response) => void response.end('x');
    await expect(alignWith([]).openAsset(token, `http://${host}/f`, {})).rejects.toMatchObject({
      kind: 'host_refused',
    });
    expect(seen).toEqual([]);
  });

  it('sends no token to an allowed host that is not Discovery’s', async () => {
    answer = (_, response) => void response.end('x');
    const file = await alignWith([host]).openAsset(token, `http://${host}/f`, {});
    expect((await buffer(file.body)).toString()).toBe('x');
    expect(seen).toEqual([{ path: '/f', authorization: undefined }]);
  });

  it('follows one redirect, never two', async () => {
    answer = (request, response) => {
      const next = Number(request.url?.slice(1)) - 1;
      if (next < 0) response.end('x');
      else response.writeHead(302, { location: `/${next}` }).end();
    };
    const align = alignWith([host]);
    expect((await align.openAsset(token, `http://${host}/1`, {})).status).toBe(200);
    await expect(align.openAsset(token, `http://${host}/2`, {})).rejects.toMatchObject({ kind: 'wrong_shape' });
  });

  it('drops the token where a redirect leaves Discovery’s hosts, and does not leave the allowed ones', async () => {
    let location = '';
    answer = (request, response) => {
      if (request.url === '/discovery') {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"endpoints":{}}');
      } else response.writeHead(302, { location }).end();
    };
    const align = alignWith([new URL(upstream.cloud.cdnUrl).host], `http://${host}`);
    location = urlOf('captures');
    const file = await align.openAsset(token, `http://${host}/file`, {});
    // The other host refuses any request that carries a bearer token.
    expect(file.status).toBe(200);
    file.body.destroy();
    expect(seen.at(-1)).toEqual({ path: '/file', authorization: `Bearer ${token}` });
    location = 'http://127.0.0.1:1/elsewhere';
    await expect(align.openAsset(token, `http://${host}/file`, {})).rejects.toMatchObject({ kind: 'host_refused' });
  });
});
