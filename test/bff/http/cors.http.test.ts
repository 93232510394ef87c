import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sessionEndpoint } from '../../../bff/http/endpoint.ts';
import { createStand, KEYS, ORIGINS, verdict, type Stand } from './stand.ts';

const [dpms = '', beta = ''] = ORIGINS.molar;
const [incisor = ''] = ORIGINS.incisor;

let stand: Stand;
beforeAll(async () => {
  stand = await createStand([
    sessionEndpoint({
      method: 'get',
      path: '/v1/thing',
      summary: 'A thing',
      scopes: ['pair:read'],
      handle: async () => ({}),
    }),
  ]);
});
afterAll(() => stand.close());

const get = async (token: string, origin?: string): Promise<Response> =>
  stand.app.request('/v1/thing', {
    headers: { authorization: `Bearer ${token}`, ...(origin === undefined ? {} : { origin }) },
  });

describe('preflight', () => {
  const preflight = async (origin?: string): Promise<Response> =>
    stand.app.request('/v1/thing', {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'POST', ...(origin === undefined ? {} : { origin }) },
    });

  it.each([dpms, beta, incisor])('is granted to %s, one of the vendors’ origins', async (origin) => {
    const answer = await preflight(origin);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('vary')).toContain('Origin');
    const allowed = answer.headers.get('access-control-allow-headers') ?? '';
    for (const name of ['Authorization', 'Content-Type', 'Idempotency-Key', 'Last-Event-ID'])
      expect(allowed).toContain(name);
    expect(answer.headers.get('access-control-allow-methods')).toContain('PATCH');
  });

  it.each(['https://evil.example', 'null', `${dpms}.evil.example`, 'http://dpms.molar.example', undefined])(
    'is refused to %s',
    async (origin) => {
      const answer = await preflight(origin);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(await verdict(answer)).toEqual([403, 'origin_refused']);
    },
  );
});

describe('the request itself', () => {
  it.each([
    ['its vendor’s origin', dpms, undefined, 200],
    ['another origin of its vendor', beta, undefined, 200],
    ['no origin at all', undefined, undefined, 200],
    ['the origin of another vendor', incisor, undefined, 403],
    ['an origin of nobody', 'https://evil.example', undefined, 403],
    ['the opaque origin', 'null', undefined, 403],
    ['an origin the session was narrowed to', beta, [beta], 200],
    ['an origin the session was not narrowed to', dpms, [beta], 403],
    ['no origin, in a narrowed session', undefined, [beta], 200],
    ['any origin, in a session narrowed to none', dpms, [], 403],
  ])('from %s', async (_name, origin, allowedOrigins, status) => {
    const { session_token } = await stand.mint(allowedOrigins === undefined ? {} : { allowedOrigins });
    const answer = await get(session_token, origin);
    expect(answer.status).toBe(status);
    if (status === 403) expect(await answer.json()).toMatchObject({ code: 'origin_refused' });
  });

  it('may be read by a page of a vendor, problems and request id included', async () => {
    const answer = await get('not-a-token', dpms);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('access-control-allow-origin')).toBe(dpms);
    expect(answer.headers.get('access-control-expose-headers')).toContain('X-Request-Id');
    expect(answer.headers.get('access-control-expose-headers')).toContain('Retry-After');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('may not be read by a page of nobody', async () => {
    const answer = await get('not-a-token', 'https://evil.example');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

it('a session cannot be minted for an origin that its vendor does not have', async () => {
  await expect(stand.mint({ allowedOrigins: [dpms, incisor] })).rejects.toThrow('invalid_request');
  await expect(stand.mint({ allowedOrigins: [incisor] }, KEYS.incisor)).resolves.toMatchObject({ livemode: false });
});
