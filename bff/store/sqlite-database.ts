import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';

const MAX_STATEMENTS = 400;

/**
 * node:sqlite in the shape that Kysely's SqliteDialect wants. Prepared statements are kept. Values that node:sqlite would
 * misread are refused: a `Date` in first place is taken for named parameters and silently becomes NULL.
 */
export class NodeSqlite implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Statement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** SQLite rolls back by itself on a full disk or an I/O error: then no transaction is open any more. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  prepare(sql: string): SqliteStatement {
    // Another process may hold the write lock: a deferred BEGIN would find out only in the middle of the work.
    if (sql === 'begin') return this.#kept('begin immediate');
    if (sql === 'rollback' && !this.inTransaction) return NOTHING;
    return this.#kept(sql);
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #kept(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= MAX_STATEMENTS) {
      const oldest = this.#statements.keys().next();
      if (!oldest.done) this.#statements.delete(oldest.value);
    }
    const statement = new Statement(this.#database.prepare(sql));
    this.#statements.set(sql, statement);
    return statement;
  }
}

class Statement implements SqliteStatement {
  readonly reader: boolean;
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.reader = statement.columns().length > 0;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.#statement.all(...bindable(parameters));
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statement.run(...bindable(parameters));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...bindable(parameters));
  }
}

const NOTHING: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

/** @throws TypeError for a value that the database cannot hold; it names the kind, never the value */
function bindable(parameters: readonly unknown[]): SQLInputValue[] {
  for (const value of parameters) {
    if (value === null) continue;
    const kind = typeof value;
    if (kind === 'string' || kind === 'number' || kind === 'bigint') continue;
    if (value instanceof Uint8Array) continue;
    throw new TypeError(`a ${value instanceof Date ? 'Date' : kind} cannot be stored: convert it first`);
  }
  return parameters as SQLInputValue[];
}
