import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { isConnectionLost } from './postgres-errors.ts';

/** How long a caller waits for a connection, be it a new one or one that others still use (ms). */
const CONNECT_MS = 10_000;
/** One statement of ours, and the wait for one lock, before the database gives it up (ms). */
const STATEMENT_MS = 30_000;
const LOCK_MS = 15_000;
/** A transaction whose process stands still lets go of its locks (ms). */
const IDLE_IN_TRANSACTION_MS = 30_000;

const INT8 = 20;
const NUMERIC = 1700;

/** Times, counts and sums are whole numbers below 2^53: as number, as SQLite gives them. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === INT8 || oid === NUMERIC
      ? toWholeNumber
      : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

function toWholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('a number from the database is not a whole one below 2^53');
  return value;
}

/**
 * Of every session: a commit is on the database's disk before anybody is told, whatever the server's default; READ COMMITTED.
 * `synchronous_commit` is left alone where it asks for as much or more (local, remote_write, on, remote_apply).
 */
const SESSION = `
  set default_transaction_isolation = 'read committed';
  set lock_timeout = ${LOCK_MS};
  set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS};
  set timezone = 'UTC';
  select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`;

export function clientOptions(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: 'itero-embed',
    types,
  };
}

/**
 * Lists page along an index that is sorted already (bars.md "cost growth"). The planner cannot estimate who has read what, and would
 * rather read all cases of a clinic and sort them. Where no index is sorted, it sorts all the same; the price that it then sees
 * would have it compile the query first, which takes a second.
 */
const ALONG_INDEXES = 'set enable_sort = off; set random_page_cost = 1.1; set jit = off';

export interface PoolOptions {
  readonly url: string;
  readonly max: number;
  readonly reading?: boolean;
  /** For migrations: statements take as long as they need, and values may be of any kind. */
  readonly patient?: boolean;
  /** An idle connection broke; the pool has let go of it already. */
  onLost(error: Error): void;
}

export function createPool(options: PoolOptions): PostgresPool {
  const timeout = `set statement_timeout = ${options.patient ? 0 : STATEMENT_MS}`;
  const session = [timeout, ...(options.reading ? [ALONG_INDEXES] : []), SESSION].join('; ');
  // The pool waits for it and gives the connection up where it fails; its types do not say so.
  const hooks = { onConnect: (client: pg.ClientBase): unknown => client.query(session) };
  const pool = new pg.Pool({
    ...clientOptions(options.url),
    max: options.max,
    idleTimeoutMillis: 60_000,
    // The server gives a statement up by itself; this one is for a server that does not answer at all any more.
    ...(!options.patient && { query_timeout: STATEMENT_MS + 5_000 }),
    ...hooks,
  });
  pool.on('error', (error) => options.onLost(error));
  // The pool listens to those that lie idle; one that breaks in somebody's hands would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    options: pool.options,
    connect: async () => new Lent(await pool.connect(), options.patient ? (value) => value : bindable),
    end: () => pool.end(),
  };
}

/** A connection while somebody has it. One that broke, or whose server turned into a standby, is not used again. */
class Lent implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  readonly #bind: (value: unknown) => unknown;
  #broken = false;

  constructor(client: pg.PoolClient, bind: (value: unknown) => unknown) {
    this.#client = client;
    this.#bind = bind;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    text: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> & PostgresCursor<R> {
    if (typeof text !== 'string') throw new TypeError('there are no cursors here');
    return this.#run(text, parameters) as Promise<PostgresQueryResult<R>> & PostgresCursor<R>;
  }

  async #run(text: string, parameters: readonly unknown[]): Promise<unknown> {
    try {
      return await this.#client.query(text, parameters.map(this.#bind));
    } catch (error) {
      if (isConnectionLost(error)) this.#broken = true;
      throw error;
    }
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#broken);
  }
}

/**
 * PostgreSQL's text holds no NUL: one in a name that came from upstream must not keep a whole case out. Its bigint holds no
 * fraction: a time with jitter is rounded up.
 */
function bindable(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
  if (typeof value === 'number' && Number.isFinite(value)) return Math.ceil(value);
  if (value === null || typeof value === 'bigint') return value;
  throw new TypeError(`a ${value instanceof Date ? 'Date' : typeof value} cannot be stored: convert it first`);
}
