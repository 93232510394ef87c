import type { Impact } from '../../shared/pairing.ts';
import { AlignFault, type AlignPort } from '../align/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock, Log } from '../deps.ts';
import type { EventLog } from '../events/index.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { Store, Tx } from '../store/index.ts';
import type { ConnectionRow, LoginRow } from '../store/schema.ts';
import type { Principal } from '../tenancy.ts';
import type { TokenSets } from '../vault/token-sets.ts';
import type { Vault } from '../vault/vault.ts';
import type { CallbackTokens } from './callback-tokens.ts';
import type { ConnectionEnds } from './connection-ends.ts';
import { accountTurn, nextConnectionState } from './connection-state.ts';
import type { Connections } from './connections.ts';
import { loginsOf } from './logins-of.ts';
import type { SignIns } from './sign-ins.ts';
import { toProblemError } from './to-problem-error.ts';

export interface EndPairingParts {
  readonly store: Store;
  readonly align: AlignPort;
  readonly vault: Vault;
  readonly sets: TokenSets;
  readonly signIns: SignIns;
  readonly connections: Connections;
  readonly ends: ConnectionEnds;
  readonly callbackTokens: CallbackTokens;
  readonly events: EventLog;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Log;
}

export interface EndPairing {
  /** What un-pairing would affect here. */
  impact(principal: Principal): Promise<Impact>;
  /** Un-pairs upstream, then destroys tokens and callback; the stored list stays readable. */
  unpair(principal: Principal): Promise<void>;
  /** "Sign me out here": this person's login goes, the others' stay. */
  signOut(principal: Principal): Promise<void>;
}

export function createEndPairing(parts: EndPairingParts): EndPairing {
  const { store, align, vault, sets, signIns, connections, ends, callbackTokens, events, audit, clock, log } = parts;

  async function requireCurrent(principal: Principal): Promise<ConnectionRow> {
    const connection = await connections.current(principal);
    if (connection === null || connection.state === 'unpaired') throw new ProblemError('unpaired');
    return connection;
  }

  /** @returns what is to be noted in the audit log; an account that is un-paired already is what was wanted */
  async function unpairUpstream(connection: ConnectionRow, userId: string): Promise<string> {
    if (connection.state === 'lost') return 'ok';
    const unpairOnce = async (token: string): Promise<void> => {
      try {
        await align.unpair(token, connection.account_id);
      } catch (error) {
        if (!(error instanceof AlignFault) || error.kind !== 'not_paired') throw error;
      }
    };
    try {
      await vault.withToken({ connection, userId }, unpairOnce);
      return 'ok';
    } catch (error) {
      if (!(error instanceof AlignFault)) throw error;
      if (error.kind !== 'invalid_grant') throw toProblemError(error);
      // Nobody is signed in who could tell Align: it ends here, and there at the next un-pair in MyiTero.
      log.warn({ connection: connection.id }, 'un-paired here only: no login was left to un-pair upstream with');
      return 'needs_login';
    }
  }

  async function storeUnpaired(tx: Tx, principal: Principal, id: string, outcome: string): Promise<void> {
    const connection = await tx.selectFrom('connections').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    const logins = await tx.deleteFrom('logins').where('connection_id', '=', id).returning('token_id').execute();
    await sets.dropUnused(
      tx,
      logins.map((login) => login.token_id),
    );
    await callbackTokens.removeAll(tx, id);
    await signIns.close(tx, principal, null);
    const state = nextConnectionState(connection.state, 'unpaired');
    // Two people at once: the second finds it done, and nobody is told twice.
    if (state === connection.state) return;
    await tx
      .updateTable('connections')
      .set({ state, ended_at: clock.now(), callback_state: 'none', polled_in_a_row: 0, problem: null })
      .where('id', '=', id)
      .execute();
    const { vendor, tenant, environment } = principal;
    await events.append(tx, { vendor, tenant, environment, type: 'pairing.removed', data: { reason: 'unpaired' } });
    await audit.record(tx, principal, 'pairing.unpaired', connection.account_id, outcome);
  }

  /** Log out upstream, where nobody else here uses the same Align login. Best effort: the person wants to be out, whatever upstream says. */
  async function revoke(connection: ConnectionRow, login: LoginRow, logins: readonly LoginRow[]): Promise<void> {
    const shared = logins.some((other) => other.token_id === login.token_id && other.user_id !== login.user_id);
    if (shared || connection.environment !== align.environment().name) return;
    try {
      const set = await sets.load(login.token_id);
      // Looked at once more: a token goes to no other environment's host.
      if (set !== null && connection.environment === align.environment().name) await align.revoke(set.refreshToken);
    } catch (error) {
      if (!(error instanceof AlignFault)) throw error;
      log.warn(
        { login: login.id, kind: error.kind },
        'the login could not be revoked upstream; its tokens are destroyed',
      );
    }
  }

  return {
    async impact(principal) {
      const connection = await requireCurrent(principal);
      const logins = await loginsOf(store.db, connection);
      const requests = await store.db
        .selectFrom('scan_requests')
        .select(['id', 'created_at'])
        .where('vendor', '=', principal.vendor)
        .where('tenant', '=', principal.tenant)
        .where('environment', '=', principal.environment)
        .where('state', 'in', ['sending', 'sent', 'unconfirmed'])
        .where('account_id', '=', connection.account_id)
        .orderBy('created_at', 'desc')
        .limit(200)
        .execute();
      return {
        logins: logins.map((login) => ({ displayName: login.user_name, you: login.user_id === principal.userId })),
        openRequests: requests.map((row) => ({ id: row.id, createdAt: new Date(row.created_at).toISOString() })),
      };
    },

    async unpair(principal) {
      const { environment, account_id: accountId } = await requireCurrent(principal);
      // A repeat of Pair that is on its way ends first: after an un-pair it would pair the account again.
      await store.alone([accountTurn(environment, accountId)], async () => {
        const connection = await connections.current(principal);
        // Two people at once: the second finds it done.
        if (connection === null || connection.state === 'unpaired') return;
        const outcome = await unpairUpstream(connection, principal.userId);
        await store.write((tx) => storeUnpaired(tx, principal, connection.id, outcome), principal);
      });
    },

    async signOut(principal) {
      const connection = await connections.current(principal);
      const logins = connection === null ? [] : await loginsOf(store.db, connection);
      const mine = logins.filter((login) => login.user_id === principal.userId);
      const waiting = await signIns.pending(principal, principal.userId);
      if (mine.length === 0 && waiting === null) throw new ProblemError('not_signed_in');
      if (connection !== null) for (const login of mine) await revoke(connection, login, logins);
      await store.write(async (tx) => {
        await signIns.close(tx, principal, principal.userId);
        const gone = mine.map((login) => login.id);
        if (connection === null || gone.length === 0) return;
        await tx.deleteFrom('logins').where('id', 'in', gone).execute();
        await sets.dropUnused(
          tx,
          mine.map((login) => login.token_id),
        );
        await ends.settleLogins(tx, connection.id);
        await audit.record(tx, principal, 'pairing.signed_out', connection.account_id, 'ok');
      }, principal);
    },
  };
}
