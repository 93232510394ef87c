import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlignFault } from '../../../bff/align/index.ts';
import type { TenantKey } from '../../../bff/tenancy.ts';
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

const unpairElsewhere = (companyId = 1017): unknown => stand.upstream.cloud.perform({ do: 'unpair', companyId });

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
    const calls = [1, 2, 3].map(() => use(ann.key, userId).catch((error: AlignFault) => error.kind));
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
    await use(ann.key).catch(() => undefined);
    expect(await ann.pair(ADAMS, '1017')).toMatchObject({ state: 'paired', logins: [{ you: true }] });
    const after = await stand.connections.current(ann.key);
    expect([after?.id, after?.cursor_at]).toEqual([before?.id, 42]);
    // Bob's dead tokens must not end the new pairing.
    expect(await use(ann.key, 'bob')).toBe('Dr. ann');
    expect((await stand.connections.routeCallback(former))?.id).toBe(before?.id);
    expect(stand.told()).toEqual(['pairing.created paired', 'pairing.removed lost', 'pairing.created paired']);
  });

  it('lets another account or another clinic come', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    unpairElsewhere();
    await use(ann.key).catch(() => undefined);
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
    await expect(use(ann.key)).rejects.toMatchObject({ kind: 'invalid_grant' });
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
