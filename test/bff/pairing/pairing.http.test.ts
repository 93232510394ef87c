import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlignFault } from '../../../bff/align/index.ts';
import { createMerge } from '../../../bff/scans/index.ts';
import { routes } from '../../../shared/routes.ts';
import { order, START } from '../support/fixtures.ts';
import { ADAMS, BAKER, codeOf, createPairingStand, type PairingStand } from './stand.ts';

let stand: PairingStand;
beforeEach(async () => {
  stand = await createPairingStand();
});
afterEach(() => stand.close());

const callbackUrl = (account = 1017): string => stand.upstream.cloud.state.accounts.get(account)?.callbackUrl ?? '';
const callbackToken = (account = 1017): string => callbackUrl(account).split('/').at(-1) ?? '';
const unpairElsewhere = (companyId = 1017): unknown => stand.upstream.cloud.perform({ do: 'unpair', companyId });

/** Any upstream call, made for a person or in the background. */
async function useConnection(key: { vendor: string; tenant: string; environment: string }, userId?: string) {
  const connection = await stand.connections.current(key);
  if (connection === null) throw new Error('no connection');
  return stand.vault.withToken({ connection, userId }, async (token, login) => {
    await stand.upstream.align.practice(token);
    return login.user_name;
  });
}

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
    expect(await useConnection(ann.key, 'ann')).toBe('Dr. ann');
    expect(await useConnection(ann.key, 'assistant')).toBe('Dr. bob');
    expect(stand.told()).toEqual(['pairing.created paired']);
  });

  it('keeps one token set where two people use one Align login', async () => {
    const ann = await stand.person('ann');
    const bob = await stand.person('bob');
    await ann.pair(ADAMS, '1017');
    await bob.pair(ADAMS, '1017');
    expect(await stand.store.db.selectFrom('align_tokens').selectAll().execute()).toHaveLength(1);
    await ann.signOut();
    expect(await useConnection(bob.key, 'bob')).toBe('Dr. bob');
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

describe('un-pairing here', () => {
  it('shows first what it affects', async () => {
    const ann = await stand.person('ann');
    const bob = await stand.person('bob');
    await ann.pair(ADAMS, '1017');
    await bob.pair(BAKER, '1017');
    const connection = await stand.connections.current(ann.key);
    const row = { vendor: 'molar', environment: 'sandbox', connection_id: connection?.id ?? '', user_id: 'ann' };
    const filler = { user_name: 'x', chart_number: 'c', first_name: 'f', last_name: 'l', draft: '{}', procedure: 'p' };
    const add = (id: string, tenant: string, account: string, state: 'sent' | 'unconfirmed' | 'scanned') =>
      stand.store.write((tx) =>
        tx
          .insertInto('scan_requests')
          .values({ ...row, ...filler, id, tenant, account_id: account, state, created_at: 1, changed_at: 1 })
          .execute(),
      );
    await add('open', 'riverside', '1017', 'sent');
    await add('unsure', 'riverside', '1017', 'unconfirmed');
    await add('done', 'riverside', '1017', 'scanned');
    await add('other-account', 'riverside', '1023', 'sent');
    await add('other-clinic', 'lakeview', '1017', 'sent');
    const impact = await ann.impact();
    expect(impact.logins).toEqual([
      { displayName: 'Dr. ann', you: true },
      { displayName: 'Dr. bob', you: false },
    ]);
    expect(impact.openRequests.map(({ id }) => id).sort()).toEqual(['open', 'unsure']);
  });

  it('un-pairs upstream, destroys tokens and callback, and tells once', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const token = callbackToken();
    expect((await ann.unpair()).status).toBe(204);
    expect(callbackUrl()).toBe('');
    expect(await ann.pairing()).toMatchObject({ state: 'unpaired', account: null, logins: [] });
    expect(await stand.store.db.selectFrom('align_tokens').selectAll().execute()).toEqual([]);
    expect(await stand.store.db.selectFrom('logins').selectAll().execute()).toEqual([]);
    expect(await stand.connections.routeCallback(token)).toBeNull();
    expect(await stand.connections.pollable('sandbox')).toEqual([]);
    await expect(stand.connections.requireActive(ann.key)).rejects.toMatchObject({ code: 'unpaired' });
    expect((await stand.connections.current(ann.key))?.account_id).toBe('1017');
    expect(stand.told()).toEqual(['pairing.created paired', 'pairing.removed unpaired']);
    expect(await codeOf(ann.unpair())).toBe('409 unpaired');
  });

  it('tells once when two people do it at the same moment', async () => {
    const ann = await stand.person('ann');
    const bob = await stand.person('bob');
    await ann.pair(ADAMS, '1017');
    await bob.pair(BAKER, '1017');
    await Promise.all([ann.unpair(), bob.unpair()]);
    expect((await ann.pairing()).state).toBe('unpaired');
    expect(stand.told()).toEqual(['pairing.created paired', 'pairing.removed unpaired']);
  });

  it('stays paired when upstream is away, and says so', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    stand.upstream.cloud.faults.add({ on: 'unpair', kind: 'status', status: 503 });
    expect(await codeOf(ann.unpair())).toBe('503 upstream_unavailable');
    expect((await ann.pairing()).state).toBe('paired');
    expect((await ann.unpair()).status).toBe(204);
  });

  it('finds done what somebody did elsewhere', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    unpairElsewhere();
    expect((await ann.unpair()).status).toBe(204);
    expect(stand.told()).toEqual(['pairing.created paired', 'pairing.removed unpaired']);
  });

  it('goes on with the same account where it stopped, and inherits nothing with another', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const first = await stand.connections.current(ann.key);
    await stand.store.write((tx) => tx.updateTable('connections').set({ cursor_at: 42, backfilled_at: 7 }).execute());
    await stand.clock.advance(1000);
    await ann.unpair();
    await ann.pair(ADAMS, '1023');
    const other = await stand.connections.current(ann.key);
    expect([other?.account_id, other?.cursor_at, other?.backfilled_at]).toEqual(['1023', null, null]);
    expect(other?.id).not.toBe(first?.id);
    await stand.clock.advance(1000);
    await ann.unpair();
    await ann.pair(ADAMS, '1017');
    const again = await stand.connections.current(ann.key);
    expect([again?.id, again?.cursor_at, again?.state, again?.ended_at]).toEqual([first?.id, 42, 'paired', null]);
  });
});

describe('un-pairing elsewhere', () => {
  it.each([
    ['1017', 'ann'],
    ['1023', undefined],
  ])('of account %s shows on the next call: lost, told once, polling stops', async (accountId, userId) => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, accountId);
    unpairElsewhere(Number(accountId));
    const calls = [1, 2, 3].map(() => useConnection(ann.key, userId).catch((error: AlignFault) => error.kind));
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['not_paired']));
    expect(await ann.pairing()).toMatchObject({
      state: 'lost',
      account: { id: accountId },
      logins: [],
      health: { problem: 'pairing_lost' },
    });
    expect(await stand.connections.pollable('sandbox')).toEqual([]);
    await expect(stand.connections.requireActive(ann.key)).rejects.toMatchObject({ code: 'pairing_lost' });
    expect(stand.told()).toEqual(['pairing.created paired', 'pairing.removed lost']);
  });

  it('is mended by connecting the same account again, on the same row with its cursor', async () => {
    const ann = await stand.person('ann');
    const bob = await stand.person('bob');
    await ann.pair(ADAMS, '1017');
    await bob.pair(BAKER, '1017');
    const before = await stand.connections.current(ann.key);
    await stand.store.write((tx) => tx.updateTable('connections').set({ cursor_at: 42 }).execute());
    const former = callbackToken();
    unpairElsewhere();
    await useConnection(ann.key).catch(() => undefined);
    expect(await ann.pair(ADAMS, '1017')).toMatchObject({ state: 'paired', logins: [{ you: true }] });
    const after = await stand.connections.current(ann.key);
    expect([after?.id, after?.cursor_at]).toEqual([before?.id, 42]);
    // Bob's dead tokens must not end the new pairing.
    expect(await useConnection(ann.key, 'bob')).toBe('Dr. ann');
    expect((await stand.connections.routeCallback(former))?.id).toBe(before?.id);
    expect(stand.told()).toEqual(['pairing.created paired', 'pairing.removed lost', 'pairing.created paired']);
  });

  it('lets another account or another clinic come', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    unpairElsewhere();
    await useConnection(ann.key).catch(() => undefined);
    const bob = await stand.person('bob', 'eastside');
    await bob.pair(BAKER, '1017');
    expect(await ann.pair(ADAMS, '1023')).toMatchObject({ state: 'paired', account: { id: '1023' } });
  });

  it('that ends the refresh tokens first asks for a sign-in instead', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    stand.upstream.cloud.flags.unpairEndsRefresh = true;
    unpairElsewhere();
    stand.upstream.cloud.perform({ do: 'expire-tokens' });
    await stand.clock.advance(3_600_000);
    await expect(useConnection(ann.key)).rejects.toMatchObject({ kind: 'invalid_grant' });
    const later = await stand.person('ann');
    expect(await later.pairing()).toMatchObject({ state: 'needs_login', logins: [{ state: 'failing' }] });
    expect(stand.told()).toEqual(['pairing.created paired', 'pairing.removed needs_login']);
    expect((await later.pair(ADAMS, '1017')).logins).toMatchObject([{ state: 'healthy', you: true }]);
  });
});

describe('signing out here', () => {
  it('takes only this person’s login, and revokes it', async () => {
    const ann = await stand.person('ann');
    const bob = await stand.person('bob');
    await ann.pair(ADAMS, '1017');
    await bob.pair(BAKER, '1017');
    expect((await bob.signOut()).status).toBe(204);
    expect(stand.upstream.cloud.calls('revoke')).toHaveLength(1);
    expect(await ann.pairing()).toMatchObject({ state: 'paired', logins: [{ displayName: 'Dr. ann' }] });
    expect(await stand.store.db.selectFrom('align_tokens').selectAll().execute()).toHaveLength(1);
    expect(await codeOf(bob.signOut())).toBe('409 not_signed_in');
  });

  it('of the last one leaves a connection that needs a login: polling stops, everybody is told', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    await ann.signOut();
    expect(await ann.pairing()).toMatchObject({ state: 'needs_login', account: { id: '1017' }, logins: [] });
    expect(await stand.connections.pollable('sandbox')).toEqual([]);
    await expect(stand.connections.requireActive(ann.key)).rejects.toMatchObject({ code: 'needs_login' });
    expect(stand.told()).toEqual(['pairing.created paired', 'pairing.removed needs_login']);
    // Nobody is there to un-pair upstream with: it ends here at least.
    expect((await ann.unpair()).status).toBe(204);
    expect((await ann.pairing()).state).toBe('unpaired');
  });

  it('works while upstream is away: the tokens are destroyed all the same', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    stand.upstream.cloud.faults.add({ on: 'revoke', kind: 'status', status: 503 });
    expect((await ann.signOut()).status).toBe(204);
    expect(await stand.store.db.selectFrom('align_tokens').selectAll().execute()).toEqual([]);
  });

  it('ends a sign-in that waits for its account', async () => {
    const ann = await stand.person('ann');
    await ann.signIn(ADAMS);
    expect((await ann.signOut()).status).toBe(204);
    expect((await ann.pairing()).choosing).toBe(false);
  });
});

describe('the callback', () => {
  it('has a new secret at every Pair, the former one holds for seven more days, and none is stored in clear', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const first = callbackToken();
    expect(first).toMatch(/^[\w-]{43}$/);
    await ann.pair(ADAMS, '1017');
    const second = callbackToken();
    expect(second).not.toBe(first);
    const id = (await stand.connections.current(ann.key))?.id;
    expect((await stand.connections.routeCallback(first))?.id).toBe(id);
    expect((await stand.connections.routeCallback(second))?.id).toBe(id);
    expect(JSON.stringify(await stand.store.db.selectFrom('callback_tokens').selectAll().execute())).not.toContain(
      second,
    );
    await stand.clock.advance(7 * 86_400_000 + 1);
    expect(await stand.connections.routeCallback(first)).toBeNull();
    expect((await stand.connections.routeCallback(second))?.id).toBe(id);
    expect(await stand.connections.routeCallback('x')).toBeNull();
  });

  it('is registered, confirmed by a notification, suspect after two versions in a row that only a poll told', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const id = (await stand.connections.current(ann.key))?.id ?? '';
    const state = async (): Promise<string> => (await ann.pairing()).health.callback;
    const learn = (by: 'notification' | 'poll' | 'recheck' | 'backfill') =>
      stand.store.write((tx) => stand.connections.noteVersionLearnt(tx, id, by));
    await learn('backfill');
    await learn('backfill');
    expect(await state()).toBe('registered');
    await stand.store.write((tx) => stand.connections.noteNotification(tx, id));
    expect(await state()).toBe('confirmed');
    expect((await ann.pairing()).health.lastNotificationAt).toBe(new Date(stand.clock.now()).toISOString());
    await learn('poll');
    await learn('notification');
    await learn('poll');
    await learn('recheck');
    expect(await state()).toBe('confirmed');
    await learn('poll');
    expect(await state()).toBe('suspect');
    await stand.store.write((tx) => stand.connections.noteNotification(tx, id));
    expect(await state()).toBe('confirmed');
  });

  it('is registered anew when suspect, once a day at most', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const { id = '' } = (await stand.connections.current(ann.key)) ?? {};
    const account = stand.upstream.cloud.state.accounts.get(1017);
    const pairs = (): number => stand.upstream.cloud.calls('pair').length;
    const makeSuspect = async (): Promise<void> => {
      // Un-paired and paired again by another product: our URL is gone without a word.
      if (account !== undefined) account.callbackUrl = 'https://other.example/hook';
      for (const by of ['poll', 'poll'] as const) {
        await stand.store.write((tx) => stand.connections.noteVersionLearnt(tx, id, by));
      }
    };
    await stand.connections.repairCallback(id);
    expect(pairs()).toBe(1);
    await makeSuspect();
    await Promise.all([stand.connections.repairCallback(id), stand.connections.repairCallback(id)]);
    expect(pairs()).toBe(2);
    expect((await ann.pairing()).health.callback).toBe('registered');
    expect((await stand.connections.routeCallback(callbackToken()))?.id).toBe(id);
    await makeSuspect();
    await stand.connections.repairCallback(id);
    expect(pairs()).toBe(2);
    expect((await ann.pairing()).health.callback).toBe('suspect');
    await stand.upstream.advance(86_400_000);
    await stand.connections.repairCallback(id);
    expect(pairs()).toBe(3);
    expect(await useConnection(ann.key)).toBe('Dr. ann');
    expect(await stand.store.db.selectFrom('align_tokens').selectAll().execute()).toHaveLength(1);
  });

  it('stays suspect when Pair cannot be repeated, and nothing is thrown into the round', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const { id = '' } = (await stand.connections.current(ann.key)) ?? {};
    await stand.store.write((tx) => tx.updateTable('connections').set({ callback_state: 'suspect' }).execute());
    stand.upstream.cloud.faults.add({ on: 'pair', kind: 'status', status: 503 });
    await stand.connections.repairCallback(id);
    expect((await ann.pairing()).health.callback).toBe('suspect');
  });
});

it('sums the ledger up for the account that is connected, and counts anew after each event', async () => {
  const ann = await stand.person('ann');
  await ann.pair(ADAMS, '1017');
  const connection = await stand.connections.requireActive(ann.key);
  const align = stand.upstream.align;
  const merge = createMerge({ ...stand, align, onGallery: () => undefined });
  const learn = (orderId: string, learntBy: 'notification' | 'poll' | 'recheck' | 'backfill', status = 'Completed') => {
    const modifiedAt = START + Number(orderId) + (status === 'Completed' ? 0 : 1000);
    return merge.merge({ connection, order: order(connection, { orderId, status, modifiedAt }), learntBy });
  };
  expect((await ann.pairing()).ledger).toEqual({ cases: 0, byNotification: 0, recovered: 0, backfilled: 0 });
  await learn('1', 'notification');
  await learn('1', 'poll', 'Lab Review');
  await learn('2', 'recheck');
  expect((await ann.pairing()).ledger).toEqual({ cases: 2, byNotification: 1, recovered: 2, backfilled: 0 });
  await ann.unpair();
  expect((await ann.pairing()).ledger.cases).toBe(2);
  await ann.pair(ADAMS, '1023');
  expect((await ann.pairing()).ledger.cases).toBe(0);
});

it('writes who paired, un-paired, signed in and out into the audit log, by ids alone', async () => {
  const ann = await stand.person('ann');
  await ann.pair(ADAMS, '1017');
  await ann.signOut();
  await ann.pair(ADAMS, '1017');
  await ann.unpair();
  const rows = await stand.store.db.selectFrom('audit').selectAll().orderBy('id').execute();
  expect(
    rows
      .filter(({ action }) => action.startsWith('pairing'))
      .map((row) => [row.action, row.user_id, row.subject, row.outcome]),
  ).toEqual([
    ['pairing.sign_in', 'ann', null, 'ok'],
    ['pairing.paired', 'ann', '1017', 'ok'],
    ['pairing.signed_out', 'ann', '1017', 'ok'],
    ['pairing.sign_in', 'ann', null, 'ok'],
    ['pairing.paired', 'ann', '1017', 'ok'],
    ['pairing.unpaired', 'ann', '1017', 'ok'],
  ]);
});
