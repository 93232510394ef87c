/** A disk that takes nothing more: no notification is acknowledged, somebody is told, and it goes on by itself afterwards. */
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CLOSE,
  JSON_TYPE,
  openCallbackStand,
  PATH,
  post,
  problemOf,
  rx,
  statuses,
  type CallbackStand,
} from './callback-stand.ts';

let stand: CallbackStand;
beforeEach(async () => {
  stand = await openCallbackStand({ store: 'sqlite::memory:' });
});
afterEach(() => stand.close());

const ready = async (): Promise<number> => (await fetch(`${stand.url}/readyz`)).status;
/** What is told of notifications; what looks at those that are stored may fail, too. */
const errors = () =>
  stand.lines.filter(
    ({ level, message }) => level === 'error' && message !== 'a background task failed; it will be tried again',
  );
const failures = async (): Promise<number> =>
  Number(/^itero_intake_failures_total (\d+)$/m.exec(await (await fetch(`${stand.url}/metrics`)).text())?.[1]);
const limit = (pages: number) =>
  stand.store.write((tx) => sql`PRAGMA max_page_count = ${sql.raw(String(pages))}`.execute(tx));

/** Notifications until the file is full. @returns ids that were acknowledged, and the answer that was none */
async function fill(): Promise<{ acknowledged: string[]; refused: string }> {
  const acknowledged: string[] = [];
  for (let count = 0; count < 10_000; count += 1) {
    const id = `rx-${count}-${'1'.repeat(100)}`;
    const said = await stand.exchange(post(rx(id), JSON_TYPE + CLOSE));
    if (statuses(said)[0] !== 204) return { acknowledged, refused: said };
    acknowledged.push(id);
  }
  throw new Error('the file was never full');
}

describe('a full disk', () => {
  it('refuses the notification, tells it in the log, the metrics and the probe, and loses nothing that was acknowledged', async () => {
    expect([await ready(), await failures()]).toEqual([200, 0]);
    // SQLite answers SQLITE_FULL above it, as on a disk without room.
    await limit(1);
    const { acknowledged, refused } = await fill();
    expect([statuses(refused), problemOf(refused)]).toEqual([[500], 'internal']);
    expect(await ready()).toBe(503);
    expect(await failures()).toBe(1);
    expect(errors()).toMatchObject([
      { message: 'notifications could not be stored and were refused', fields: { notifications: 1 } },
    ]);
    expect(await stand.rxIds()).toEqual(acknowledged);

    await limit(1_000_000);
    expect(await ready()).toBe(200);
    expect(statuses(await stand.exchange(post(rx('rx-later'), JSON_TYPE + CLOSE)))).toEqual([204]);
    expect(await stand.rxIds()).toEqual([...acknowledged, 'rx-later']);
    expect(await failures()).toBe(1);
  });

  it('is told once for a burst, and each of the burst is refused', async () => {
    await limit(1);
    await fill();
    stand.lines.length = 0;
    const burst = Array.from({ length: 20 }, (_, index) => post(rx(`rx-${index}-${'1'.repeat(100)}`)));
    const said = await stand.exchange(Buffer.concat([...burst, post('', JSON_TYPE + CLOSE, `${PATH}/none`)]));
    expect(statuses(said)).toEqual([...burst.map(() => 500), 404]);
    expect(errors().map(({ fields }) => fields['notifications'])).toEqual([20]);
    expect(await failures()).toBe(21);
  });
});

it('a database that cannot even be asked whose it is: refused, told and counted as well', async () => {
  const rename = (from: string, to: string) =>
    stand.store.write((tx) => sql`alter table ${sql.table(from)} rename to ${sql.table(to)}`.execute(tx));
  await rename('callback_tokens', 'away');
  expect(statuses(await stand.exchange(post(rx('rx-1'), JSON_TYPE + CLOSE)))).toEqual([500]);
  expect(await failures()).toBe(1);
  expect(errors()[0]?.message).toBe('a notification was refused: the database could not be asked whose it is');
  await rename('away', 'callback_tokens');
  expect(statuses(await stand.exchange(post(rx('rx-1'), JSON_TYPE + CLOSE)))).toEqual([204]);
});
