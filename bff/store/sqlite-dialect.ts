import { SqliteAdapter, SqliteDialect, type DialectAdapter } from 'kysely';
import type { NodeSqlite } from './sqlite-database.ts';

/** Kysely does not migrate SQLite in a transaction; SQLite can, and a kill in the middle must leave no half of a schema. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

export class NodeSqliteDialect extends SqliteDialect {
  constructor(database: NodeSqlite) {
    super({ database });
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalSqliteAdapter();
  }
}
