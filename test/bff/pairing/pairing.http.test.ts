import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TenantKey } from '../../../bff/tenancy.ts';
import { routes } from '../../../shared/routes.ts';
import { ADAMS, BAKER, codeOf, createPairingStand, type PairingStand, useConnection } from './stand.ts';

let stand: PairingStand;
beforeEach(async () => {
  stand = await createPairingStand();
});
afterEach(() => stand.close());

const callbackUrl = (account = 1017): string => stand.upstream.cloud.state.accounts.get(account)?.callbackUrl ?? '';
const callbackToken = (account = 1017): string => callbackUrl(account).split('/').at(-1) ?? '';

/** Any upstream call, made for a person or in the background; answers whose login carried it. */
const use = (key: TenantKey, userId?: string): Promise<string> => useConnection(stand, key, userId);

describe('pairing', () => {
  it('goes from nothing over signed in to paired', async () => {
    const ann = await stand.person('ann');
    expect(await ann.pairing()).toMatchObject({ state: 'unpaired', account: null, logins: [], environment: 'sandbox' });
    await ann.signIn(ADAMS);
    expect((await ann.accounts()).map(({ id, configured }) => [id, configured])).toEqual([
      ['1017', true],
      ['1023', true],
      ['1058', false],
    ]);
    const paired = await ann.choose('1017');
    expect(paired.status).toBe(200);
    expect(await paired.json()).toEqual(await ann.pairing());
    expect(await ann.pairing()).toMatchObject({
      state: 'paired',
      simulated: true,
      account: { id: '1017', name: 'Riverside Dental', city: 'Portland', country: 'US', configured: true },
      logins: [{ displayName: 'Dr. ann', you: true, state: 'healthy' }],
      choosing: false,
      health: { callback: 'registered', problem: null, lastNotificationAt: null },
    });
    expect(stand.told()).toEqual(['pairing.created paired']);
  });

  it('answers the same key with the same answer, and pairs once', async () => {
    const ann = await stand.person('ann');
    await ann.signIn(ADAMS);
    const first = await ann.choose('1017', { 'idempotency-key': 'k1' });
    const again = await ann.choose('1017', { 'idempotency-key': 'k1' });
    expect(await again.text()).toBe(await first.text());
    expect(stand.upstream.cloud.calls('pair')).toHaveLength(1);
  });

  it.each([
    ['1058', '409 account_not_configured'],
    ['1042', '404 not_found'],
    ['nonsense', '404 not_found'],
  ])('refuses account %s of the same person: %s', async (accountId, code) => {
    const ann = await stand.person('ann');
    await ann.signIn(ADAMS);
    expect(await codeOf(ann.choose(accountId))).toBe(code);
    expect(stand.upstream.cloud.calls('pair')).toHaveLength(0);
    expect((await ann.pairing()).choosing).toBe(true);
  });

  it('needs a sign-in, and the right to manage', async () => {
    const ann = await stand.person('ann');
    expect(await codeOf(ann.choose('1017'))).toBe('409 not_signed_in');
    const reader = await stand.person('rob', 'riverside', 'molar', {
      components: { pair: { enabled: true, features: { manage: false } } },
    });
    expect((await reader.pairing()).state).toBe('unpaired');
    for (const [method, path, body] of [
      ['POST', routes.authorizations, {}],
      ['GET', routes.accounts, undefined],
      ['PUT', routes.pairing, { accountId: '1' }],
      ['GET', routes.impact, undefined],
      ['DELETE', routes.pairing, undefined],
      ['DELETE', routes.login, undefined],
    ] as const) {
      expect(await codeOf(reader.call(method, path, body))).toBe('403 forbidden');
    }
  });

  it('refuses another account while connected, also when only a login is missing', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    await ann.signIn(ADAMS);
    expect(await codeOf(ann.choose('1023'))).toBe('409 already_paired');
    await ann.signOut();
    await ann.signIn(ADAMS);
    expect(await codeOf(ann.choose('1023'))).toBe('409 already_paired');
    expect((await ann.choose('1017')).status).toBe(200);
  });

  it('adds another person’s login to the connection, telling nobody anew', async () => {
    const ann = await stand.person('ann');
    const bob = await stand.person('bob');
    await ann.pair(ADAMS, '1017');
    await stand.clock.advance(1000);
    await bob.pair(BAKER, '1017');
    expect((await ann.pairing()).logins.map(({ displayName, you }) => [displayName, you])).toEqual([
      ['Dr. ann', true],
      ['Dr. bob', false],
    ]);
    expect(await use(ann.key, 'ann')).toBe('Dr. ann');
    expect(await use(ann.key, 'assistant')).toBe('Dr. bob');
    expect(stand.told()).toEqual(['pairing.created paired']);
  });

  it('keeps one token set where two people use one Align login', async () => {
    const ann = await stand.person('ann');
    const bob = await stand.person('bob');
    await ann.pair(ADAMS, '1017');
    await bob.pair(ADAMS, '1017');
    expect(await stand.store.db.selectFrom('align_tokens').selectAll().execute()).toHaveLength(1);
    await ann.signOut();
    expect(await use(bob.key, 'bob')).toBe('Dr. bob');
  });

  it('leaves the person signed in when Pair has no clear answer, so that they may press again', async () => {
    const ann = await stand.person('ann');
    await ann.signIn(ADAMS);
    stand.upstream.cloud.faults.add({ on: 'pair', kind: 'reset', processed: true });
    expect(await codeOf(ann.choose('1017'))).toBe('503 upstream_unavailable');
    expect(await ann.pairing()).toMatchObject({ state: 'signed_in', choosing: true });
    // Upstream knows that URL from now on.
    const heard = callbackToken();
    expect((await ann.choose('1017')).status).toBe(200);
    expect((await stand.connections.routeCallback(heard))?.account_id).toBe('1017');
  });

  it('renews a sign-in whose access token ended before the account was chosen', async () => {
    const ann = await stand.person('ann');
    await ann.signIn(ADAMS);
    stand.upstream.cloud.perform({ do: 'expire-tokens' });
    expect(await ann.accounts()).toHaveLength(3);
    stand.upstream.cloud.perform({ do: 'expire-tokens' });
    expect((await ann.choose('1017')).status).toBe(200);
  });

  it.each(['young@riverside.example', 'lab@cascade.example'])(
    'tells %s that Align does not let them',
    async (login) => {
      const ann = await stand.person('ann');
      await ann.signIn(login);
      expect(await codeOf(ann.call('GET', routes.accounts))).toBe('403 user_not_allowed');
    },
  );
});

describe('two clinics', () => {
  it('see and touch nothing of each other', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const before = await ann.pairing();
    for (const other of [await stand.person('ann', 'lakeview'), await stand.person('ann', 'riverside', 'incisor')]) {
      expect(await other.pairing()).toMatchObject({ state: 'unpaired', account: null, logins: [], choosing: false });
      expect(await codeOf(other.call('GET', routes.impact))).toBe('409 unpaired');
      expect(await codeOf(other.unpair())).toBe('409 unpaired');
      expect(await codeOf(other.signOut())).toBe('409 not_signed_in');
      expect(await codeOf(other.call('GET', routes.accounts))).toBe('409 not_signed_in');
    }
    expect(await ann.pairing()).toEqual(before);
    expect(stand.told('lakeview')).toEqual([]);
  });

  it('cannot have the same account, and the second is not told whose it is', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const [url, pairs] = [callbackUrl(), stand.upstream.cloud.calls('pair').length];
    for (const [tenant, vendor] of [
      ['eastside', 'molar'],
      ['riverside', 'incisor'],
    ] as const) {
      const other = await stand.person('bob', tenant, vendor);
      await other.signIn(BAKER);
      const answer = await other.choose('1017');
      const text = await answer.text();
      expect([answer.status, JSON.parse(text)]).toMatchObject([409, { code: 'account_in_use' }]);
      expect(text).not.toMatch(/riverside|ann|molar/i);
    }
    // Upstream was not asked: its Pair would have taken the first clinic's callback away.
    expect([callbackUrl(), stand.upstream.cloud.calls('pair').length]).toEqual([url, pairs]);
  });

  it('that choose one account at the same moment: one gets it', async () => {
    const people = await Promise.all([
      stand.person('ann', 'one'),
      stand.person('bob', 'two'),
      stand.person('cy', 'three', 'incisor'),
    ]);
    for (const person of people) await person.signIn(ADAMS);
    const codes = await Promise.all(
      people.map(async (person) => {
        const answer = await person.choose('1017');
        return answer.status === 200 ? '200' : codeOf(answer);
      }),
    );
    expect(codes.sort()).toEqual(['200', '409 account_in_use', '409 account_in_use']);
    expect(stand.upstream.cloud.calls('pair')).toHaveLength(1);
  });

  it('may have it one after the other', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    await ann.unpair();
    const bob = await stand.person('bob', 'eastside');
    await bob.pair(BAKER, '1017');
    await ann.signIn(ADAMS);
    expect(await codeOf(ann.choose('1017'))).toBe('409 account_in_use');
  });
});
