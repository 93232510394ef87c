import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, type Transaction } from 'kysely';
import type { Clock, Log } from '../deps.ts';
import { GroupCommit } from './group-commit.ts';
import { migrate } from './migrate.ts';
import type { TenantRef } from '../tenancy.ts';
import type { Schema } from './schema.ts';
import { NodeSqlite } from './sqlite-database.ts';
import { NodeSqliteDialect } from './sqlite-dialect.ts';

export type { Schema } from './schema.ts';
export type Tx = Transaction<Schema>;

export interface Store {
  /** Reads, outside any transaction: they see what is committed and nothing else. */
  readonly db: Kysely<Schema>;
  /**
   * One transaction; resolves only after COMMIT reached the disk (synchronous=FULL). Waiting writers share one commit,
   * each in its own savepoint: `work` must do database calls only (every writer waits for it) and never call `write`.
   * Rejects with what `work` threw, or with the database's error: full disk, locked, I/O. Then nothing is stored.
   * @param tenant whose rows `work` reads before it writes them: over all instances, works of one tenant run one after
   * another (SQLite: every work does). Without it only single statements that guard themselves are safe.
   */
  write<T>(work: (tx: Tx) => Promise<T>, tenant?: TenantRef): Promise<T>;
  /** Runs after the commit that holds this transaction's work; not at all when it fails. */
  afterCommit(tx: Tx, task: () => void): void;
  /** Other processes use this database too (PostgreSQL). */
  readonly shared: boolean;
  /** The database's clock (ms since the epoch): what leases over all instances count by. */
  now(): Promise<number>;
  /**
   * Tells the other instances that something of this topic was committed: a wake-up only, sent outside any transaction. It may
   * be lost; whoever listens also looks by itself now and then.
   */
  wake(topic: string): void;
  /** Hears the other instances' wake-ups. Returns its own removal. */
  onWake(listener: (topic: string) => void): () => void;
  /** Finishes the writers that wait, then closes. */
  close(): Promise<void>;
}

export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/**
 * Opens the database and brings its schema up to date. `sqlite:./path`, or `:memory:` for tests: a temporary file that is
 * removed by `close`, so that reads and writes are apart there as they are in production.
 * @throws StoreError with a sentence for the operator
 */
export async function openStore(options: { url: string; clock: Clock; log: Log }): Promise<Store> {
  const { path, temporary } = locate(options.url);
  const [writing, reading] = open(path);
  const writer = new Kysely<Schema>({ dialect: new NodeSqliteDialect(writing) });
  const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(reading) });
  const closeAll = async (): Promise<void> => {
    await db.destroy();
    await writer.destroy();
    reading.close();
    writing.close();
    if (temporary !== null) rmSync(temporary, { recursive: true, force: true });
  };
  try {
    const applied = await migrate(writer);
    if (applied.length > 0) options.log.info({ migrations: applied }, 'store schema brought up to date');
  } catch (cause) {
    await closeAll();
    throw new StoreError('the store could not be brought up to date: see the cause', { cause });
  }
  const group = new GroupCommit(writer, writing, (error) => {
    options.log.error({ error }, 'a task after commit failed');
  });
  return {
    db,
    write: (work) => group.write(work),
    afterCommit: (tx, task) => group.afterCommit(tx, task),
    shared: false,
    now: () => Promise.resolve(options.clock.now()),
    wake: () => undefined,
    onWake: () => () => undefined,
    close: async () => {
      await group.close();
      await closeAll();
    },
  };
}

function locate(url: string): { path: string; temporary: string | null } {
  if (/^postgres(ql)?:/.test(url)) {
    throw new StoreError('store: PostgreSQL comes with a later release; use "sqlite:./data/itero.db" for now');
  }
  if (url === ':memory:' || url === 'sqlite::memory:') {
    const temporary = mkdtempSync(join(tmpdir(), 'itero-store-'));
    return { path: join(temporary, 'store.db'), temporary };
  }
  const path = /^sqlite:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (path === undefined) throw new StoreError('store: must be "sqlite:./path/to/file.db"');
  return { path, temporary: null };
}

function open(path: string): [writing: NodeSqlite, reading: NodeSqlite] {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const writing = new DatabaseSync(path);
    // WAL: reads go on while a write runs. FULL: a commit is on disk before anybody is told.
    writing.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864');
    writing.exec(SETTINGS);
    // A checkpoint writes every changed page twice over: seldom, so that a burst of small commits is not held up by it.
    writing.exec('PRAGMA wal_autocheckpoint = 4000');
    const reading = new DatabaseSync(path);
    reading.exec(`${SETTINGS}; PRAGMA query_only = ON`);
    return [new NodeSqlite(writing), new NodeSqlite(reading)];
  } catch (cause) {
    throw new StoreError(
      `store: the file ${path} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

const SETTINGS =
  'PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY';
