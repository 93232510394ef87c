import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { GroupCommit } from './group-commit.ts';
import { migrate } from './migrate.ts';
import type { Schema } from './schema.ts';
import { NodeSqlite } from './sqlite-database.ts';
import { NodeSqliteDialect } from './sqlite-dialect.ts';
import { StoreError, type OpenStore, type Store } from './store.ts';
import { createTurns, takeAll } from './turns.ts';

/** `:memory:` is a temporary file that `close` removes, so that reads and writes are apart there as they are in production. */
export async function openSqlite(options: OpenStore): Promise<Store> {
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
    await migrate(writer, options.log);
  } catch (error) {
    await closeAll();
    throw error;
  }
  const group = new GroupCommit(writer, writing, (error) => {
    options.log.error({ error }, 'a task after commit failed');
  });
  const turns = createTurns();
  return {
    db,
    write: (work) => group.write(work),
    alone: (names, work) => takeAll(turns, names, work),
    afterCommit: (tx, task) => group.afterCommit(tx, task),
    shared: false,
    now: () => Promise.resolve(options.databaseNow?.() ?? options.clock.now()),
    wake: () => undefined,
    onWake: () => () => undefined,
    close: async () => {
      await group.close();
      await closeAll();
    },
  };
}

function locate(url: string): { path: string; temporary: string | null } {
  if (url === ':memory:' || url === 'sqlite::memory:') {
    const temporary = mkdtempSync(join(tmpdir(), 'itero-store-'));
    return { path: join(temporary, 'store.db'), temporary };
  }
  const path = /^sqlite:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (path === undefined) throw new StoreError('store: must be "sqlite:./path/to/file.db" or "postgres://…"');
  return { path, temporary: null };
}

function open(path: string): [writing: NodeSqlite, reading: NodeSqlite] {
  try {
    // Names stand in it in clear: a new one is its owner's alone, and SQLite makes the files beside it alike.
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600));
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
