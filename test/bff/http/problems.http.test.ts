import { createServer } from 'node:net';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../../bff/clock.ts';
import type { Log, LogFields } from '../../../bff/deps.ts';
import { rawEndpoint, sessionEndpoint } from '../../../bff/http/endpoint.ts';
import { ProblemError } from '../../../bff/http/problem-error.ts';
import { listen, type Listener } from '../../../bff/http/server.ts';
import { problemSchema } from '../../../shared/problem.ts';
import { createStand, post, verdict, type Stand } from './stand.ts';

const lines: { fields: LogFields; message: string }[] = [];
const recording: Log = {
  debug: (fields, message) => void lines.push({ fields, message }),
  info: (fields, message) => void lines.push({ fields, message }),
  warn: (fields, message) => void lines.push({ fields, message }),
  error: (fields, message) => void lines.push({ fields, message }),
  child: () => recording,
};

let handled = 0;
const endpoints = [
  sessionEndpoint({
    method: 'post',
    path: '/v1/things',
    summary: 'Makes a thing',
    scopes: ['pair:read'],
    body: v.object({ chartNumber: v.pipe(v.string(), v.minLength(1)), size: v.number() }),
    status: 201,
    async handle({ body }) {
      handled += 1;
      return { size: body.size };
    },
  }),
  sessionEndpoint({
    method: 'get',
    path: '/v1/things/:id',
    summary: 'Fails',
    scopes: ['pair:read'],
    async handle({ params }) {
      if (params['id'] === 'slow-down') throw new ProblemError('rate_limited', { retryAfterSeconds: 7 });
      throw new SyntaxError('Unexpected token in "Zzyzx Canary"');
    },
  }),
  rawEndpoint({
    method: 'get',
    path: '/v1/open/:token',
    summary: 'Open',
    auth: 'open',
    handle: () => new Response('fine', { headers: { 'Cache-Control': 'private' } }),
  }),
];

let stand: Stand;
let token: string;
let listener: Listener;
let address: string;
beforeAll(async () => {
  stand = await createStand(endpoints, { log: recording });
  token = (await stand.mint()).session_token;
  listener = await listen(stand.app, { port: 0, host: '127.0.0.1', clock: createSystemClock() });
  address = `http://127.0.0.1:${listener.port}`;
});
afterAll(async () => {
  await listener.close(0);
  await stand.close();
});

const good = { chartNumber: 'C-1', size: 3 };
const ask = (path: string, init: RequestInit = {}): Promise<Response> => {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${token}`);
  return Promise.resolve(stand.app.request(path, { ...init, headers }));
};

describe('every fault is a problem document', () => {
  const cases: [string, () => Promise<Response>, number, string][] = [
    ['malformed JSON', () => ask('/v1/things', post('{"chartNumber": "C-1"', token)), 400, 'invalid_json'],
    ['an empty body', () => ask('/v1/things', post('', token)), 400, 'invalid_json'],
    [
      'a text that is no UTF-8',
      () => ask('/v1/things', { ...post('', token), body: new Uint8Array([0x22, 0xff, 0x22]) }),
      400,
      'invalid_json',
    ],
    ['a missing field', () => ask('/v1/things', post({ size: 1 }, token)), 400, 'invalid_request'],
    [
      'an empty chart number',
      () => ask('/v1/things', post({ chartNumber: '', size: 1 }, token)),
      400,
      'invalid_request',
    ],
    [
      'another media type',
      () => ask('/v1/things', post(good, token, { 'content-type': 'text/plain' })),
      415,
      'unsupported_media_type',
    ],
    [
      'a body over the limit',
      () => ask('/v1/things', post({ ...good, chartNumber: 'x'.repeat(1_000_001) }, token)),
      413,
      'payload_too_large',
    ],
    ['an unknown path', () => ask('/v1/nothing'), 404, 'not_found'],
    ['another method', () => ask('/v1/things', { method: 'PUT' }), 405, 'method_not_allowed'],
    ['a pause that is asked for', () => ask('/v1/things/slow-down'), 429, 'rate_limited'],
    ['a fault of ours', () => ask('/v1/things/1'), 500, 'internal'],
    ['no token', async () => stand.app.request('/v1/things', { method: 'POST' }), 401, 'unauthorized'],
  ];
  it.each(cases)('%s', async (_name, call, status, code) => {
    const answer = await call();
    const problem = v.parse(problemSchema, await answer.json());
    expect([answer.status, problem.status, problem.code]).toEqual([status, status, code]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('x-request-id')).toBe(problem.requestId);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(problem.displayMessage).toMatch(/\.$/);
  });

  it('names the faulty fields and never their values', async () => {
    const answer = await ask('/v1/things', post({ chartNumber: 7_341_559, size: 'Zzyzx Canary' }, token));
    const text = await answer.text();
    expect((JSON.parse(text) as { errors: unknown }).errors).toEqual([
      { path: 'chartNumber', expected: 'expected string' },
      { path: 'size', expected: 'expected number' },
    ]);
    expect(text).not.toMatch(/Zzyzx|7341559/);
  });

  it('says in a header how long to wait', async () => {
    expect((await ask('/v1/things/slow-down')).headers.get('retry-after')).toBe('7');
  });

  it('says which methods there are', async () => {
    expect((await ask('/v1/things', { method: 'PUT' })).headers.get('allow')).toBe('POST, OPTIONS');
  });

  it('tells nothing of an unexpected fault but its request id', async () => {
    const text = await (await ask('/v1/things/1')).text();
    expect(text).not.toMatch(/Zzyzx|SyntaxError|stand\.ts/);
  });
});

describe('10 MB bodies', () => {
  it('are refused by their declared length before they are read', async () => {
    const before = handled;
    const answer = await fetch(`${address}/v1/things`, post('x'.repeat(10_000_000), token));
    expect(await verdict(answer)).toEqual([413, 'payload_too_large']);
    expect(handled).toBe(before);
  });

  it('are refused without a declared length after the first megabyte', async () => {
    let sent = 0;
    const chunk = new Uint8Array(100_000).fill(0x20);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += chunk.byteLength;
        if (sent > 10_000_000) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const answer = stand.app.request('/v1/things', { ...post('', token), body, duplex: 'half' });
    expect(await verdict(answer)).toEqual([413, 'payload_too_large']);
    expect(sent).toBeLessThan(2_000_000);
  });
});

describe('request ids and headers', () => {
  it('takes no request id from outside and makes each anew', async () => {
    const ids = await Promise.all(
      [1, 2].map(async () =>
        (await ask('/v1/open/x', { headers: { 'x-request-id': 'mine' } })).headers.get('x-request-id'),
      ),
    );
    expect(ids[0]).toMatch(/^req_[\w-]{12}[0-9a-z]{6}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('lets other origins show what it serves, and keeps what a handler set', async () => {
    const { headers } = await ask('/v1/open/x');
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(headers.get('x-frame-options')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('strict-transport-security')).toContain('max-age=');
    expect(headers.get('cache-control')).toBe('private');
  });
});

describe('the request log', () => {
  it('has the pattern, never the path; ids of vendor and tenant, never a name', async () => {
    lines.length = 0;
    await ask('/v1/open/s3cr3t?code=s3cr3t');
    await ask('/v1/things', post({ ...good, chartNumber: 'Canary-9' }, token));
    expect(lines.map(({ fields }) => [fields['method'], fields['route'], fields['status']])).toEqual([
      ['GET', '/v1/open/:token', 200],
      ['POST', '/v1/things', 201],
    ]);
    expect(lines[1]?.fields).toMatchObject({ vendor: 'molar', tenant: 'riverside' });
    expect(JSON.stringify(lines)).not.toMatch(/s3cr3t|Canary/);
  });
});

describe('ports', () => {
  it('says in a sentence that a port is in use', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const { port } = squatter.address() as { port: number };
    await expect(listen(stand.app, { port, host: '127.0.0.1', clock: stand.clock })).rejects.toThrow(
      `Port ${port} is in use. Stop what listens there, or set "port" in the configuration to another one.`,
    );
    await new Promise((resolve) => squatter.close(resolve));
  });

  it('says so when the address is not one of this machine', async () => {
    await expect(listen(stand.app, { port: 0, host: '192.0.2.1', clock: stand.clock })).rejects.toThrow(/host/);
  });
});
