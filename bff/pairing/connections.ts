import type { Kysely } from 'kysely';
import type { LearntBy } from '../../shared/scan.ts';
import type { ConnectionRow, Schema } from '../store/schema.ts';
import type { TenantKey } from '../tenancy.ts';

/** The clinic's connection to its Align account (rules.md "Connection and logins"). */
export interface Connections {
  /** State `paired` only. */
  active(key: TenantKey): Promise<ConnectionRow | null>;
  /** The newest, whatever its state: after an un-pair the stored list stays readable. */
  current(key: TenantKey): Promise<ConnectionRow | null>;
  byId(id: string): Promise<ConnectionRow | null>;
  /** Paired connections of this environment: what the poller works through. */
  pollable(environment: string): Promise<ConnectionRow[]>;
  /** @throws ProblemError `unpaired`, `needs_login` or `pairing_lost`. */
  requireActive(key: TenantKey): Promise<ConnectionRow>;
  /** Somebody un-paired the account elsewhere: everybody is told once, polling stops. Opens its own transaction. */
  markLost(connectionId: string): Promise<void>;
  /** Every login on this token set must sign in again; without another one the connection needs a login. */
  markTokenRefused(tokenId: string): Promise<void>;
  /** The connection behind a callback URL, unless it was un-paired; former tokens stay valid for seven days. */
  routeCallback(token: string): Promise<ConnectionRow | null>;
  /** In the transaction that stores the hint: the callback is confirmed. */
  noteNotification(tx: Kysely<Schema>, connectionId: string): Promise<void>;
  /** In the merge's transaction: two versions in a row learnt by poll alone make the callback suspect. */
  noteVersionLearnt(tx: Kysely<Schema>, connectionId: string, by: LearntBy): Promise<void>;
  /**
   * Called once per poll round: repeats Pair when the callback is suspect, at most once a day. Never rejects: a fault is
   * logged and tried again next time.
   */
  repairCallback(connectionId: string): Promise<void>;
}
