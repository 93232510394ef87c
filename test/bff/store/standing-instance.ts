import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { createSystemClock } from '../../../bff/clock.ts';
import { openStore, type Store } from '../../../bff/store/index.ts';
import { openTestDatabase } from '../../support/test-store.ts';
import { silent } from '../support/fixtures.ts';

/** A store beside an instance that stands still: a bare connection to the same database. To be called once in a test file. */
export function useStandingInstance() {
  const clock = createSystemClock();
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  let store: Store;
  let still: pg.Client;
  beforeAll(async () => {
    database = await openTestDatabase();
    store = await openStore({ url: database.url, clock, log: silent });
    still = new pg.Client({ connectionString: database.url });
    await still.connect();
  });
  afterAll(async () => {
    await still.end();
    await store.close();
    await database.drop();
  });
  return {
    clock,
    get store() {
      return store;
    },
    get still() {
      return still;
    },
  };
}
