import type { Kysely, Transaction } from 'kysely';
import { gather } from './gather.ts';
import type { Schema } from './schema.ts';
import type { NodeSqlite } from './sqlite-database.ts';

type Tx = Transaction<Schema>;

interface Job {
  run(tx: Tx): Promise<void>;
  committed(): void;
  failed(error: unknown): void;
  readonly hooks: (() => void)[];
}

/** One commit takes at most this many writers, so that the first of a burst does not wait for all of it. */
const MAX_BATCH = 512;

/**
 * Writers that wait at the same time share one commit: each runs in its own savepoint, one after another, and all are
 * answered after the one fsync. A writer that fails takes back its own savepoint only.
 */
export class GroupCommit {
  readonly #writer: Kysely<Schema>;
  readonly #database: NodeSqlite;
  readonly #onHookError: (error: unknown) => void;
  #queue: Job[] = [];
  #draining: Promise<void> | null = null;
  #closed = false;
  #lastGroup = 0;
  #current: { tx: Tx; job: Job } | null = null;

  constructor(writer: Kysely<Schema>, database: NodeSqlite, onHookError: (error: unknown) => void) {
    this.#writer = writer;
    this.#database = database;
    this.#onHookError = onHookError;
  }

  write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'));
    return new Promise<T>((resolve, reject) => {
      let settle: () => void;
      this.#queue.push({
        run: async (tx) => {
          const value = await work(tx);
          settle = () => resolve(value);
        },
        committed: () => settle(),
        failed: reject,
        hooks: [],
      });
      this.#draining ??= this.#drain();
    });
  }

  afterCommit(tx: Tx, task: () => void): void {
    if (this.#current?.tx !== tx) throw new Error('afterCommit outside of its transaction');
    this.#current.job.hooks.push(task);
  }

  /** Resolves when every writer that was let in has been answered. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    try {
      for (await this.#gather(); this.#queue.length > 0; await this.#gather()) await this.#batch();
    } finally {
      this.#draining = null;
    }
  }

  #gather(): Promise<void> {
    return gather(() => this.#queue.length, this.#lastGroup, MAX_BATCH);
  }

  async #batch(): Promise<void> {
    const waiting = this.#queue.splice(0, MAX_BATCH);
    this.#lastGroup = waiting.length;
    const done: Job[] = [];
    try {
      await this.#writer.transaction().execute(async (tx) => {
        for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
          if (await this.#runOne(tx, job)) done.push(job);
        }
      });
    } catch (error) {
      // BEGIN or COMMIT failed, or SQLite gave the whole transaction up: nothing of this batch is stored.
      for (const job of [...done, ...waiting]) job.failed(error);
      return;
    }
    for (const job of done) {
      job.committed();
      for (const hook of job.hooks) this.#runHook(hook);
    }
  }

  /** @returns whether the job's work stands in the transaction; @throws when the whole transaction is lost */
  async #runOne(tx: Tx, job: Job): Promise<boolean> {
    this.#database.exec('SAVEPOINT writer');
    this.#current = { tx, job };
    try {
      await job.run(tx);
      this.#database.exec('RELEASE writer');
      return true;
    } catch (error) {
      job.failed(error);
      if (!this.#database.inTransaction) throw error;
      this.#database.exec('ROLLBACK TO writer');
      this.#database.exec('RELEASE writer');
      return false;
    } finally {
      this.#current = null;
    }
  }

  #runHook(hook: () => void): void {
    try {
      hook();
    } catch (error) {
      this.#onHookError(error);
    }
  }
}
