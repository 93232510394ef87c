/** An instance that stands still in a transaction must not make the others refuse notifications. */
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSystemClock } from '../../../bff/clock.ts';
import { createHintInbox } from '../../../bff/intake/hint-inbox.ts';
import { createNotificationNotes } from '../../../bff/intake/notification-notes.ts';
import { openStore, type Store } from '../../../bff/store/index.ts';
import { connectionRow, silent } from '../support/fixtures.ts';
import { openTestDatabase } from '../../support/test-store.ts';

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

it('all clinics’ notifications are taken in, and noted once it goes on', async () => {
  const [held, other] = [connectionRow({ id: 'held' }), connectionRow({ id: 'other' })];
  await store.write((tx) => tx.insertInto('connections').values([held, other]).execute());
  const connections = {
    noteNotification: async (tx: Parameters<Parameters<Store['write']>[0]>[0], id: string) => {
      await tx.updateTable('connections').set({ last_notification_at: clock.now() }).where('id', '=', id).execute();
    },
  };
  const notes = createNotificationNotes({ store, connections, clock, log: silent });
  const inbox = createHintInbox({ store, clock, log: silent, onStored: (ids) => notes.note(ids) });

  await still.query('begin');
  await still.query("update connections set proved_until = 1 where id = 'held'");
  for (let burst = 0; burst < 20; burst += 1) {
    await Promise.all([inbox.put(held, `a${burst}`), inbox.put(other, `b${burst}`)]);
  }
  expect(inbox.failures).toBe(0);
  // The writers are free: what waits for the row is one.
  await Promise.all(
    Array.from({ length: 7 }, () => store.write((tx) => tx.selectFrom('hints').select('id').limit(1).execute())),
  );
  const noted = () => store.db.selectFrom('connections').select(['id', 'last_notification_at']).orderBy('id').execute();
  expect((await noted()).find(({ id }) => id === 'held')?.last_notification_at).toBeNull();

  await still.query('commit');
  await notes.stop();
  expect((await noted()).every(({ last_notification_at }) => last_notification_at !== null)).toBe(true);
});
