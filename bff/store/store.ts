import type { Kysely, Transaction } from 'kysely';
import type { Clock, Log } from '../deps.ts';
import type { TenantRef } from '../tenancy.ts';
import type { Schema } from './schema.ts';

export type Tx = Transaction<Schema>;

export interface Store {
  /** Reads, outside any transaction: they see what is committed and nothing else. */
  readonly db: Kysely<Schema>;
  /**
   * One transaction; resolves only after COMMIT reached the disk (SQLite: synchronous=FULL). Waiting writers share one commit,
   * each in its own savepoint: `work` must do database calls only (others wait for it) and never call `write`. On PostgreSQL it
   * may run more than once (deadlock, connection lost before the commit), so memory changes only in `afterCommit`.
   * Rejects with what `work` threw, or with the database's error: full disk, locked, I/O. Then nothing is stored; where the
   * connection breaks in the middle of COMMIT nobody knows, and it rejects too.
   * @param tenant whose rows `work` reads before it writes them: over all instances, works of one tenant run one after
   * another (SQLite: every work does). Without it only single statements that guard themselves are safe.
   */
  write<T>(work: (tx: Tx) => Promise<T>, tenant?: TenantRef): Promise<T>;
  /**
   * `work` alone under all of these names, over all instances; others with one of them wait. It may take long and call
   * upstream, which `write` must not. A guard against doing a thing twice, not the last one: should this process stand still
   * for long, another may begin, so what is stored is guarded by itself.
   * @param names always in one order, the wider first
   */
  alone<T>(names: readonly string[], work: () => Promise<T>): Promise<T>;
  /** Runs after the commit that holds this transaction's work; not at all when it fails. */
  afterCommit(tx: Tx, task: () => void): void;
  /** Other processes use this database too (PostgreSQL). */
  readonly shared: boolean;
  /** The database's clock (ms since the epoch): what leases over all instances count by. */
  now(): Promise<number>;
  /**
   * Tells the other instances that something of this topic was committed: a wake-up only, sent outside any transaction. It may
   * be lost; whoever listens also looks by itself now and then. No patient data, at most 200 characters.
   */
  wake(topic: string): void;
  /** Hears the other instances' wake-ups. Returns its own removal. */
  onWake(listener: (topic: string) => void): () => void;
  /** Finishes the writers that wait, then closes. */
  close(): Promise<void>;
}

export interface OpenStore {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Tests only: the database's clock, moved by hand. */
  readonly databaseNow?: (() => number) | undefined;
}

/** A sentence for the operator; never with a password in it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
