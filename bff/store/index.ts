import { openPostgres } from './postgres-store.ts';
import { openSqlite } from './sqlite-store.ts';
import type { OpenStore, Store } from './store.ts';

export type { Schema } from './schema.ts';
export { StoreError, type OpenStore, type Store, type Tx } from './store.ts';

/**
 * Opens the database and brings its schema up to date: `sqlite:./path`, `postgres://user:password@host/database`, or `:memory:`
 * for tests.
 * @throws StoreError with a sentence for the operator
 */
export function openStore(options: OpenStore): Promise<Store> {
  return /^postgres(ql)?:/.test(options.url) ? openPostgres(options) : openSqlite(options);
}
