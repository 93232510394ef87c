import { sql, type Kysely } from 'kysely';
import type { Clock, Random } from '../deps.ts';
import type { TenantRef } from '../tenancy.ts';
import { isConflict, isConnectionLost } from './postgres-errors.ts';
import { lockOf } from './postgres-locks.ts';
import type { Schema } from './schema.ts';
import { StoreError, type Tx } from './store.ts';

/** Works of one tenant that share a transaction at most: PostgreSQL slows down past 64 savepoints. */
const MAX_BATCH = 32;
const ATTEMPTS = 5;
const FRESH_TRIES = 3;
const FIRST_PAUSE_MS = 20;
/** How long a clinic waits in line for its turn, as anybody else does for a connection (ms). */
const LINE_MS = 10_000;

export interface WriterParts {
  readonly db: Kysely<Schema>;
  /** Clinics whose turn may take a connection at once. Fewer than there are: what names no tenant never waits for all of them. */
  readonly turnsAtOnce: number;
  readonly clock: Clock;
  readonly random: Random;
  onHookError(error: unknown): void;
}

type Phase = 'connecting' | 'working' | 'committing';

/**
 * Transactions on PostgreSQL. Works of one tenant wait for their turn here and take it together: one connection, one lock, one
 * commit, each in its own savepoint. The lock keeps the other instances' works of that tenant out until the commit.
 */
export class PostgresWriter {
  readonly #parts: WriterParts;
  readonly #turns = new Map<string, Job[]>();
  readonly #running = new Set<Promise<void>>();
  readonly #jobs = new WeakMap<Tx, Job>();
  readonly #line: Line;
  #closed = false;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#line = new Line(parts.turnsAtOnce, parts.clock);
  }

  write<T>(work: (tx: Tx) => Promise<T>, tenant: TenantRef | undefined): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'));
    return new Promise<T>((resolve, reject) => {
      const job = new Job(work, resolve as (value: unknown) => void, reject);
      if (tenant === undefined) this.#keep(this.#transact([job], null));
      else this.#queue(`${tenant.vendor}\0${tenant.tenant}`, job);
    });
  }

  afterCommit(tx: Tx, task: () => void): void {
    const job = this.#jobs.get(tx);
    if (job === undefined) throw new Error('afterCommit outside of its transaction');
    job.hooks.push(task);
  }

  /** Resolves when every writer that was let in has been answered. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#running);
  }

  #keep(running: Promise<void>): void {
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  #queue(key: string, job: Job): void {
    const waiting = this.#turns.get(key);
    if (waiting !== undefined) {
      waiting.push(job);
      return;
    }
    const queue = [job];
    this.#turns.set(key, queue);
    this.#keep(this.#drain(key, queue));
  }

  async #drain(key: string, queue: Job[]): Promise<void> {
    const lock = lockOf(`tenant ${key}`);
    while (queue.length > 0) await this.#transact(queue.splice(0, MAX_BATCH), lock);
    this.#turns.delete(key);
  }

  /** Never rejects: every job is answered. */
  async #transact(batch: readonly Job[], lock: string | null): Promise<void> {
    const { clock, random } = this.#parts;
    const at: { phase: Phase } = { phase: 'connecting' };
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#attempt(batch, lock, (now) => {
          at.phase = now;
        });
        break;
      } catch (error) {
        if (attempt < ATTEMPTS && isConflict(error)) {
          if (attempt > 1) await clock.sleep(FIRST_PAUSE_MS * 2 ** attempt * (0.5 + random.fraction()));
        } else if (attempt >= FRESH_TRIES || at.phase === 'committing' || !isConnectionLost(error)) {
          // A connection from the pool may have died long ago: before the commit another try is safe.
          for (const job of batch) job.reject(outcomeOf(at.phase, error));
          return;
        }
      }
    }
    for (const job of batch) job.answer((error) => this.#parts.onHookError(error));
  }

  async #attempt(batch: readonly Job[], lock: string | null, enter: (phase: Phase) => void): Promise<void> {
    enter('connecting');
    if (lock === null) return this.#run(batch, null, enter);
    await this.#line.enter();
    try {
      await this.#run(batch, lock, enter);
    } finally {
      this.#line.leave();
    }
  }

  async #run(batch: readonly Job[], lock: string | null, enter: (phase: Phase) => void): Promise<void> {
    const tx = await this.#parts.db.startTransaction().execute();
    enter('working');
    try {
      if (lock !== null) await sql`select pg_advisory_xact_lock(${sql.lit(lock)}::bigint)`.execute(tx);
      for (const job of batch) await this.#runOne(tx, job, batch.length > 1);
      if (batch.every((job) => job.failed)) {
        await tx.rollback().execute();
        return;
      }
      enter('committing');
      await tx.commit().execute();
    } catch (error) {
      // On a broken connection this fails too; the server rolls back by itself then.
      const rolledBack = tx.rollback().execute();
      await rolledBack.catch(() => undefined);
      throw error;
    } finally {
      this.#jobs.delete(tx);
    }
  }

  async #runOne(tx: Tx, job: Job, shared: boolean): Promise<void> {
    this.#jobs.set(tx, job);
    try {
      if (shared) await sql`savepoint writer`.execute(tx);
      await job.run(tx);
      if (shared) await sql`release savepoint writer`.execute(tx);
    } catch (error) {
      if (isConflict(error) || isConnectionLost(error)) throw error;
      job.fail(error);
      if (shared) await sql`rollback to savepoint writer`.execute(tx);
    }
  }
}

/**
 * An instance that stands still in its transactions holds several clinics' locks until the server ends them. Each of these clinics
 * has one turn here that waits for its lock with a connection in hand: were there no limit, nothing would be left for notifications.
 */
class Line {
  readonly #clock: Clock;
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(places: number, clock: Clock) {
    this.#free = places;
    this.#clock = clock;
  }

  /** @throws StoreError when no turn ends in time */
  async enter(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const called = (): void => {
        cancel();
        resolve();
      };
      const cancel = this.#clock.after(LINE_MS, () => {
        this.#waiting.delete(called);
        reject(new StoreError('other clinics’ turns took too long: nothing of this one was stored'));
      });
      this.#waiting.add(called);
    });
  }

  /** The place goes to the one that has waited longest. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

class Job {
  readonly #work: (tx: Tx) => Promise<unknown>;
  readonly #resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  hooks: (() => void)[] = [];
  #value: unknown;
  #error: { error: unknown } | null = null;

  constructor(work: (tx: Tx) => Promise<unknown>, resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.#work = work;
    this.#resolve = resolve;
    this.reject = reject;
  }

  get failed(): boolean {
    return this.#error !== null;
  }

  async run(tx: Tx): Promise<void> {
    this.hooks = [];
    this.#error = null;
    this.#value = await this.#work(tx);
  }

  fail(error: unknown): void {
    this.#error = { error };
  }

  answer(onHookError: (error: unknown) => void): void {
    if (this.#error !== null) {
      this.reject(this.#error.error);
      return;
    }
    this.#resolve(this.#value);
    for (const hook of this.hooks) {
      try {
        hook();
      } catch (error) {
        onHookError(error);
      }
    }
  }
}

function outcomeOf(phase: Phase, error: unknown): unknown {
  if (phase !== 'committing' || !isConnectionLost(error)) return error;
  return new StoreError('the connection broke in the middle of COMMIT: whether it is stored is not known', {
    cause: error,
  });
}
