/** Get Orders under every fault: the floor holds, nothing is lost, and people are told what is wrong. */
import { afterEach, describe, expect, it } from 'vitest';
import type { FaultSpec } from '../../../demo/align-cloud/index.ts';
import {
  openStand,
  RIVERSIDE,
  smallestGap,
  tellsEachVersionOnce,
  type Stand,
  type StandOptions,
} from './support/stand.ts';

const FLOOR = 120_000;
let stand: Stand;
afterEach(() => stand.close());
/** Nothing is told by notification: what becomes visible was listed. */
async function open(options?: StandOptions): Promise<Stand> {
  stand = await openStand(options);
  stand.cloud.faults.add({ on: 'notification', kind: 'drop', times: 'always' });
  return stand;
}
const healthProblem = async (): Promise<string | null> => (await stand.pairing()).health.problem;

describe('a listing that fails', () => {
  it.each<[string, FaultSpec, string]>([
    ['5xx', { on: 'getOrders', kind: 'status', status: 503 }, 'upstream_unavailable'],
    ['a reset', { on: 'getOrders', kind: 'reset' }, 'upstream_unavailable'],
    ['half a body', { on: 'getOrders', kind: 'half-body' }, 'upstream_unavailable'],
    ['a wrong shape', { on: 'getOrders', kind: 'wrong-shape' }, 'upstream_wrong_shape'],
    [
      'a page that is not JSON',
      { on: 'getOrders', kind: 'wrong-shape', body: '<h1>Sign in</h1>' },
      'upstream_wrong_shape',
    ],
    ['no answer in time', { on: 'getOrders', kind: 'slow', ms: 45_000 }, 'upstream_timeout'],
    ['409', { on: 'getOrders', kind: 'status', status: 409 }, 'upstream_refused'],
    ['422', { on: 'getOrders', kind: 'status', status: 422, fields: { fromDate: 'x' } }, 'upstream_refused'],
    ['404', { on: 'getOrders', kind: 'status', status: 404 }, 'not_found'],
    ['429', { on: 'getOrders', kind: 'status', status: 429, retryAfter: 10 }, 'rate_limited'],
    ['403 of this user', { on: 'getOrders', kind: 'status', status: 403 }, 'user_not_allowed'],
  ])(
    'by %s is told as the connection’s problem, and the next round brings what it missed',
    async (_name, spec, code) => {
      await open();
      stand.cloud.faults.add(spec);
      const orderId = await stand.walkIn();
      await stand.advance(126_000 + 35_000);
      expect(await healthProblem()).toBe(code);
      expect(await stand.isVisible(orderId)).toBe(false);
      await stand.advance(126_000);
      expect(await stand.isVisible(orderId)).toBe(true);
      expect(await healthProblem()).toBeNull();
      expect((await stand.pairing()).state).toBe('paired');
      expect(smallestGap(stand.listings())).toBeGreaterThanOrEqual(FLOOR);
    },
  );

  it('by 429 waits as long as upstream asks, however long that is', async () => {
    await open();
    stand.cloud.faults.add({ on: 'getOrders', kind: 'status', status: 429, retryAfter: 600 });
    const orderId = await stand.walkIn();
    await stand.advance(600_000);
    expect(stand.listings()).toHaveLength(2);
    await stand.advance(130_000);
    expect(stand.listings()).toHaveLength(3);
    expect(stand.listings()[2] ?? 0).toBeGreaterThanOrEqual((stand.listings()[1] ?? 0) + 600_000);
    expect(await stand.isVisible(orderId)).toBe(true);
  });

  it('by 401 is refreshed once and sent once more, within the same round', async () => {
    await open();
    stand.cloud.faults.add({ on: 'getOrders', kind: 'status', status: 401 });
    const orderId = await stand.walkIn();
    const [refreshes, lists] = [stand.countOf('token'), stand.countOf('getOrders')];
    await stand.advance(127_000);
    expect([stand.countOf('token') - refreshes, stand.countOf('getOrders') - lists]).toEqual([1, 2]);
    expect(await stand.isVisible(orderId)).toBe(true);
    expect(await healthProblem()).toBeNull();
  });

  it('by 401 for ever asks for a new sign-in, keeps looking at the floor, and recovers by itself', async () => {
    await open();
    stand.cloud.faults.add({ on: 'getOrders', kind: 'status', status: 401, times: 6 });
    await stand.advance(3 * 126_000);
    expect(await healthProblem()).toBe('needs_login');
    expect(stand.countOf('getOrders')).toBe(7);
    await stand.advance(126_000);
    expect(await healthProblem()).toBeNull();
  });

  it.each<[string, FaultSpec]>([
    ['Discovery is away', { on: 'discovery', kind: 'status', status: 503, times: 2 }],
    ['the token endpoint is away', { on: 'token', kind: 'status', status: 503, times: 2 }],
    ['the token endpoint resets', { on: 'token', kind: 'reset' }],
    ['Discovery answers half', { on: 'discovery', kind: 'half-body' }],
  ])('because %s at a refresh goes on when it is back, with the login it has', async (_name, spec) => {
    await open();
    await stand.perform({ do: 'expire-tokens', companyId: RIVERSIDE });
    stand.cloud.faults.add(spec);
    const orderId = await stand.walkIn();
    await stand.advance(4 * 126_000);
    expect(await stand.isVisible(orderId)).toBe(true);
    expect((await stand.pairing()).logins).toMatchObject([{ state: 'healthy' }]);
  });

  it('because the answer of a refresh was lost, which used the token up: a new sign-in is asked for, once', async () => {
    await open();
    await stand.perform({ do: 'expire-tokens', companyId: RIVERSIDE });
    stand.cloud.faults.add({ on: 'token', kind: 'reset', processed: true });
    const orderId = await stand.walkIn();
    await stand.advance(3 * 126_000);
    expect(await stand.pairing()).toMatchObject({ state: 'needs_login', logins: [{ state: 'failing' }] });
    expect((await stand.events()).filter(({ type }) => type === 'pairing.removed')).toHaveLength(1);
    const asked = stand.countOf('getOrders');
    await stand.advance(3 * 126_000);
    expect(stand.countOf('getOrders')).toBe(asked);
    await stand.pair();
    await stand.advance(10_000);
    expect(await stand.isVisible(orderId)).toBe(true);
  });
});

describe('somebody else’s un-pair', () => {
  it.each([
    ['403', 'riverside', 1017],
    ['401', 'namesake', 1023],
  ] as const)(
    '(%s) is told once, polling stops, and pairing again brings what was missed',
    async (_status, clinic, companyId) => {
      await open({ paired: false });
      await stand.pair(clinic);
      await stand.advance(10_000);
      await stand.perform({ do: 'unpair', companyId });
      const orderId = String((await stand.perform({ do: 'scan-without-rx', companyId })).orderId);
      await stand.advance(126_000);
      expect(await stand.pairing(clinic)).toMatchObject({ state: 'lost', health: { problem: 'pairing_lost' } });
      const asked = stand.listings(companyId).length;
      await stand.advance(6 * 126_000);
      expect(stand.listings(companyId)).toHaveLength(asked);
      const told = (await stand.events(clinic)).filter(({ type }) => type.startsWith('pairing.'));
      expect(told.map(({ type, reason }) => [type, reason])).toEqual([
        ['pairing.created', 'paired'],
        ['pairing.backfilled', undefined],
        ['pairing.removed', 'lost'],
      ]);
      await stand.pair(clinic);
      await stand.advance(126_000);
      const { items } = await stand.list({}, clinic);
      expect(items).toMatchObject([{ orderId, learntBy: 'poll', unread: true }]);
    },
  );
});

describe('pairing again', () => {
  it.each([
    ['un-paired', '/v1/pairing', 'lost'],
    ['signed out', '/v1/pairing/login', 'lost'],
    ['un-paired', '/v1/pairing', 'kept for later'],
    ['signed out', '/v1/pairing/login', 'kept for later'],
  ] as const)(
    'by a clinic that was %s (%s) before its first listing ended makes no silent history of a scan whose notification was %s',
    async (_how, path, notification) => {
      stand = await openStand({ paired: false, cloud: { history: 3 } });
      for (const on of ['getOrders', 'getOrderByRxId'] as const) {
        stand.cloud.faults.add({ on, kind: 'status', status: 503, times: 'always' });
      }
      if (notification === 'lost') stand.cloud.faults.add({ on: 'notification', kind: 'drop', times: 'always' });
      await stand.pair();
      await stand.advance(1000);
      const orderId = await stand.walkIn();
      for (let times = 0; times < 2; times += 1) {
        await stand.advance(60_000);
        await stand.ask('DELETE', path);
        await stand.advance(10_000);
        await stand.pair();
      }
      stand.cloud.faults.clear();
      await stand.advance(900_000);
      expect(await stand.eventsOf(orderId)).toEqual(['scan.received']);
      expect(await stand.list()).toMatchObject({ total: 4, unread: 1 });
      const backfilled = (await stand.events()).filter(({ type }) => type === 'pairing.backfilled');
      expect(backfilled).toMatchObject([{ count: 3 }]);
    },
  );

  it('long after a connection that was listed tells all that was scanned meanwhile, and its history stays silent', async () => {
    await open({ cloud: { history: 3 } });
    await stand.ask('DELETE', '/v1/pairing');
    const orders: string[] = [];
    for (let day = 0; day < 3; day += 1) {
      await stand.advance(86_400_000, 3_600_000);
      orders.push(await stand.walkIn());
    }
    await stand.pair();
    await stand.advance(130_000);
    for (const orderId of orders) expect(await stand.eventsOf(orderId)).toEqual(['scan.received']);
    expect(await stand.list()).toMatchObject({ total: 6, unread: 3 });
    expect((await stand.events()).filter(({ type }) => type === 'pairing.backfilled')).toHaveLength(1);
  });
});

describe('a late “not paired”', () => {
  const BAKER = { id: 'u-baker', displayName: 'Dr. Baker' };

  it('to a login of the former pairing does not end the one that was made meanwhile', async () => {
    await open();
    await stand.perform({ do: 'unpair', companyId: RIVERSIDE });
    stand.cloud.faults.add({ on: 'getOrders', kind: 'slow', ms: 20_000 });
    const asked = stand.listings().length;
    for (let waited = 0; stand.listings().length === asked && waited < 40; waited += 1) await stand.advance(5000);
    await stand.pair();
    await stand.advance(30_000);
    expect((await stand.pairing()).state).toBe('paired');
    const orderId = await stand.walkIn();
    await stand.advance(252_000);
    expect(await stand.isVisible(orderId)).toBe(true);
    expect((await stand.events()).filter(({ type }) => type === 'pairing.removed')).toEqual([]);
  });

  it('to one person’s login ends that login alone, where somebody else has paired since', async () => {
    await open();
    await stand.perform({ do: 'unpair', companyId: RIVERSIDE });
    await stand.advance(1000);
    await stand.bff.pair('riverside', BAKER, 'baker@riverside.example');
    // The first person's own login is dead; the call is done through the second one's.
    await stand.ask('GET', '/v1/practice');
    expect(await stand.pairing()).toMatchObject({
      state: 'paired',
      logins: [
        { displayName: 'Dr. Day', state: 'failing' },
        { displayName: 'Dr. Baker', state: 'healthy' },
      ],
    });
    // And when the second one is un-paired too, the connection is lost.
    await stand.perform({ do: 'unpair', companyId: RIVERSIDE });
    await stand.advance(252_000);
    expect((await stand.pairing()).state).toBe('lost');
    expect((await stand.events()).filter(({ type }) => type === 'pairing.removed')).toMatchObject([{ reason: 'lost' }]);
  });
});

describe('the floor', () => {
  it('holds over un-pair and pair again, and nothing becomes visible late', async () => {
    await open();
    for (let times = 0; times < 3; times += 1) {
      await stand.ask('DELETE', '/v1/pairing');
      await stand.advance(5000);
      await stand.pair();
      await stand.advance(15_000);
    }
    const orderId = await stand.walkIn();
    await stand.advance(126_000);
    expect(await stand.isVisible(orderId)).toBe(true);
    await stand.advance(300_000);
    expect(stand.listings().length).toBeGreaterThan(3);
    expect(smallestGap(stand.listings())).toBeGreaterThanOrEqual(FLOOR);
  });

  it('holds over a kill in the middle of a round', async () => {
    await open();
    stand.cloud.faults.add({ on: 'getOrders', kind: 'slow', ms: 20_000 });
    const orderId = await stand.walkIn();
    const before = stand.listings().length;
    for (let waited = 0; stand.listings().length === before && waited < 40; waited += 1) await stand.advance(5000);
    expect(stand.listings()).toHaveLength(before + 1);
    await stand.kill();
    await stand.advance(300_000);
    expect(await stand.isVisible(orderId)).toBe(true);
    expect(smallestGap(stand.listings())).toBeGreaterThanOrEqual(FLOOR);
  });

  it('where upstream counts every call: pages follow at their spacing, none is refused, and all arrives', async () => {
    await open({
      cloud: { strict: true, flags: { maxPageSize: 3 } },
      timings: { pageSpacing: FLOOR },
    });
    const orders = new Set<string>();
    for (let count = 0; count < 8; count += 1) orders.add(await stand.walkIn());
    await stand.advance(6 * FLOOR + 20_000);
    expect(new Set((await stand.list()).items.map((item) => item.orderId))).toEqual(orders);
    // A scan that comes while a round is being read is not lost either.
    await stand.advance(FLOOR);
    const late = await stand.walkIn();
    await stand.advance(10 * FLOOR);
    expect(await stand.isVisible(late)).toBe(true);
    expect(stand.cloud.calls('getOrders').filter(({ status }) => status === 429)).toEqual([]);
    expect(smallestGap(stand.listings())).toBeGreaterThanOrEqual(FLOOR);
    expect(await tellsEachVersionOnce(stand)).toEqual({ versions: 9, told: 9, twice: 0 });
  });

  it('where upstream counts every call and nobody configured it: refused pages are waited for, and all arrives', async () => {
    await open({ cloud: { strict: true, flags: { maxPageSize: 3 } } });
    for (let count = 0; count < 8; count += 1) await stand.walkIn();
    await stand.advance(8 * FLOOR);
    expect((await stand.list()).total).toBe(8);
    const answered = stand.cloud.calls('getOrders').filter(({ status }) => status === 200);
    expect(smallestGap(answered.map(({ at }) => at))).toBeGreaterThanOrEqual(FLOOR);
  });
});

describe('the callback', () => {
  it('that stays silent twice in a row is suspect, Pair is repeated once a day, and notifications come again', async () => {
    await open();
    await stand.walkIn();
    await stand.advance(130_000);
    expect((await stand.pairing()).health.callback).toBe('registered');
    // Somebody paired this account elsewhere: our URL is gone, and nobody said so.
    const account = stand.cloud.state.accounts.get(RIVERSIDE);
    if (account !== undefined) account.callbackUrl = undefined;
    stand.cloud.faults.clear();
    const pairs = stand.countOf('pair');
    await stand.walkIn();
    await stand.advance(130_000);
    expect(stand.countOf('pair')).toBe(pairs + 1);
    expect((await stand.visible(await stand.walkIn())).learntBy).toBe('notification');
    expect((await stand.pairing()).health.callback).toBe('confirmed');
    if (account !== undefined) account.callbackUrl = undefined;
    for (let times = 0; times < 3; times += 1) {
      await stand.walkIn();
      await stand.advance(130_000);
    }
    expect((await stand.pairing()).health.callback).toBe('suspect');
    expect(stand.countOf('pair')).toBe(pairs + 1);
  });
});
