import { createHash } from 'node:crypto';
import type { Clock, Random } from '../deps.ts';
import type { Store, Tx } from '../store/index.ts';
import type { CallbackTokenTable } from '../store/schema.ts';
import type { TenantKey } from '../tenancy.ts';

/** rules.md "Callbacks": the former URL stays valid for seven more days (ms). */
const FORMER_VALID_FOR = 7 * 86_400_000;

/** The secret part of a callback URL: one per connection, newly made at every Pair, stored as its hash. */
export interface CallbackTokens {
  /**
   * A new token, valid at once: a notification may come before Pair has answered. It stands beside the present one until
   * `promote`, and ends by itself when that never comes.
   */
  mint(tx: Tx, key: TenantKey, connectionId: string): Promise<string>;
  /** Pair answered: this one is the present one. */
  promote(tx: Tx, connectionId: string, token: string): Promise<void>;
  /** Pair was refused: upstream never heard of this one. */
  discard(tx: Tx, token: string): Promise<void>;
  removeAll(tx: Tx, connectionId: string): Promise<void>;
  /** @returns the connection's id */
  find(token: string): Promise<string | null>;
}

export function createCallbackTokens(parts: { store: Store; clock: Clock; random: Random }): CallbackTokens {
  const { store, clock, random } = parts;
  const one = (tx: Tx, connectionId: string) =>
    tx.updateTable('callback_tokens').where('connection_id', '=', connectionId);

  return {
    async mint(tx, key, connectionId) {
      const token = Buffer.from(random.bytes(32)).toString('base64url');
      const row: CallbackTokenTable = {
        vendor: key.vendor,
        tenant: key.tenant,
        hash: hashSecret(token),
        connection_id: connectionId,
        created_at: clock.now(),
        expires_at: clock.now() + FORMER_VALID_FOR,
      };
      await tx.insertInto('callback_tokens').values(row).execute();
      await tx.deleteFrom('callback_tokens').where('expires_at', '<=', clock.now()).execute();
      return token;
    },

    async promote(tx, connectionId, token) {
      await one(tx, connectionId)
        .set({ expires_at: clock.now() + FORMER_VALID_FOR })
        .where('expires_at', 'is', null)
        .execute();
      await one(tx, connectionId).set({ expires_at: null }).where('hash', '=', hashSecret(token)).execute();
    },

    async discard(tx, token) {
      await tx.deleteFrom('callback_tokens').where('hash', '=', hashSecret(token)).execute();
    },

    async removeAll(tx, connectionId) {
      await tx.deleteFrom('callback_tokens').where('connection_id', '=', connectionId).execute();
    },

    async find(token) {
      const row = await store.db
        .selectFrom('callback_tokens')
        .select(['connection_id', 'expires_at'])
        .where('hash', '=', hashSecret(token))
        .executeTakeFirst();
      if (row === undefined || (row.expires_at !== null && row.expires_at <= clock.now())) return null;
      return row.connection_id;
    },
  };
}

/** For secrets of 256 random bits: a plain hash cannot be guessed back, and is found by an index. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
