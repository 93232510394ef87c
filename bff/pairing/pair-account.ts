import { AlignFault, type AlignTokens } from '../align/index.ts';
import type { Store, Tx } from '../store/index.ts';
import type { TenantKey } from '../tenancy.ts';
import { routes } from '../../shared/routes.ts';
import type { PartnerCallbacks } from './callback-partner.ts';
import type { CallbackTokens } from './callback-tokens.ts';

export interface PairAccount {
  /**
   * Pair with a callback URL of its own, newly made: it stands before the call goes out, counts alone once `store` has
   * committed, and is taken back when upstream surely never heard of it. With a partner-level callback no new one is made,
   * and what upstream may still have of this connection stays valid: an account's own URL goes before the partner's.
   * @param send calls upstream with the callback URL; null: the partner-level one holds
   * @param store what else belongs into the transaction that takes the answer over
   */
  <T>(
    key: TenantKey,
    connectionId: string,
    send: (callbackUrl: string | null) => Promise<AlignTokens>,
    store: (tx: Tx, tokens: AlignTokens) => Promise<T>,
  ): Promise<T>;
}

export function createPairAccount(parts: {
  store: Store;
  callbackTokens: CallbackTokens;
  partnerCallbacks: PartnerCallbacks;
  publicUrl: string;
}): PairAccount {
  const { store, callbackTokens, partnerCallbacks, publicUrl } = parts;
  return async (key, connectionId, send, take) => {
    if (partnerCallbacks.inUse(key.environment)) {
      const tokens = await send(null);
      return store.write((tx) => take(tx, tokens), key);
    }
    const token = await store.write((tx) => callbackTokens.mint(tx, key, connectionId), key);
    let tokens: AlignTokens;
    try {
      tokens = await send(`${publicUrl}${routes.callback(token)}`);
    } catch (error) {
      // Without a clear answer upstream may call this URL from now on: it stays valid for its seven days.
      const unheard = error instanceof AlignFault && !error.maybeApplied;
      if (unheard) await store.write((tx) => callbackTokens.discard(tx, token), key);
      throw error;
    }
    return store.write(async (tx) => {
      await callbackTokens.promote(tx, connectionId, token);
      return take(tx, tokens);
    }, key);
  };
}
