/** An instance that stands still in a transaction must not make the others refuse notifications. */
import { expect, it } from 'vitest';
import { createHintInbox } from '../../../bff/intake/hint-inbox.ts';
import { createNotificationNotes } from '../../../bff/intake/notification-notes.ts';
import type { Store } from '../../../bff/store/index.ts';
import { connectionRow, silent } from '../support/fixtures.ts';
import { useStandingInstance } from './standing-instance.ts';

const stand = useStandingInstance();
const { clock } = stand;

it('all clinics’ notifications are taken in, and noted once it goes on', async () => {
  const { store, still } = stand;
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
