import { createHash } from 'node:crypto';
import pg from 'pg';
import { clientOptions } from './postgres-pool.ts';
import { createTurns, takeAll } from './turns.ts';

/** Locks held at once by this instance, each on a connection of its own; further ones wait. */
const CONNECTIONS = 4;
/** Longer than a person's longest call upstream (ms). */
const WAIT_MS = 90_000;

/** Locks over all instances that outlast a transaction: they belong to a connection, and end with it at the latest. */
export class PostgresLocks {
  readonly #pool: pg.Pool;
  readonly #turns = createTurns();

  constructor(url: string) {
    // One use each: the end of the connection frees its locks, whatever became of the work.
    this.#pool = new pg.Pool({ ...clientOptions(url), connectionTimeoutMillis: WAIT_MS, max: CONNECTIONS, maxUses: 1 });
    const gone = (): void => undefined;
    this.#pool.on('error', gone);
    this.#pool.on('connect', (client) => client.on('error', gone));
  }

  alone<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    return takeAll(this.#turns, names, async () => {
      const client = await this.#pool.connect();
      try {
        await client.query(`set lock_timeout = ${WAIT_MS}`);
        for (const name of names) await client.query('select pg_advisory_lock($1)', [lockOf(name)]);
        return await work();
      } finally {
        client.release(true);
      }
    });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** 64 bits of a name. Two names that share a lock by chance merely wait for each other. */
export function lockOf(name: string): string {
  return createHash('sha256').update(name).digest().readBigInt64BE(0).toString();
}
