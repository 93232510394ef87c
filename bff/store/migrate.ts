import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { ground } from './migrations/0001-ground.ts';
import type { Schema } from './schema.ts';

/** Forward only; a name never changes once it was released. */
const MIGRATIONS = { '0001-ground': ground };

/** @returns the names of the migrations that were applied now */
export async function migrate(db: Kysely<Schema>): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(MIGRATIONS) } });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  return (results ?? []).map((result) => result.migrationName);
}
