import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  ADAMS,
  authorizeUrl,
  call,
  callToken,
  orderOf,
  pairAs,
  request,
  scanRequestBody,
  scanRx,
  secrets,
  sendRx,
  signIn,
  startAlign,
} from './support/practice-system.ts';
import type { Simulated } from './support/practice-system.ts';
import type { AlignCloud, FaultPoint } from '../../demo/align-cloud/index.ts';

let simulated: Simulated;
let align: AlignCloud;
let token: string;
let unbound: string;
let rxId: string;
beforeAll(async () => {
  simulated = await startAlign();
  align = simulated.align;
});
afterAll(() => align.close());
beforeEach(async () => {
  align.reset();
  unbound = (await signIn(align, ADAMS)).access_token;
  token = await pairAs(align, ADAMS, 1017);
  rxId = await sendRx(align, token);
  await scanRx(align, rxId);
});

const at = (operation: string, options: Parameters<typeof request>[2]) => (): Promise<Response> =>
  request(align, operation, { token, ...options });

/** Every operation and every door, called as it should be. */
const CALLS: Record<string, () => Promise<Response>> = {
  discovery: () => fetch(`${align.baseUrl}/discovery`),
  authorize: () => fetch(authorizeUrl(align)),
  token: () =>
    fetch(`${align.oauthBase}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        ...secrets(align),
        grant_type: 'refresh_token',
        refresh_token: currentRefreshToken(),
      }),
    }),
  revoke: () =>
    fetch(`${align.oauthBase}/oauth/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ ...secrets(align), token: 'any' }),
    }),
  getAvailableCompanies: () => request(align, 'getAvailableCompanies', { token: unbound }),
  pair: () => request(align, 'pair', { token: unbound, body: { companyId: 1017 } }),
  // Half an answer was carried out as well: whoever calls again has to be paired again.
  unpair: async () => request(align, 'unpair', { token: await pairAs(align, ADAMS, 1017), body: { companyId: 1017 } }),
  getPracticeConfiguration: () => at('getPracticeConfiguration', {})(),
  scanRequest: () => at('scanRequest', { body: scanRequestBody() })(),
  deleteRx: async () => at('deleteRx', { params: { rxId: await sendFreshRx() } })(),
  getOrders: () => at('getOrders', {})(),
  getOrderByRxId: () => at('getOrderByRxId', { params: { rxId } })(),
  getFullRx: () => at('getFullRx', { params: { rxId } })(),
  updatePatient: () =>
    at('updatePatient', {
      body: { firstName: 'Ida', lastName: 'Noor', chartNumber: 'P-1', newFirstName: 'Ida', newLastName: 'Noor' },
    })(),
  asset: async () => {
    const order = await orderOf(align, token, rxId);
    const { url } = order.assets.find(({ type }) => type === 'IMAGE_GALLERY')!;
    return fetch(url, { headers: { authorization: `Bearer ${token}` } });
  },
  cdn: async () => {
    const order = await orderOf(align, token, rxId);
    return fetch(order.assets.find(({ type }) => type === 'SCREEN_CAPTURES')!.url);
  },
  scanningTool: () => fetch(`${align.url}/api/v1/presets/availableprocedure-maps`),
};

function currentRefreshToken(): string {
  const { grantId } = align.state.accessTokens.get(unbound)!;
  return align.state.grants.get(grantId)!.refreshToken;
}
async function sendFreshRx(): Promise<string> {
  const open = [...align.state.rxs.values()].find(({ state }) => state === 'created');
  return open?.rxId ?? sendRx(align, token);
}

const POINTS = Object.keys(CALLS) as FaultPoint[];
const run = (point: string): Promise<Response> => CALLS[point]!();
const isFine = (response: Response): boolean => response.ok;

describe.each(POINTS)('at %s', (point) => {
  test('a call goes well without a fault', async () => {
    expect(isFine(await run(point))).toBe(true);
  });

  test.each([
    [401, 'invalid_token'],
    [403, 'user_not_allowed'],
    [404, 'not_found'],
    [409, 'conflict'],
    [422, 'invalid_request'],
    [429, 'too_many_requests'],
    [500, 'internal_error'],
    [503, 'unavailable'],
  ])('a status %i comes once, as %s, then all is well', async (status, error) => {
    align.faults.add({ on: point, kind: 'status', status });
    const response = await run(point);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error });
    expect(response.headers.has('retry-after')).toBe(status === 429);
    expect(isFine(await run(point))).toBe(true);
  });

  test('not_paired can be told with either status', async () => {
    align.faults.add({ on: point, kind: 'status', status: 403, error: 'not_paired' });
    align.faults.add({ on: point, kind: 'status', status: 401, error: 'not_paired' });
    for (const status of [403, 401]) {
      const response = await run(point);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error: 'not_paired' });
    }
  });

  test('the connection is reset', async () => {
    align.faults.add({ on: point, kind: 'reset' });
    await expect(run(point)).rejects.toThrow('fetch failed');
    expect(isFine(await run(point))).toBe(true);
  });

  test('half a body comes, then the connection breaks', async () => {
    align.faults.add({ on: point, kind: 'half-body' });
    await expect(run(point).then((response) => response.arrayBuffer())).rejects.toThrow('terminated');
    expect(isFine(await run(point))).toBe(true);
  });

  test('the answer has a wrong shape', async () => {
    align.faults.add({ on: point, kind: 'wrong-shape' });
    const response = await run(point);
    expect(response.ok).toBe(true);
    const isFile = point === 'asset' || point === 'cdn';
    const text = await response.text();
    if (isFile) expect(text).toContain('<h1>Sign in</h1>');
    else expect(JSON.parse(text)).toEqual({ result: [] });
  });

  test('the answer is slow by the clock', async () => {
    align.faults.add({ on: point, kind: 'slow', ms: 30_000 });
    const response = run(point);
    while (align.faults.list()[0]?.struck === 0) await new Promise((resolve) => setImmediate(resolve));
    let answered = false;
    void response.then(() => (answered = true));
    await align.clock.advance(29_999);
    await fetch(`${align.url}/control/clock`);
    expect(answered).toBe(false);
    await align.clock.advance(1);
    expect(isFine(await response)).toBe(true);
  });
});

describe('a fault', () => {
  test('may leave out what a reader needs, at any depth', async () => {
    align.faults.add({ on: 'getOrders', kind: 'wrong-shape', without: ['rxId', 'url'] });
    const { body } = await call(align, 'getOrders', { token });
    expect(JSON.stringify(body)).not.toMatch(/"rxId"|"url"/);
    expect(body).toMatchObject({ total: 1 });
  });

  test('may answer with a page, or with JSON of one’s own', async () => {
    align.faults.add({ on: 'getOrders', kind: 'wrong-shape', body: '<h1>Bad gateway</h1>' });
    align.faults.add({ on: 'getOrders', kind: 'wrong-shape', body: [1, 2] });
    expect(await (await run('getOrders')).text()).toBe('<h1>Bad gateway</h1>');
    expect(await (await run('getOrders')).json()).toEqual([1, 2]);
  });

  test('may lose only the answer: the RX exists though nobody was told', async () => {
    const before = align.state.rxs.size;
    align.faults.add({ on: 'scanRequest', kind: 'reset', processed: true });
    await expect(run('scanRequest')).rejects.toThrow();
    expect(align.state.rxs.size).toBe(before + 1);
    align.faults.add({ on: 'scanRequest', kind: 'status', status: 502, processed: true });
    expect((await run('scanRequest')).status).toBe(502);
    expect(align.state.rxs.size).toBe(before + 2);
    align.faults.add({ on: 'scanRequest', kind: 'reset' });
    await expect(run('scanRequest')).rejects.toThrow();
    expect(align.state.rxs.size).toBe(before + 2);
  });

  test('may answer so late that the caller gives up: the RX exists', async () => {
    const before = align.state.rxs.size;
    align.faults.add({ on: 'scanRequest', kind: 'slow', ms: 60_000 });
    const abort = new AbortController();
    const given = fetch(`${align.url}/api/v2/scan-request`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(scanRequestBody()),
      signal: abort.signal,
    });
    while (align.state.rxs.size === before) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    await expect(given).rejects.toThrow('aborted');
    expect(align.state.rxs.size).toBe(before + 1);
  });

  test('strikes as often as told, after as many chances as told, and only at its clinic', async () => {
    align.faults.add({ on: 'getOrders', kind: 'status', status: 500, times: 2, after: 1 });
    align.faults.add({ on: 'getOrders', kind: 'status', status: 503, times: 'always', companyId: 1023 });
    const statuses: number[] = [];
    for (let calls = 0; calls < 5; calls += 1) statuses.push((await run('getOrders')).status);
    expect(statuses).toEqual([200, 500, 500, 200, 200]);
    const east = await pairAs(align, ADAMS, 1023);
    expect((await call(align, 'getOrders', { token: east })).status).toBe(503);
  });

  test('is named in the call log beside what was answered', async () => {
    align.faults.add({ on: 'getOrders', kind: 'status', status: 429, retryAfter: 7 });
    const response = await run('getOrders');
    expect(response.headers.get('retry-after')).toBe('7');
    expect(align.calls('getOrders').at(-1)).toMatchObject({ status: 429, fault: 'status', companyId: 1017 });
  });

  test('an expired token is refused at the token’s first use after it, and a refresh heals it', async () => {
    const { refreshToken } = [...align.state.grants.values()].find(({ accessToken }) => accessToken === token)!;
    align.perform({ do: 'expire-tokens', companyId: 1017 });
    expect((await run('getOrders')).status).toBe(401);
    const answer = await callToken(align, {
      ...secrets(align),
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    });
    expect((await call(align, 'getOrders', { token: answer.body['access_token'] as string })).status).toBe(200);
  });
});

describe('at the scanner', () => {
  const types = async (id: string): Promise<string[]> =>
    (await orderOf(align, token, id)).assets.map(({ type }) => type);

  test('an iDE is absent and back after the seconds told', async () => {
    align.faults.add({ on: 'scan', kind: 'ide-absent', seconds: 55 });
    const id = await sendRx(align, token);
    await scanRx(align, id);
    const { modifiedDate } = await orderOf(align, token, id);
    expect(await types(id)).toEqual(['IMAGE_GALLERY', 'SCREEN_CAPTURES']);
    await align.clock.advance(55_000);
    await align.settled();
    expect(await types(id)).toContain('IDE');
    expect((await orderOf(align, token, id)).modifiedDate > modifiedDate).toBe(true);
    expect(align.state.notifications.filter((one) => one.rxId === id)).toHaveLength(2);
  });

  test('an iDE never comes, until export settings are changed', async () => {
    align.faults.add({ on: 'scan', kind: 'ide-absent' });
    const id = await sendRx(align, token);
    const orderId = await scanRx(align, id);
    await align.clock.advance(1_800_000);
    expect(await types(id)).not.toContain('IDE');
    align.perform({ do: 'export-settings', orderId });
    await align.clock.advance(80_000);
    expect(await types(id)).toContain('IDE');
  });

  test('thumbnails are late', async () => {
    align.faults.add({ on: 'scan', kind: 'thumbnails-late', seconds: 20 });
    const id = await sendRx(align, token);
    await scanRx(align, id);
    expect(await types(id)).toEqual(['IDE', 'SCREEN_CAPTURES']);
    await align.clock.advance(20_000);
    expect(await types(id)).toContain('IMAGE_GALLERY');
  });

  test('a name is mistyped: another patient, the same RXID', async () => {
    align.faults.add({ on: 'scan', kind: 'mistyped' });
    align.faults.add({ on: 'scan', kind: 'mistyped', after: 1, chartNumber: 'P-2' });
    const before = align.state.patients.length;
    const first = await sendRx(align, token);
    await scanRx(align, first);
    expect((await orderOf(align, token, first)).patient).toEqual({
      firstName: 'Ida',
      lastName: 'Noro',
      chartNumber: 'P-1',
    });
    const second = await sendRx(align, token);
    await scanRx(align, second);
    expect((await orderOf(align, token, second)).patient).toEqual({
      firstName: 'Ida',
      lastName: 'Noor',
      chartNumber: 'P-2',
    });
    expect(align.state.patients.length - before).toBe(2);
  });

  test('an RX is not taken from the list: the scan has an RXID nobody knows and the RX stays open', async () => {
    align.faults.add({ on: 'scan', kind: 'unrequested' });
    const id = await sendRx(align, token);
    const { rxId: other, finished } = align.perform({ do: 'scan', rxId: id });
    await finished;
    expect(other).not.toBe(id);
    expect((await orderOf(align, token, other!)).patient['chartNumber']).toBe('P-1');
    await expect(orderOf(align, token, id)).rejects.toThrow('404');
    expect((await request(align, 'deleteRx', { token, params: { rxId: id } })).status).toBe(204);
  });
});
