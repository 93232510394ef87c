/** An instance that stands still in the turns of many clinics must not make the others refuse notifications. */
import { expect, it } from 'vitest';
import { createHintInbox } from '../../../bff/intake/hint-inbox.ts';
import { lockOf } from '../../../bff/store/postgres-locks.ts';
import { connectionRow, silent } from '../support/fixtures.ts';
import { insertCounter, storedCounters } from './postgres-stores.ts';
import { useStandingInstance } from './standing-instance.ts';

/** More than there are connections to write with. */
const HELD = 10;
/** Waited for at once, at most: two of the eight are always left. */
const TURNS = 6;

const stand = useStandingInstance();
const { clock } = stand;

const nameOf = (number: number): string => `held-${String(number).padStart(2, '0')}`;

async function waitingForLocks(): Promise<number> {
  const { rows } = await stand.still.query<{ count: number }>(
    `select count(*)::int as count from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`,
  );
  return rows[0]?.count ?? 0;
}

it('notifications are taken in within a second while it stands, and every turn is taken when it goes on', async () => {
  const { store, still } = stand;
  const ninth = connectionRow({ id: 'ninth', tenant: 'ninth' });
  await store.write((tx) => tx.insertInto('connections').values(ninth).execute());
  const inbox = createHintInbox({ store, clock, log: silent, onStored: () => undefined });

  await still.query('begin');
  for (let number = 0; number < HELD; number += 1) {
    await still.query('select pg_advisory_xact_lock($1)', [lockOf(`tenant v\0${nameOf(number)}`)]);
  }
  const works = Array.from({ length: HELD }, (_, number) =>
    store.write((tx) => insertCounter(tx, nameOf(number)), { vendor: 'v', tenant: nameOf(number) }),
  );
  // As many as may have a connection; the others wait in line without one.
  await expect.poll(waitingForLocks).toBe(TURNS);

  const begunAt = clock.now();
  for (let burst = 0; burst < 5; burst += 1) await inbox.put(ninth, `rx-${burst}`);
  expect(clock.now() - begunAt).toBeLessThan(1000);
  expect(inbox.failures).toBe(0);
  expect(await waitingForLocks()).toBe(TURNS);

  await still.query('commit');
  await Promise.all(works);
  expect(await storedCounters(store)).toEqual(Array.from({ length: HELD }, (_, number) => nameOf(number)));
});
