import { PostgresAdapter, type Kysely } from 'kysely';

/** For migrations, where the two databases differ. Queries are the same for both. */
export function isPostgres<S>(db: Kysely<S>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}
