import { AlignFault, type AlignPort, type AlignTokens } from '../align/index.ts';
import type { Clock, Log } from '../deps.ts';
import type { Store, Tx } from '../store/index.ts';
import type { ConnectionRow, LoginRow } from '../store/schema.ts';
import type { TokenSets } from '../vault/token-sets.ts';
import type { Vault } from '../vault/vault.ts';
import { nextCallbackHealth } from './callback-health.ts';
import { accountTurn } from './connection-state.ts';
import type { PairAccount } from './pair-account.ts';

/** rules.md "Un-pair": once a day at most (ms). */
const REPAIR_EVERY = 86_400_000;

/**
 * Repeats Pair for a connection whose callback is suspect: somebody may have un-paired and paired elsewhere, which drops
 * our URL without a word. Never rejects: what fails is logged and tried again the day after.
 */
export function createCallbackRepair(parts: {
  store: Store;
  vault: Vault;
  sets: TokenSets;
  align: AlignPort;
  pairAccount: PairAccount;
  clock: Clock;
  log: Log;
}): (connectionId: string) => Promise<void> {
  const { store, vault, sets, align, pairAccount, clock, log } = parts;

  /** Counted by the database's clock and taken before the call, so that of several instances one repeats it. */
  async function claim(connectionId: string): Promise<ConnectionRow | undefined> {
    const now = await store.now();
    return store.write((tx) =>
      tx
        .updateTable('connections')
        .set({ repaired_at: now })
        .where('id', '=', connectionId)
        .where('state', '=', 'paired')
        .where('callback_state', '=', 'suspect')
        .where((eb) =>
          eb.or([
            eb('repaired_at', 'is', null),
            eb('repaired_at', '<=', now - REPAIR_EVERY),
            // Further ahead than a day: the clock was set back since.
            eb('repaired_at', '>', now + REPAIR_EVERY),
          ]),
        )
        .returningAll()
        .executeTakeFirst(),
    );
  }

  async function isPaired(connectionId: string): Promise<boolean> {
    const row = await store.db
      .selectFrom('connections')
      .select('state')
      .where('id', '=', connectionId)
      .executeTakeFirst();
    return row?.state === 'paired';
  }

  async function repeat(connection: ConnectionRow): Promise<void> {
    const { id, account_id: accountId } = connection;
    let through: LoginRow | null = null;
    await pairAccount(
      connection,
      id,
      (callbackUrl) =>
        vault.withToken({ connection }, (token, login) => {
          through = login;
          return align.pair(token, { accountId, callbackUrl });
        }),
      async (tx, tokens) => {
        const { state, polledInARow } = nextCallbackHealth(
          { state: connection.callback_state, polledInARow: connection.polled_in_a_row },
          { kind: 'registered' },
        );
        await tx
          .updateTable('connections')
          .set({ callback_state: state, polled_in_a_row: polledInARow, last_pair_at: clock.now() })
          .where('id', '=', id)
          .where('state', '=', 'paired')
          .execute();
        await keep(tx, connection, through, tokens);
      },
    );
  }

  /** Pairing again returns the same tokens (align-api §3); should it not, the new ones count. */
  async function keep(
    tx: Tx,
    { environment, account_id: accountId }: ConnectionRow,
    login: LoginRow | null,
    tokens: AlignTokens,
  ): Promise<void> {
    if (login === null) return;
    const alive = await tx.selectFrom('logins').select('token_id').where('id', '=', login.id).executeTakeFirst();
    // Signed out meanwhile: their tokens are not brought back.
    if (alive === undefined) return;
    const tokenId = await sets.keep(tx, { environment, accountId }, tokens);
    if (tokenId === alive.token_id) return;
    await tx.updateTable('logins').set({ token_id: tokenId }).where('token_id', '=', alive.token_id).execute();
    await sets.dropUnused(tx, [alive.token_id]);
  }

  return async (connectionId) => {
    try {
      const connection = await claim(connectionId);
      if (connection === undefined) return;
      const { environment, account_id: accountId } = connection;
      const isRepeated = await store.alone([accountTurn(environment, accountId)], async () => {
        // Un-paired while it waited for its turn: nobody's account is paired again behind their back.
        if (!(await isPaired(connectionId))) return false;
        await repeat(connection);
        return true;
      });
      if (isRepeated) log.info({ connection: connectionId }, 'the callback was silent: Pair was repeated');
    } catch (error) {
      const kind = error instanceof AlignFault ? error.kind : 'internal';
      log.warn(
        { connection: connectionId, kind, ...(kind === 'internal' ? { error } : {}) },
        'Pair could not be repeated',
      );
    }
  };
}
