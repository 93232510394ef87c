import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import type { Log } from '../deps.ts';
import { isPostgres } from './dialect.ts';
import { ground } from './migrations/0001-ground.ts';
import { instances } from './migrations/0002-instances.ts';
import { reconciliation } from './migrations/0003-reconciliation.ts';
import { ledger } from './migrations/0004-ledger.ts';
import { observedAt } from './migrations/0005-observed-at.ts';
import { quietAccounts } from './migrations/0006-quiet-accounts.ts';
import { StoreError } from './store.ts';

/** Forward only; a name never changes once it was released. */
const MIGRATIONS: Record<string, Migration> = {
  '0001-ground': ground,
  '0002-instances': instances,
  '0003-reconciliation': reconciliation,
  '0004-ledger': ledger,
  '0005-observed-at': observedAt,
  '0006-quiet-accounts': quietAccounts,
};

/**
 * Brings the schema up to date, in one transaction and under a lock that all instances share: of several that start at once one
 * does the work and the others find it done.
 * @throws StoreError when it fails, or when a newer release than this one has been here
 */
export async function migrate<S>(db: Kysely<S>, log: Log): Promise<void> {
  try {
    const schema = isPostgres(db) ? await readSchema(db) : null;
    await refuseNewer(db, schema);
    const migrator = new Migrator({
      db,
      provider: { getMigrations: () => Promise.resolve(MIGRATIONS) },
      // Without it Kysely takes the migrations of any schema of the database for its own.
      ...(schema !== null && { migrationTableSchema: schema }),
    });
    const { error, results } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
    const applied = (results ?? []).map((result) => result.migrationName);
    if (applied.length > 0) log.info({ migrations: applied }, 'store schema brought up to date');
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError(`store: the schema could not be brought up to date: ${reason}`, { cause });
  }
}

/** Where PostgreSQL makes tables that name no schema; null where it finds none, which making them will tell. */
async function readSchema<S>(db: Kysely<S>): Promise<string | null> {
  const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(db);
  return rows[0]?.schema ?? null;
}

/** @param schema the only one that counts; null where there are none */
async function refuseNewer<S>(db: Kysely<S>, schema: string | null): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  const ours = tables.filter((table) => schema === null || table.schema === schema);
  if (!ours.some((table) => table.name === 'kysely_migration')) return;
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  const unknown = rows.map((row) => row.name).filter((name) => !(name in MIGRATIONS));
  if (unknown.length === 0) return;
  throw new StoreError(
    `store: a newer release has changed this database (${unknown.join(', ')}); start that release, or restore the backup from before it`,
  );
}
