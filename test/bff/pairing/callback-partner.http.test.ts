/** Pairing where Align was given one callback URL at partner registration (align-api §3). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPartnerCallbacks, partnerTokensOf } from '../../../bff/pairing/callback-partner.ts';
import { ADAMS, createPairingStand, type PairingStand } from './stand.ts';

const PARTNER = 'p'.repeat(43);

describe('pairing with a partner-level callback', () => {
  let stand: PairingStand;
  beforeEach(async () => {
    stand = await createPairingStand();
  });
  afterEach(() => stand.close());
  const account = () => stand.upstream.cloud.state.accounts.get(1017);
  const tokens = () => stand.store.db.selectFrom('callback_tokens').select(['hash', 'expires_at']).execute();

  it('names no callback of its own, and makes no token', async () => {
    stand.partnerTokens['sandbox'] = PARTNER;
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    expect(account()?.callbackUrl).toBeUndefined();
    expect(await tokens()).toEqual([]);
    expect((await ann.pairing()).health.callback).toBe('registered');
  });

  it('keeps the address that Align had before: an account’s own one goes before the partner’s', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const own = account()?.callbackUrl ?? '';
    stand.partnerTokens['sandbox'] = PARTNER;
    await ann.pair(ADAMS, '1017');
    expect(account()?.callbackUrl).toBe(own);
    await stand.clock.advance(30 * 86_400_000);
    const { id } = (await stand.connections.current(ann.key)) ?? {};
    expect((await stand.connections.routeCallback(own.split('/').at(-1) ?? ''))?.id).toBe(id);
  });

  it('gives the account an address of its own again once the partner-level one is gone', async () => {
    stand.partnerTokens['sandbox'] = PARTNER;
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    delete stand.partnerTokens['sandbox'];
    await ann.pair(ADAMS, '1017');
    expect(account()?.callbackUrl).toMatch(/\/v1\/callbacks\/[\w-]{43}$/);
  });

  it('counts for its own environment alone', async () => {
    stand.partnerTokens['production'] = PARTNER;
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    expect(account()?.callbackUrl).toMatch(/\/v1\/callbacks\/[\w-]{43}$/);
    const { connections } = stand;
    expect(connections.partnerEnvironment(PARTNER)).toBe('production');
    expect(await connections.routePartnerCallback('production', '1017')).toBeNull();
    expect((await connections.routePartnerCallback('sandbox', '1017'))?.tenant).toBe('riverside');
  });
});

describe('partner tokens', () => {
  it('are those that the environments of the configuration name', () => {
    const environment = { baseUrl: '' } as never;
    const named = { ...(environment as object), partnerCallbackToken: PARTNER } as never;
    expect(partnerTokensOf({ environments: { sandbox: environment, production: named } })).toEqual({
      production: PARTNER,
    });
  });

  it.each(['', 'p', `${PARTNER}p`, PARTNER.slice(1), 'P'.repeat(43)])('are not taken for %o', (other) => {
    const callbacks = createPartnerCallbacks(() => ({ sandbox: PARTNER, production: 'q'.repeat(43) }));
    expect(callbacks.environmentOf(other)).toBeNull();
    expect(callbacks.environmentOf(PARTNER)).toBe('sandbox');
  });
});
