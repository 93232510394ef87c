/** The short way in front of the app: what it answers, and what it leaves to the endpoint. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSystemClock, createSystemRandom } from '../../../bff/clock.ts';
import type { Log, LogFields } from '../../../bff/deps.ts';
import { createAtOnce, type ReadyAnswer } from '../../../bff/http/at-once.ts';
import { createCors } from '../../../bff/http/cors.ts';
import { createMetrics } from '../../../bff/http/metrics.ts';
import { Draining, listen, type Listener } from '../../../bff/http/server.ts';
import { createVendors } from '../../../bff/vendors.ts';

const ORIGIN = 'https://dpms.example';
const clock = createSystemClock();
const lines: LogFields[] = [];
const log: Log = {
  debug: (fields) => void lines.push(fields),
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => log,
};
const metrics = createMetrics({ process: false, clock });
const draining = new Draining();
let ready: ReadyAnswer | null;
let listener: Listener;
const asked: string[] = [];

beforeAll(async () => {
  const vendors = createVendors([{ id: 'v', name: 'V', apiKeyHashes: [], allowedOrigins: [ORIGIN] }]);
  const parts = {
    clock,
    log,
    metrics,
    draining,
    random: createSystemRandom(),
    cors: createCors(vendors),
    secure: true,
  };
  const route = {
    path: '/v1/pictures/:name',
    answer: (name: string) => {
      asked.push(name);
      return ready;
    },
  } as const;
  const app = { fetch: () => new Response('the endpoint') };
  listener = await listen(app, { port: 0, host: '127.0.0.1', clock }, createAtOnce(route, parts));
});
beforeEach(() => {
  ready = { status: 200, headers: ['ETag', '"1"', 'Content-Length', '7'], body: Buffer.from('at once') };
  draining.active = false;
  lines.length = 0;
});
afterAll(() => listener.close(0));

const get = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${listener.port}${path}`, init);

describe('the short way', () => {
  it('answers with the headers and the count of every answer, and with its log line at debug', async () => {
    const answer = await get('/v1/pictures/a', { headers: { origin: ORIGIN } });
    expect([answer.status, await answer.text()]).toEqual([200, 'at once']);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      etag: '"1"',
      vary: 'Origin',
      'access-control-allow-origin': ORIGIN,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'cross-origin',
      'strict-transport-security': 'max-age=31536000',
    });
    const requestId = answer.headers.get('x-request-id') ?? '';
    expect(requestId).toMatch(/^req_/);
    expect(lines).toEqual([
      { requestId, method: 'GET', route: '/v1/pictures/:name', status: 200, ms: expect.any(Number) as number },
    ]);
    expect(await metrics.text()).toContain('route="/v1/pictures/:name",status="200"} 1');
  });

  it('keeps the connection in order where nothing is sent but a status', async () => {
    ready = { status: 304, headers: ['ETag', '"1"'], body: null };
    const answer = await get('/v1/pictures/a');
    expect([answer.status, await answer.text()]).toEqual([304, '']);
  });

  it('leaves to the endpoint what it cannot answer with a plain yes', async () => {
    ready = null;
    expect(await (await get('/v1/pictures/a')).text()).toBe('the endpoint');
    expect(asked.at(-1)).toBe('a');
    expect(lines).toEqual([]);
  });

  it.each([
    ['another path', '/v1/scans/a', 'GET'],
    ['another method', '/v1/pictures/a', 'DELETE'],
  ])('leaves %s alone', async (_name, path, method) => {
    expect(await (await get(path, { method })).text()).toBe('the endpoint');
  });

  it('turns nothing away by itself while the service stops', async () => {
    draining.active = true;
    expect(await (await get('/v1/pictures/a')).text()).toBe('the endpoint');
  });
});
