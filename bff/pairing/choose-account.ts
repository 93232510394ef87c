import { createHash, randomUUID } from 'node:crypto';
import type { Account } from '../../shared/pairing.ts';
import { AlignFault, type AlignPort } from '../align/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../deps.ts';
import type { EventLog } from '../events/index.ts';
import { ProblemError } from '../http/problem-error.ts';
import { isDuplicate } from '../store/duplicate.ts';
import type { Store, Tx } from '../store/index.ts';
import type { ConnectionRow, SignInRow } from '../store/schema.ts';
import type { Principal, TenantKey } from '../tenancy.ts';
import type { TokenSets } from '../vault/token-sets.ts';
import { nextCallbackHealth } from './callback-health.ts';
import { accountTurn, CONNECTED } from './connection-state.ts';
import type { PairAccount } from './pair-account.ts';
import type { SignIns } from './sign-ins.ts';
import { rethrowAsProblem } from './to-problem-error.ts';

export interface ChooseAccountParts {
  readonly store: Store;
  readonly align: AlignPort;
  readonly signIns: SignIns;
  readonly sets: TokenSets;
  readonly pairAccount: PairAccount;
  readonly events: EventLog;
  readonly audit: Audit;
  readonly clock: Clock;
}

export interface ChooseAccount {
  /** @throws ProblemError `not_signed_in`, and what upstream refuses */
  accounts(principal: Principal): Promise<Account[]>;
  /** @throws ProblemError `not_signed_in`, `already_paired`, `account_in_use`, `account_not_configured`, `not_found` */
  choose(principal: Principal, accountId: string): Promise<void>;
}

/** From "signed in" to "paired" (rules.md "Connection and logins"). */
export function createChooseAccount(parts: ChooseAccountParts): ChooseAccount {
  const { store, align, signIns, sets, pairAccount, events, audit, clock } = parts;

  async function requirePending(principal: Principal): Promise<SignInRow> {
    const row = await signIns.pending(principal, principal.userId);
    if (row === null) throw new ProblemError('not_signed_in');
    if (row.environment !== align.environment().name) throw new ProblemError('environment_changed');
    return row;
  }

  /** A sign-in may wait longer than its access token lives; its refresh token may rotate, so one at a time. */
  async function withSignIn<T>(row: SignInRow, call: (accessToken: string) => Promise<T>): Promise<T> {
    const tokens = signIns.tokensOf(row);
    try {
      return await call(tokens.accessToken);
    } catch (error) {
      if (!(error instanceof AlignFault) || error.kind !== 'unauthorized') throw error;
    }
    const fresh = await align.refresh(tokens.refreshToken, row.environment);
    await signIns.keepTokens(row, fresh);
    return call(fresh.accessToken);
  }

  const listAccounts = (row: SignInRow): Promise<Account[]> =>
    withSignIn(row, (token) => align.accounts(token)).catch((error: unknown) => {
      // The sign-in itself is over: not the connection's login.
      const over = error instanceof AlignFault && (error.kind === 'unauthorized' || error.kind === 'invalid_grant');
      if (over) throw new ProblemError('not_signed_in', {}, error);
      return rethrowAsProblem(error);
    });

  async function refuseIfOtherAccount(db: Store['db'], key: TenantKey, accountId: string): Promise<void> {
    const own = await db
      .selectFrom('connections')
      .select('account_id')
      .where('vendor', '=', key.vendor)
      .where('tenant', '=', key.tenant)
      .where('environment', '=', key.environment)
      .where('state', 'in', CONNECTED)
      .execute();
    if (own.some((row) => row.account_id !== accountId)) throw new ProblemError('already_paired');
  }

  /** Asked before the upstream call, which would take the callback from whoever has it, and again where it is stored. */
  async function refuseIfTaken(db: Store['db'], key: TenantKey, accountId: string): Promise<void> {
    await refuseIfOtherAccount(db, key, accountId);
    const holders = await db
      .selectFrom('connections')
      .select(['vendor', 'tenant'])
      .where('environment', '=', key.environment)
      .where('account_id', '=', accountId)
      .where('state', 'in', CONNECTED)
      .execute();
    // Names nobody: not even the vendor may learn whose it is.
    if (holders.some(({ vendor, tenant }) => vendor !== key.vendor || tenant !== key.tenant)) {
      throw new ProblemError('account_in_use');
    }
  }

  /**
   * The same account again, however the connection ended, goes on with its row: its cursor stays, so that whatever was
   * scanned in between is listed as new and none is missing. Another account gets a row of its own, and inherits nothing.
   */
  async function storeConnection(
    tx: Tx,
    principal: Principal,
    id: string,
    account: Account,
  ): Promise<ConnectionRow['state'] | null> {
    const now = clock.now();
    const before = await tx.selectFrom('connections').selectAll().where('id', '=', id).executeTakeFirst();
    const health = nextCallbackHealth({ state: 'none', polledInARow: 0 }, { kind: 'registered' });
    const values = {
      account_name: account.name,
      account_city: account.city,
      account_country: account.country,
      state: 'paired' as const,
      ended_at: null,
      callback_state: health.state,
      polled_in_a_row: health.polledInARow,
      // One more login connects nobody anew: a listing that is overdue stays overdue (ledger/summary). What is news counts
      // from `created_at`, which no later pairing moves.
      last_pair_at: before?.state === 'paired' ? before.last_pair_at : now,
      problem: null,
    };
    if (before !== undefined) {
      await tx.updateTable('connections').set(values).where('id', '=', id).execute();
      return before.state;
    }
    const { vendor, tenant, environment, userId } = principal;
    await tx
      .insertInto('connections')
      .values({
        id,
        vendor,
        tenant,
        environment,
        account_id: account.id,
        created_at: now,
        created_by: userId,
        repaired_at: null,
        last_notification_at: null,
        last_full_check_at: null,
        cursor_at: null,
        backfilled_at: null,
        ...values,
      })
      .execute();
    return null;
  }

  /** One login per person and connection; the newest sign-in replaces what they had. */
  async function storeLogin(tx: Tx, principal: Principal, connectionId: string, tokenId: string): Promise<void> {
    const { vendor, tenant, environment, userId, userName } = principal;
    const now = clock.now();
    const former = await tx
      .deleteFrom('logins')
      .where('vendor', '=', vendor)
      .where('tenant', '=', tenant)
      .where('connection_id', '=', connectionId)
      .where('user_id', '=', userId)
      .returning('token_id')
      .execute();
    await tx
      .insertInto('logins')
      .values({
        id: randomUUID(),
        vendor,
        tenant,
        environment,
        connection_id: connectionId,
        user_id: userId,
        user_name: userName,
        token_id: tokenId,
        state: 'healthy',
        created_at: now,
        changed_at: now,
      })
      .execute();
    // Pair said that this set is alive: whoever shares it is, too.
    await tx
      .updateTable('logins')
      .set({ state: 'healthy', changed_at: now })
      .where('token_id', '=', tokenId)
      .where('state', '=', 'failing')
      .execute();
    await sets.dropUnused(
      tx,
      former.map((login) => login.token_id),
    );
  }

  async function choose(principal: Principal, accountId: string): Promise<void> {
    const { environment } = principal;
    const row = await requirePending(principal);
    await refuseIfOtherAccount(store.db, principal, accountId);
    const account = (await listAccounts(row)).find(({ id }) => id === accountId);
    if (account === undefined) throw new ProblemError('not_found');
    if (!account.configured) throw new ProblemError('account_not_configured');
    await refuseIfTaken(store.db, principal, accountId);
    const id = connectionId(principal, accountId);
    // The account list may have refreshed the sign-in's tokens.
    const current = await requirePending(principal);
    await pairAccount(
      principal,
      id,
      (callbackUrl) => withSignIn(current, (token) => align.pair(token, { accountId, callbackUrl })),
      async (tx, tokens) => {
        await refuseIfTaken(tx, principal, accountId);
        const before = await storeConnection(tx, principal, id, account);
        const tokenId = await sets.keep(tx, { environment, accountId }, tokens);
        await storeLogin(tx, principal, id, tokenId);
        await signIns.close(tx, principal, principal.userId, row.id);
        // Another login on a connection that stands already changes nothing for the others.
        if (before !== 'paired') {
          const { vendor, tenant } = principal;
          const data = { reason: 'paired' } as const;
          await events.append(tx, { vendor, tenant, environment, type: 'pairing.created', data });
        }
        await audit.record(tx, principal, 'pairing.paired', accountId, 'ok');
      },
    ).catch((error: unknown) => {
      if (isDuplicate(error, ONE_TENANT)) throw new ProblemError('account_in_use', {}, error);
      if (isDuplicate(error, ONE_ACTIVE)) throw new ProblemError('already_paired', {}, error);
      return rethrowAsProblem(error);
    });
  }

  return {
    async accounts(principal) {
      return store.alone([toName(principal)], async () => listAccounts(await requirePending(principal)));
    },
    // One at a time per person, tenant and account, in a fixed order: two clinics that choose the same account at once
    // must not both reach upstream, whichever instances they came to. Where all else fails a unique index decides.
    choose: (principal, accountId) =>
      store.alone(
        [toName(principal), `choosing tenant ${toText(principal)}`, accountTurn(principal.environment, accountId)],
        () => choose(principal, accountId),
      ),
  };
}

const ONE_TENANT = { name: 'connections_one_tenant', table: 'connections', columns: ['environment', 'account_id'] };
const ONE_ACTIVE = {
  name: 'connections_one_active',
  table: 'connections',
  columns: ['vendor', 'tenant', 'environment'],
};

function toName(principal: Principal): string {
  return `signed-in user ${toText(principal)} ${principal.userId}`;
}

/**
 * One row per clinic and account, whatever becomes of it. Known before Pair answers: were the answer lost, the callback
 * URL that upstream has by then still leads here when the person tries again.
 */
function connectionId(key: TenantKey, accountId: string): string {
  return createHash('sha256')
    .update(`${toText(key)} ${accountId}`)
    .digest('base64url')
    .slice(0, 27);
}

function toText({ vendor, tenant, environment }: TenantKey): string {
  return JSON.stringify([vendor, tenant, environment]);
}
