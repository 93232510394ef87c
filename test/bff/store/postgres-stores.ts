import { createSystemClock } from '../../../bff/clock.ts';
import { openStore, type Store, type Tx } from '../../../bff/store/index.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { silent } from '../support/fixtures.ts';

/** The stores of one test on one database: each is an instance. All end with it, and so does the database. */
export interface OpenedStores {
  /** @param url another database than the test's own */
  open(url?: string): Promise<Store>;
  close(): Promise<void>;
}

export function createOpenedStores(database: TestDatabase): OpenedStores {
  const opened: Store[] = [];
  return {
    async open(url = database.url) {
      const store = await openStore({ url, clock: createSystemClock(), log: silent });
      opened.push(store);
      return store;
    },
    async close() {
      await Promise.all(opened.map((store) => store.close()));
      await database.drop();
    },
  };
}

/** A row that says which work was stored. */
export function insertCounter(tx: Tx, tenant: string, lastId = 0): Promise<unknown> {
  return tx.insertInto('event_counters').values({ vendor: 'v', tenant, last_id: lastId, pruned_to: 0 }).execute();
}

export async function storedCounters(store: Store): Promise<string[]> {
  const rows = await store.db.selectFrom('event_counters').select('tenant').orderBy('tenant').execute();
  return rows.map((row) => row.tenant);
}
