import type { Log } from '../deps.ts';
import type { ConnectionRow, LoginRow } from '../store/schema.ts';

export interface TokenCall {
  readonly connection: ConnectionRow;
  /** The person the call is made for; absent for background work. */
  readonly userId?: string | undefined;
}

/** Upstream tokens at rest, and the only way to use one. */
export interface Vault {
  /**
   * Runs `call` with a valid access token: for a person their own login, else the connection's newest healthy one; a
   * login that is dead fails over to the next. 401 → one refresh and one retry. `not_paired` marks the connection lost.
   * Rejects with `AlignFault`; no usable login is `invalid_grant`, another active environment `not_configured`
   * with property `environment`.
   */
  withToken<T>(input: TokenCall, call: (accessToken: string, login: LoginRow) => Promise<T>): Promise<T>;
}

/** Told by the vault what it met; pairing owns the consequences. */
export interface VaultEvents {
  /** Upstream says that somebody un-paired the account. */
  lost(connectionId: string): Promise<void>;
  /** The refresh token is dead: every login on this token set must sign in again. */
  tokenRefused(tokenId: string): Promise<void>;
}

export type VaultLog = Log;
