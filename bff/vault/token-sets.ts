import { randomUUID } from 'node:crypto';
import { AlignFault, type AlignTokens } from '../align/index.ts';
import type { Clock } from '../deps.ts';
import type { Store, Tx } from '../store/index.ts';
import type { AlignTokenRow } from '../store/schema.ts';
import { SealError, type Seal } from './seal.ts';

/** One opened row of `align_tokens`. */
export interface TokenSet extends AlignTokens {
  readonly id: string;
  readonly generation: number;
  /** ms since the epoch, when upstream handed them out. */
  readonly updatedAt: number;
}

/** Upstream tokens at rest: once per (environment, account, Align user), because pairing again returns the same ones. */
export interface TokenSets {
  load(id: string): Promise<TokenSet | null>;
  open(row: AlignTokenRow): TokenSet;
  /** Recognises the set by its refresh token, or stores a new one. @returns its id */
  keep(tx: Tx, of: { environment: string; accountId: string }, tokens: AlignTokens): Promise<string>;
  /**
   * Puts refreshed tokens in place of the ones they came from, unless others took that place meanwhile: those count then.
   * @returns what is stored now; null when the set is gone (un-paired meanwhile)
   */
  replace(tx: Tx, id: string, refreshedFrom: string, tokens: AlignTokens): Promise<TokenSet | null>;
  /** Destroys the sets of these that no login uses any more. */
  dropUnused(tx: Tx, ids: readonly string[]): Promise<void>;
}

export function createTokenSets(parts: { store: Store; seal: Seal; clock: Clock }): TokenSets {
  const { store, seal, clock } = parts;

  function open(row: AlignTokenRow): TokenSet {
    try {
      return {
        id: row.id,
        generation: row.generation,
        accessToken: seal.unseal(row.access, context(row.id, 'access')),
        refreshToken: seal.unseal(row.refresh, context(row.id, 'refresh')),
        expiresAt: row.expires_at,
        updatedAt: row.updated_at,
      };
    } catch (error) {
      // The operator took a key away that is still needed: this login cannot be used until the key is back, or its owner signs in.
      if (!(error instanceof SealError)) throw error;
      throw new AlignFault('not_configured', 'vault', { property: 'encryptionKeys', cause: error });
    }
  }

  /** Always under the newest key: rotating keys reaches a row when its tokens are refreshed, so never one that nobody uses. */
  function close(id: string, tokens: AlignTokens) {
    return {
      access: seal.seal(tokens.accessToken, context(id, 'access')),
      refresh: seal.seal(tokens.refreshToken, context(id, 'refresh')),
      fingerprint: seal.fingerprints(tokens.refreshToken)[0],
      expires_at: tokens.expiresAt,
      updated_at: clock.now(),
    };
  }

  const find = (tx: Tx, of: { environment: string; accountId: string }, refreshToken: string) =>
    tx
      .selectFrom('align_tokens')
      .selectAll()
      .where('environment', '=', of.environment)
      .where('account_id', '=', of.accountId)
      .where('fingerprint', 'in', seal.fingerprints(refreshToken))
      .executeTakeFirst();

  const update = (tx: Tx, id: string, tokens: AlignTokens) =>
    tx
      .updateTable('align_tokens')
      .set(close(id, tokens))
      .set((eb) => ({ generation: eb('generation', '+', 1) }))
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();

  return {
    open,

    async load(id) {
      const row = await store.db.selectFrom('align_tokens').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : open(row);
    },

    async keep(tx, of, tokens) {
      const known = await find(tx, of, tokens.refreshToken);
      if (known !== undefined) return (await update(tx, known.id, tokens)).id;
      const id = randomUUID();
      await tx
        .insertInto('align_tokens')
        .values({
          id,
          environment: of.environment,
          account_id: of.accountId,
          generation: 1,
          refresh_holder: null,
          refresh_until: null,
          ...close(id, tokens),
        })
        .execute();
      return id;
    },

    async replace(tx, id, refreshedFrom, tokens) {
      const row = await tx.selectFrom('align_tokens').selectAll().where('id', '=', id).executeTakeFirst();
      if (row === undefined) return null;
      if (!seal.fingerprints(refreshedFrom).includes(row.fingerprint)) return open(row);
      // Pair during the refresh may have handed out these very tokens and stored them as a set of their own.
      const twin = await find(tx, { environment: row.environment, accountId: row.account_id }, tokens.refreshToken);
      if (twin !== undefined && twin.id !== id) {
        await tx.updateTable('logins').set({ token_id: twin.id }).where('token_id', '=', id).execute();
        await tx.deleteFrom('align_tokens').where('id', '=', id).execute();
      }
      return open(await update(tx, twin?.id ?? id, tokens));
    },

    async dropUnused(tx, ids) {
      if (ids.length === 0) return;
      await tx
        .deleteFrom('align_tokens')
        .where('id', 'in', ids)
        .where('id', 'not in', tx.selectFrom('logins').select('token_id').where('token_id', 'in', ids))
        .execute();
    },
  };
}

function context(id: string, part: 'access' | 'refresh'): string {
  return `align_tokens/${id}/${part}`;
}
