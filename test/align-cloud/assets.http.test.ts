import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ADAMS, LOPEZ, call, orderOf, pairAs, scanRx, sendRx, startAlign } from './support/practice-system.ts';
import type { Asset, Order, Simulated } from './support/practice-system.ts';
import type { AlignCloud } from '../../demo/align-cloud/index.ts';

let simulated: Simulated;
let align: AlignCloud;
let token: string;
let order: Order;
beforeEach(async () => {
  simulated = await startAlign();
  align = simulated.align;
  token = await pairAs(align, ADAMS, 1017);
  const rxId = await sendRx(align, token);
  await scanRx(align, rxId);
  order = await orderOf(align, token, rxId);
});
afterEach(() => align.close());

const asset = (type: string): Asset => order.assets.find((one) => one.type === type)!;
const withToken = (headers: Record<string, string> = {}): RequestInit => ({
  headers: { authorization: `Bearer ${token}`, ...headers },
  redirect: 'manual',
});
const size = async (response: Response): Promise<number> => (await response.arrayBuffer()).byteLength;

describe('a file on Discovery’s host', () => {
  test('wants a bearer token', async () => {
    const { url, sizeBytes } = asset('IMAGE_GALLERY');
    expect(new URL(url).host).toBe(new URL(align.url).host);
    expect((await fetch(url)).status).toBe(401);
    const response = await fetch(url, withToken());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(sizeBytes));
    expect(response.headers.get('content-type')).toBe('application/zip');
    expect(await size(response)).toBe(sizeBytes);
  });

  test('is not given to another clinic, nor after an un-pair', async () => {
    const { url } = asset('IMAGE_GALLERY');
    const lopez = await pairAs(align, LOPEZ, 1042);
    expect((await fetch(url, { headers: { authorization: `Bearer ${lopez}` } })).status).toBe(404);
    align.perform({ do: 'unpair', companyId: 1017 });
    expect((await fetch(url, withToken())).status).toBe(403);
  });

  test('redirects once to the other host, where no token may be sent', async () => {
    const response = await fetch(asset('IDE').url, withToken());
    expect(response.status).toBe(302);
    const target = response.headers.get('location') ?? '';
    expect(new URL(target).hostname).not.toBe(new URL(align.url).hostname);
    expect((await fetch(target, withToken())).status).toBe(400);
    expect((await fetch(target)).status).toBe(200);
  });
});

describe('a pre-signed file on another host', () => {
  test('needs no token and ends after five minutes', async () => {
    const { url } = asset('SCREEN_CAPTURES');
    expect(new URL(url).hostname).toBe('localhost');
    expect((await fetch(url)).status).toBe(200);
    await align.clock.advance(300_000);
    expect((await fetch(url)).status).toBe(403);
  });

  test('cannot be had with a changed signature or the other way’s link', async () => {
    const { url } = asset('SCREEN_CAPTURES');
    expect((await fetch(`${url}x`)).status).toBe(403);
    const { pathname, search } = new URL(asset('IMAGE_GALLERY').url);
    expect((await fetch(`${align.cdnUrl}${pathname.replace('/files/', '/case-files/')}${search}`)).status).toBe(404);
  });
});

test('another clinic’s files all come pre-signed, a third one’s all by token', async () => {
  const at = async (login: string, companyId: number, change: Record<string, unknown>): Promise<string[]> => {
    const by = await pairAs(align, login, companyId);
    const rxId = await sendRx(align, by, change);
    await scanRx(align, rxId);
    return (await orderOf(align, by, rxId)).assets.map(({ url }) => new URL(url).hostname);
  };
  expect(await at(LOPEZ, 1042, { doctorId: 'D-3001' })).toEqual(['localhost', 'localhost', 'localhost']);
  expect(await at(ADAMS, 1023, {})).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
});

test('URLs change at each listing while older ones still lead to the same file', async () => {
  const again = await orderOf(align, token, order.rxId);
  for (const { type, url } of again.assets) expect(url).not.toBe(asset(type).url);
  expect(again.assets.map(({ modifiedDate }) => modifiedDate)).toEqual(
    order.assets.map(({ modifiedDate }) => modifiedDate),
  );
  expect((await fetch(asset('IMAGE_GALLERY').url, withToken())).status).toBe(200);
});

test('a link to files that were replaced leads nowhere', async () => {
  align.perform({ do: 'move', orderId: order.orderId, event: 'sent-back-for-rescan' });
  await align.perform({ do: 'move', orderId: order.orderId, event: 'rescan-completed' }).finished;
  expect((await fetch(asset('IMAGE_GALLERY').url, withToken())).status).toBe(404);
});

test('screen captures are there only when they were taken', async () => {
  const rxId = await sendRx(align, token);
  await scanRx(align, rxId, { captures: false });
  expect((await orderOf(align, token, rxId)).assets.map(({ type }) => type)).toEqual(['IDE', 'IMAGE_GALLERY']);
});

describe('ranges', () => {
  test('a part of a file, joined to the rest, is the file', async () => {
    const { url, sizeBytes } = asset('IMAGE_GALLERY');
    const whole = Buffer.from(await (await fetch(url, withToken())).arrayBuffer());
    const first = await fetch(url, withToken({ range: 'bytes=0-99' }));
    expect(first.status).toBe(206);
    expect(first.headers.get('content-range')).toBe(`bytes 0-99/${sizeBytes}`);
    const rest = await fetch(url, withToken({ range: 'bytes=100-' }));
    const joined = Buffer.concat([Buffer.from(await first.arrayBuffer()), Buffer.from(await rest.arrayBuffer())]);
    expect(joined.equals(whole)).toBe(true);
  });

  test('past the end is 416 with the size', async () => {
    const { url, sizeBytes } = asset('IMAGE_GALLERY');
    const response = await fetch(url, withToken({ range: `bytes=${sizeBytes}-` }));
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${sizeBytes}`);
  });

  test('If-Range of another version gives the whole file', async () => {
    const { url } = asset('IMAGE_GALLERY');
    const etag = (await fetch(url, withToken())).headers.get('etag') ?? '';
    expect((await fetch(url, withToken({ range: 'bytes=0-9', 'if-range': etag }))).status).toBe(206);
    expect((await fetch(url, withToken({ range: 'bytes=0-9', 'if-range': '"other"' }))).status).toBe(200);
  });

  test('HEAD tells the length and sends nothing', async () => {
    const { url, sizeBytes } = asset('IMAGE_GALLERY');
    const response = await fetch(url, { ...withToken(), method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(sizeBytes));
    expect(await size(response)).toBe(0);
  });
});

describe('faults of a download', () => {
  test('half a file: the head promises more than comes', async () => {
    align.faults.add({ on: 'asset', kind: 'half-body', asset: 'IMAGE_GALLERY' });
    const response = await fetch(asset('IMAGE_GALLERY').url, withToken());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(asset('IMAGE_GALLERY').sizeBytes));
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
    expect((await fetch(asset('IMAGE_GALLERY').url, withToken())).status).toBe(200);
  });

  test('a truncated zip: whole for HTTP, but its end is not there', async () => {
    align.faults.add({ on: 'asset', kind: 'truncated' });
    const bytes = Buffer.from(await (await fetch(asset('IMAGE_GALLERY').url, withToken())).arrayBuffer());
    expect(bytes.length).toBeLessThan(asset('IMAGE_GALLERY').sizeBytes!);
    expect(bytes.subarray(0, 2).toString()).toBe('PK');
    expect(bytes.includes(Buffer.from([0x50, 0x4b, 0x05, 0x06]))).toBe(false);
  });

  test('the token ends in mid-download: the rest wants a new one', async () => {
    align.faults.add({ on: 'asset', kind: 'token-expires' });
    const { url } = asset('IMAGE_GALLERY');
    await expect((await fetch(url, withToken())).arrayBuffer()).rejects.toThrow('terminated');
    expect((await fetch(url, withToken({ range: 'bytes=100-' }))).status).toBe(401);
    expect((await call(align, 'getOrders', { token })).body['error']).toBe('invalid_token');
  });

  test('a pre-signed link ends in mid-download: a new listing gives a new one', async () => {
    align.faults.add({ on: 'cdn', kind: 'token-expires' });
    const { url } = asset('SCREEN_CAPTURES');
    await expect((await fetch(url)).arrayBuffer()).rejects.toThrow('terminated');
    expect((await fetch(url)).status).toBe(403);
    const again = await orderOf(align, token, order.rxId);
    expect((await fetch(again.assets.find(({ type }) => type === 'SCREEN_CAPTURES')!.url)).status).toBe(200);
  });

  test('a page comes in place of the file', async () => {
    align.faults.add({ on: 'cdn', kind: 'wrong-shape' });
    const response = await fetch(asset('SCREEN_CAPTURES').url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/html');
  });
});
