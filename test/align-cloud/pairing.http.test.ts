import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ADAMS,
  BAKER,
  LOPEZ,
  call,
  callToken,
  pairAs,
  request,
  scanRx,
  secrets,
  sendRx,
  signIn,
  startAlign,
  startCallback,
} from './support/practice-system.ts';
import type { Json, Simulated, Tokens } from './support/practice-system.ts';
import type { AlignCloud } from '../../demo/align-cloud/index.ts';

let simulated: Simulated;
let align: AlignCloud;
beforeEach(async () => {
  simulated = await startAlign();
  align = simulated.align;
});
afterEach(() => align.close());

const pair = (token: string, body: Json) => call(align, 'pair', { token, body });

describe('discovery', () => {
  test('names every operation with domain and path, without asking for a token', async () => {
    const { region, endpoints } = (await (await fetch(`${align.baseUrl}/discovery`)).json()) as {
      region: string;
      endpoints: Record<string, Json>;
    };
    expect(region).toBe('us-east-1');
    expect(Object.keys(endpoints)).toHaveLength(10);
    expect(endpoints['getOrderByRxId']).toEqual({ domain: align.url, path: '/api/v2/orders/by-rx/{rxId}' });
  });

  test('sends callers elsewhere in another region, where the first one’s paths lead nowhere', async () => {
    const token = await pairAs(align, ADAMS, 1017);
    align.perform({ do: 'region', region: 'eu-central-1' });
    const old = await fetch(`${align.url}/api/v2/orders`, { headers: { authorization: `Bearer ${token}` } });
    expect(old.status).toBe(404);
    const rxId = await sendRx(align, token);
    await scanRx(align, rxId);
    expect((await call(align, 'getOrderByRxId', { token, params: { rxId } })).status).toBe(200);
    expect((await call(align, 'getFullRx', { token, params: { rxId } })).status).toBe(200);
  });

  test('takes regions with a domain and paths of their own', async () => {
    const other = await startAlign({
      region: 'moon',
      regions: { moon: { domain: 'https://moon.example', paths: { pair: '/p' } } },
    });
    try {
      const body = (await (await fetch(`${other.align.baseUrl}/discovery`)).json()) as {
        endpoints: Record<string, Json>;
      };
      expect(body.endpoints['pair']).toEqual({ domain: 'https://moon.example', path: '/p' });
    } finally {
      await other.align.close();
    }
  });

  test('a known path under another verb says which verbs there are', async () => {
    const response = await fetch(`${align.url}/api/v2/pair`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });
});

describe('the account list', () => {
  test('holds a doctor’s accounts, the configured and the others', async () => {
    const { access_token: token } = await signIn(align, ADAMS);
    const { body } = await call(align, 'getAvailableCompanies', { token });
    expect((body['companies'] as Json[]).map((one) => [one['companyId'], one['isConfigured']])).toEqual([
      [1017, true],
      [1023, true],
      [1058, false],
    ]);
  });

  test.each(['young@riverside.example', 'lab@cascade.example', 'both@cascade.example'])(
    'is refused to %s, who may sign in but not use it',
    async (login) => {
      const { access_token: token } = await signIn(align, login);
      expect(await call(align, 'getAvailableCompanies', { token })).toMatchObject({
        status: 403,
        body: { error: 'user_not_allowed' },
      });
      expect((await pair(token, { companyId: 1017 })).status).toBe(403);
    },
  );

  test.each([undefined, 'unknown', 'two words'])('is refused to the token %s', async (token) => {
    const answer = await call(align, 'getAvailableCompanies', token === undefined ? {} : { token });
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
  });
});

describe('pair', () => {
  test('gives a new set of tokens bound to the account; the sign-in’s own token opens no clinic', async () => {
    const unbound = await signIn(align, ADAMS);
    expect(await call(align, 'getOrders', { token: unbound.access_token })).toMatchObject({
      status: 403,
      body: { error: 'not_paired' },
    });
    const bound = (await pair(unbound.access_token, { companyId: 1017 })).body as unknown as Tokens;
    expect(bound.access_token).not.toBe(unbound.access_token);
    expect(bound).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
    expect((await call(align, 'getOrders', { token: bound.access_token })).status).toBe(200);
  });

  test('gives the same tokens again to the same user and account, the current ones after a refresh', async () => {
    const unbound = await signIn(align, ADAMS);
    const first = (await pair(unbound.access_token, { companyId: 1017 })).body as unknown as Tokens;
    await align.clock.advance(60_000);
    const again = (await pair(unbound.access_token, { companyId: 1017 })).body as unknown as Tokens;
    expect(again).toEqual({ ...first, expires_in: 3540 });
    const renewed = await callToken(align, {
      ...secrets(align),
      grant_type: 'refresh_token',
      refresh_token: first.refresh_token,
    });
    const third = (await pair(unbound.access_token, { companyId: 1017 })).body;
    expect(third['access_token']).toBe(renewed.body['access_token']);
  });

  test('keeps accounts and users apart', async () => {
    const { access_token: token } = await signIn(align, ADAMS);
    const one = (await pair(token, { companyId: 1017 })).body;
    const two = (await pair(token, { companyId: 1023 })).body;
    expect(one['access_token']).not.toBe(two['access_token']);
    const other = await pairAs(align, BAKER, 1017);
    expect(other).not.toBe(one['access_token']);
  });

  test.each([
    ['an account that is not configured', { companyId: 1058 }, 422],
    ['somebody else’s account', { companyId: 1042 }, 404],
    ['no account', {}, 422],
    ['an account as text', { companyId: '1017' }, 422],
    ['a property nobody knows', { companyId: 1017, company_id: 1017 }, 422],
    ['a callback that is not https', { companyId: 1017, callbackUrl: 'http://dpms.example/hook' }, 422],
    ['a callback that is no URL', { companyId: 1017, callbackUrl: 'hook' }, 422],
  ])('refuses %s', async (_, body, status) => {
    const { access_token: token } = await signIn(align, ADAMS);
    const answer = await pair(token, body);
    expect(answer.status).toBe(status);
    if (status === 422) expect(Object.keys(answer.body['fields'] as Json)).not.toHaveLength(0);
  });

  test('refuses malformed bodies', async () => {
    const { access_token } = await signIn(align, ADAMS);
    const send = (body: string, type: string): Promise<Response> =>
      fetch(`${align.url}/api/v2/pair`, {
        method: 'POST',
        headers: { authorization: `Bearer ${access_token}`, 'content-type': type },
        body,
      });
    expect((await send('{', 'application/json')).status).toBe(400);
    expect((await send('[]', 'application/json')).status).toBe(400);
    expect((await send('{"companyId":1017}', 'text/plain')).status).toBe(415);
    expect((await send(`{"companyId":${' '.repeat(300_000)}1017}`, 'application/json')).status).toBe(413);
  });
});

describe('un-pair', () => {
  test('disconnects every paired user of the account and nobody of another', async () => {
    const adams = await pairAs(align, ADAMS, 1017);
    const baker = await pairAs(align, BAKER, 1017);
    const east = await pairAs(align, ADAMS, 1023);
    const lopez = await pairAs(align, LOPEZ, 1042);
    expect((await request(align, 'unpair', { token: adams, body: { companyId: 1017 } })).status).toBe(204);
    for (const token of [adams, baker]) {
      expect(await call(align, 'getOrders', { token })).toMatchObject({ status: 403, body: { error: 'not_paired' } });
    }
    for (const token of [east, lopez]) expect((await call(align, 'getOrders', { token })).status).toBe(200);
  });

  test('shows as 401 at an account of the other habit', async () => {
    const token = await pairAs(align, ADAMS, 1023);
    align.perform({ do: 'unpair', companyId: 1023 });
    expect(await call(align, 'getPracticeConfiguration', { token })).toMatchObject({
      status: 401,
      body: { error: 'not_paired' },
    });
  });

  test('drops the callback URL: a later scan tells nobody, even after pairing without one', async () => {
    const callback = await startCallback();
    try {
      await pairAs(align, ADAMS, 1017, callback.url);
      align.perform({ do: 'unpair', companyId: 1017 });
      const token = await pairAs(align, ADAMS, 1017);
      await scanRx(align, await sendRx(align, token));
      expect(callback.received).toEqual([]);
      expect(align.state.notifications.at(-1)?.outcome).toBe('no callback');
    } finally {
      await callback.close();
    }
  });

  test('makes the next Pair a first one again, with new tokens', async () => {
    const before = await pairAs(align, ADAMS, 1017);
    align.perform({ do: 'unpair', companyId: 1017 });
    const after = await pairAs(align, ADAMS, 1017);
    expect(after).not.toBe(before);
    expect((await call(align, 'getOrders', { token: before })).status).toBe(403);
  });

  test('is refused for an account the token is not bound to', async () => {
    const token = await pairAs(align, ADAMS, 1017);
    await pairAs(align, ADAMS, 1023);
    expect((await call(align, 'unpair', { token, body: { companyId: 1023 } })).body['error']).toBe('not_paired');
    expect(align.state.accounts.get(1023)?.paired.size).toBe(1);
  });

  test('leaves the refresh token alive, or ends it where the cloud is set so', async () => {
    for (const ends of [false, true]) {
      align.flags.unpairEndsRefresh = ends;
      const token = await pairAs(align, ADAMS, 1017);
      const grant = [...align.state.grants.values()].find((one) => one.accessToken === token)!;
      align.perform({ do: 'unpair', companyId: 1017 });
      const answer = await callToken(align, {
        ...secrets(align),
        grant_type: 'refresh_token',
        refresh_token: grant.refreshToken,
      });
      expect(answer.status).toBe(ends ? 400 : 200);
    }
  });
});
