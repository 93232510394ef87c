import { AlignFault, type AlignPort } from '../align/index.ts';
import type { Clock, Log } from '../deps.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow, LoginRow } from '../store/schema.ts';
import { createRefresher } from './refresh.ts';
import type { TokenSet, TokenSets } from './token-sets.ts';

/** A token that ends within this is renewed before it is used (ms), or within a tenth of its life if that is less. */
const MARGIN = 60_000;

export interface TokenCall {
  readonly connection: ConnectionRow;
  /** The person the call is made for; absent for background work. */
  readonly userId?: string | undefined;
}

/** The only way to use an upstream token. */
export interface Vault {
  /**
   * Runs `call` with a valid access token: for a person their own login, else the connection's newest healthy one; a
   * login that is dead fails over to the next. 401 → one refresh and one retry. `not_paired` marks the connection lost,
   * unless somebody signed in later than the refused login: an un-pair ends the logins that were there (align-api §3).
   * Rejects with `AlignFault`; no usable login is `invalid_grant`, another active environment `not_configured`
   * with property `environment`.
   */
  withToken<T>(input: TokenCall, call: (accessToken: string, login: LoginRow) => Promise<T>): Promise<T>;
}

/** As its owner has it. */
export interface OpenVault extends Vault {
  /** When nobody uses it any more: refreshed tokens that the database did not take get a last try. */
  stop(): Promise<void>;
}

/** Told by the vault what it met; pairing owns the consequences. */
export interface VaultEvents {
  /**
   * Upstream says that somebody un-paired the account.
   * @param through the login it was said to: one that is gone by now belonged to a former pairing, which ends no newer one
   */
  lost(connectionId: string, through: LoginRow): Promise<void>;
  /** The refresh token is dead: every login on this token set must sign in again. */
  tokenRefused(tokenId: string): Promise<void>;
}

export interface VaultParts {
  readonly store: Store;
  readonly sets: TokenSets;
  readonly align: AlignPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: VaultEvents;
}

export function createVault(parts: VaultParts): OpenVault {
  const { store, sets, align, clock, events } = parts;
  const log = parts.log.child({ part: 'vault' });
  const refresher = createRefresher({ store, sets, align, clock, log });

  /**
   * The environment may be switched while a call waits for a token: one of the former must never go to the hosts of the new one,
   * and what the new one says of it is no news.
   * @throws AlignFault `not_configured` with property `environment`
   */
  function stay(environment: string): void {
    if (environment !== align.environment().name) {
      throw new AlignFault('not_configured', 'vault', { property: 'environment' });
    }
  }

  /** A dead refresh token is told once, whoever met it. */
  async function refresh(set: TokenSet, login: LoginRow): Promise<TokenSet> {
    stay(login.environment);
    try {
      return await refresher.refresh(set.id, set.generation, login);
    } catch (error) {
      stay(login.environment);
      if (error instanceof AlignFault && error.kind === 'invalid_grant') await events.tokenRefused(set.id);
      throw error;
    }
  }

  async function withLogin<T>(login: LoginRow, call: (accessToken: string, login: LoginRow) => Promise<T>): Promise<T> {
    let set = await sets.load(login.token_id);
    if (set === null) throw new AlignFault('invalid_grant', 'vault', { property: 'token set' });
    if (isEnding(set, clock.now())) set = await refresh(set, login);
    try {
      stay(login.environment);
      return await call(set.accessToken, login);
    } catch (error) {
      if (!(error instanceof AlignFault) || error.kind !== 'unauthorized') throw error;
      // align-api §9: 401 → refresh once. A refused token did nothing, so that a write may be sent again.
      set = await refresh(set, login);
      stay(login.environment);
      return call(set.accessToken, login);
    }
  }

  async function candidates({ connection, userId }: TokenCall): Promise<LoginRow[]> {
    const healthy = await store.db
      .selectFrom('logins')
      .selectAll()
      .where('vendor', '=', connection.vendor)
      .where('tenant', '=', connection.tenant)
      .where('environment', '=', connection.environment)
      .where('connection_id', '=', connection.id)
      .where('state', '=', 'healthy')
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .execute();
    return [
      ...healthy.filter((login) => login.user_id === userId),
      ...healthy.filter((login) => login.user_id !== userId),
    ];
  }

  return {
    async withToken(input, call) {
      const { connection, userId } = input;
      stay(connection.environment);
      let fault = new AlignFault('invalid_grant', 'vault', { property: 'login' });
      const logins = await candidates(input);
      for (const [index, login] of logins.entries()) {
        try {
          return await withLogin(login, call);
        } catch (error) {
          if (!(error instanceof AlignFault)) throw error;
          if (error.kind === 'not_paired') {
            const newer = logins.slice(index + 1).some((other) => other.created_at > login.created_at);
            if (!newer) {
              await events.lost(connection.id, login);
              throw error;
            }
            await events.tokenRefused(login.token_id);
            fault = error;
            continue;
          }
          if (!isLoginsOwn(error, login.user_id === userId)) throw error;
          log.warn({ connection: connection.id, login: login.id, kind: error.kind }, 'login fails, trying the next');
          fault = error;
        }
      }
      throw fault.kind === 'invalid_grant' && (await isLost(connection))
        ? new AlignFault('not_paired', 'vault')
        : fault;
    },
    stop: () => refresher.stop(),
  };

  /** Another call has just been told so, and took the logins away. */
  async function isLost({ id }: ConnectionRow): Promise<boolean> {
    const now = await store.db.selectFrom('connections').select('state').where('id', '=', id).executeTakeFirst();
    return now?.state === 'lost';
  }
}

/** Whether another login may fare better. */
function isLoginsOwn(fault: AlignFault, own: boolean): boolean {
  if (fault.kind === 'invalid_grant' || fault.kind === 'unauthorized') return true;
  // Sealed with a key that was taken away. It may come back, so that nothing is settled by it.
  if (fault.kind === 'not_configured' && fault.property === 'encryptionKeys') return true;
  // What this very person may not do is told to them, and not done in somebody else's name.
  return fault.kind === 'user_not_allowed' && !own;
}

function isEnding(set: TokenSet, now: number): boolean {
  const life = Math.max(0, set.expiresAt - set.updatedAt);
  return set.expiresAt - Math.min(MARGIN, life / 10) <= now;
}
