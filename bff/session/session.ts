import type { Principal } from '../tenancy.ts';

/** What others may ask of embed sessions. */
export interface SessionLookup {
  /** The person of a session that is neither expired nor revoked, else null. Cheap: cached until revoked. */
  find(sessionId: string): Promise<Principal | null>;
  /** Told when a session is revoked, so that its streams close. Returns its own removal. */
  onRevoked(listener: (sessionId: string) => void): () => void;
}
