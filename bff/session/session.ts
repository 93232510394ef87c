import type { Principal } from '../tenancy.ts';

/** What others may ask of embed sessions. */
export interface SessionLookup {
  /** The person of a session that is neither expired nor revoked, else null. Cheap: kept in memory until revoked. */
  find(sessionId: string): Promise<Principal | null>;
  /** The same where it is in memory already; null: ask `find`. */
  held(sessionId: string): Principal | null;
  /**
   * Told when a session is revoked, so that its streams close; null: any of them may be, this instance cannot ask (only where
   * other instances revoke, too). Returns its own removal.
   */
  onRevoked(listener: (sessionId: string | null) => void): () => void;
}

/** The stored session as it is read at every request; the token carries none of this but the ids. */
export interface StoredSession {
  readonly principal: Principal;
  /** Where the session may be used from; null: every origin of its vendor. */
  readonly origins: readonly string[] | null;
}
