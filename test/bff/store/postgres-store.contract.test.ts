/** PostgreSQL behind the store's seam: several stores on one database are several instances. */
import { sql } from 'kysely';
import { Client } from 'pg';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../../bff/clock.ts';
import { openStore, type Store, type Tx } from '../../../bff/store/index.ts';
import fc from '../../support/fast-check.ts';
import { openDatabase, type TestDatabase } from '../../support/postgres.ts';
import { silent } from '../support/fixtures.ts';
import { createOpenedStores, insertCounter, storedCounters, type OpenedStores } from './postgres-stores.ts';

const CLINIC = { vendor: 'v', tenant: 'riverside' };

let database: TestDatabase;
let stores: OpenedStores;
let template: TestDatabase;
beforeAll(async () => {
  template = await openDatabase();
  await (await openStore({ url: template.url, clock: createSystemClock(), log: silent })).close();
});
beforeEach(async () => {
  database = await openDatabase(template);
  stores = createOpenedStores(database);
});
afterEach(() => stores.close());

const open = (url?: string): Promise<Store> => stores.open(url);
const openThree = (): Promise<[Store, Store, Store]> => Promise.all([open(), open(), open()]);
/** The instance that the call number `index` goes to. */
const nth = ([one, two, three]: [Store, Store, Store], index: number): Store =>
  index % 3 === 0 ? one : index % 3 === 1 ? two : three;

const lastId = async (store: Store): Promise<number | undefined> =>
  (await store.db.selectFrom('event_counters').select('last_id').executeTakeFirst())?.last_id;

/** Reads, then writes what it read: right only where nobody comes in between. */
async function countUp(tx: Tx): Promise<void> {
  const row = await tx
    .selectFrom('event_counters')
    .select('last_id')
    .where('tenant', '=', 'riverside')
    .executeTakeFirst();
  if (row === undefined) return void (await insertCounter(tx, 'riverside', 1));
  await tx
    .updateTable('event_counters')
    .set({ last_id: row.last_id + 1 })
    .where('tenant', '=', 'riverside')
    .execute();
}

/** Ends every connection of the stores, as a restart of the server or a broken network does. */
async function cutConnections(): Promise<void> {
  await database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
}

describe('works of one clinic', () => {
  it('run one after another over all instances, each seeing what the one before it stored', async () => {
    const stores = await openThree();
    await Promise.all(Array.from({ length: 150 }, (_, index) => nth(stores, index).write(countUp, CLINIC)));
    expect(await lastId(stores[0])).toBe(150);
  });

  it('do not wait for another clinic’s', async () => {
    const store = await open();
    const order: string[] = [];
    const entered = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const held = store.write(async (tx) => {
      await insertCounter(tx, 'slow');
      entered.resolve();
      await released.promise;
      order.push('slow');
    }, CLINIC);
    await entered.promise;
    await store.write((tx) => insertCounter(tx, 'other'), { vendor: 'v', tenant: 'lakeview' });
    order.push('other');
    released.resolve();
    await held;
    expect(order).toEqual(['other', 'slow']);
  });

  it('leave connections for everybody else, however many wait', async () => {
    const store = await open();
    const released = Promise.withResolvers<void>();
    const held = store.write(async (tx) => {
      await released.promise;
      await countUp(tx);
    }, CLINIC);
    const burst = [held, ...Array.from({ length: 200 }, () => store.write(countUp, CLINIC))];
    await store.write((tx) => insertCounter(tx, 'elsewhere'));
    expect(await storedCounters(store)).toEqual(['elsewhere']);
    released.resolve();
    await Promise.all(burst);
    expect(await storedCounters(store)).toEqual(['elsewhere', 'riverside']);
  });

  it('are stored exactly where they were told so, whatever the others do', async () => {
    const store = await open();
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), async (fails) => {
        round += 1;
        const acknowledged: string[] = [];
        const ran: string[] = [];
        const writes = fails.map(async (failing, index) => {
          const name = `${round}-${String(index).padStart(2, '0')}`;
          await store.write(async (tx) => {
            await insertCounter(tx, name);
            store.afterCommit(tx, () => ran.push(name));
            if (failing) throw new Error('refused');
          }, CLINIC);
          acknowledged.push(name);
        });
        const outcomes = await Promise.allSettled(writes);
        expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(fails);
        expect(ran).toEqual(ran.toSorted());
        expect(ran).toEqual(acknowledged.toSorted());
        expect((await storedCounters(store)).filter((name) => name.startsWith(`${round}-`))).toEqual(ran);
      }),
      { numRuns: 12 },
    );
  });
});

describe('a write', () => {
  it('is seen by readers after its commit only, and by other instances then', async () => {
    const [store, other] = await openThree();
    let inside: string[] = ['not looked'];
    await store.write(async (tx) => {
      await insertCounter(tx, 'a');
      inside = await storedCounters(store);
    }, CLINIC);
    expect(inside).toEqual([]);
    expect(await storedCounters(other)).toEqual(['a']);
  });

  it('that swallowed a fault of the database is refused, and takes nobody with it', async () => {
    const store = await open();
    const swallow = (tenant: string) =>
      store.write(async (tx) => {
        await insertCounter(tx, tenant);
        await sql`select 1 / 0`.execute(tx).catch(() => undefined);
      }, CLINIC);
    const outcomes = await Promise.allSettled([
      swallow('alone'),
      swallow('with others'),
      store.write((tx) => insertCounter(tx, 'innocent'), CLINIC),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect(await storedCounters(store)).toEqual(['innocent']);
  });

  it('is run again after a deadlock, until both are stored', async () => {
    const store = await open();
    await store.write((tx) => insertCounter(tx, 'a'));
    await store.write((tx) => insertCounter(tx, 'b'));
    let runs = 0;
    let both = 0;
    let meet = (): void => undefined;
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const cross = (first: string, second: string) =>
      store.write(async (tx) => {
        runs += 1;
        const up = (tenant: string) =>
          tx
            .updateTable('event_counters')
            .set((eb) => ({ last_id: eb('last_id', '+', 1) }))
            .where('tenant', '=', tenant)
            .execute();
        await up(first);
        both += 1;
        if (both === 2) meet();
        await met;
        await up(second);
      });
    await Promise.all([cross('a', 'b'), cross('b', 'a')]);
    // The one that gave way ran again; in an unlucky moment it meets the other once more.
    expect(runs).toBeGreaterThan(2);
    const rows = await store.db.selectFrom('event_counters').select('last_id').execute();
    expect(rows).toEqual([{ last_id: 2 }, { last_id: 2 }]);
  });

  it('survives connections that died while nobody used them', async () => {
    const store = await open();
    await store.write((tx) => insertCounter(tx, 'a'));
    await cutConnections();
    await store.write((tx) => insertCounter(tx, 'b'));
    expect(await storedCounters(store)).toEqual(['a', 'b']);
  });

  it('is run again when its connection breaks before the commit', async () => {
    const store = await open();
    let runs = 0;
    await store.write(async (tx) => {
      runs += 1;
      await insertCounter(tx, 'a');
      if (runs === 1) await cutConnections();
      await sql`select 1`.execute(tx);
    }, CLINIC);
    expect(runs).toBe(2);
    expect(await storedCounters(store)).toEqual(['a']);
  });

  it('is never acknowledged when its connection breaks in the middle of COMMIT', async () => {
    const store = await open();
    // COMMIT waits in a deferred trigger: long enough to be cut off there.
    await database.query(`
      create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(20); return null; end $$;
      create constraint trigger slow after insert on event_counters deferrable initially deferred
        for each row execute function slow()`);
    const write = store.write((tx) => insertCounter(tx, 'a'), CLINIC);
    const outcome = write.then(
      () => 'acknowledged',
      (error: Error) => error.message,
    );
    await inCommit();
    await cutConnections();
    expect(await outcome).toContain('not known');
    expect(await storedCounters(store)).toEqual([]);
  });

  it('waits for the disk, although the server’s own default would not', async () => {
    await database.query(`alter database ${database.name} set synchronous_commit = off`);
    const store = await open();
    const seen = await store.write(
      async (tx) => (await sql<{ synchronous_commit: string }>`show synchronous_commit`.execute(tx)).rows[0],
    );
    expect(seen).toEqual({ synchronous_commit: 'on' });
  });

  it.each([
    ['a Date', new Date()],
    ['a boolean', true],
  ])('refuses %s as the other database does', async (_name, value) => {
    const store = await open();
    await expect(store.write((tx) => insertCounter(tx, 'a', value as never))).rejects.toThrow('cannot be stored');
  });

  it('takes a time with a fraction, rounded up, and no infinite one', async () => {
    const store = await open();
    await store.write((tx) => insertCounter(tx, 'a', 41.2));
    expect(await lastId(store)).toBe(42);
    await expect(store.write((tx) => insertCounter(tx, 'b', Infinity))).rejects.toThrow('cannot be stored');
  });

  it('takes text with a NUL in it, which PostgreSQL does not know', async () => {
    const store = await open();
    await store.write((tx) => insertCounter(tx, 'a\0b'));
    expect(await storedCounters(store)).toEqual(['a\uFFFDb']);
  });
});

async function inCommit(): Promise<void> {
  for (;;) {
    const rows = await database.query(`select 1 from pg_stat_activity where query = 'commit' and state = 'active'
      and datname = current_database()`);
    if (rows.length > 0) return;
  }
}

describe('work alone under a name', () => {
  it('runs one at a time over all instances', async () => {
    const stores = await openThree();
    let inside = 0;
    let most = 0;
    const works = Array.from({ length: 12 }, (_, index) =>
      nth(stores, index).alone(['user 1', index % 2 === 0 ? 'tenant 1' : 'tenant 2'], async () => {
        inside += 1;
        most = Math.max(most, inside);
        await stores[0].now();
        inside -= 1;
      }),
    );
    await Promise.all(works);
    expect(most).toBe(1);
  });

  it('lets the next one in when it fails, or when its connection breaks', async () => {
    const [store, other] = await openThree();
    await expect(store.alone(['a'], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const broken = store.alone(['a'], cutConnections);
    await broken;
    expect(await other.alone(['a'], () => Promise.resolve('in'))).toBe('in');
  });
});

describe('wake-ups', () => {
  const nextTopic = (store: Store): Promise<string> =>
    new Promise((resolve) => {
      const stop = store.onWake((topic) => {
        stop();
        resolve(topic);
      });
    });

  it('reach the other instances, and not the one that called', async () => {
    const [store, ...others] = await openThree();
    const own: string[] = [];
    store.onWake((topic) => own.push(topic));
    const heard = Promise.all(others.map(nextTopic));
    store.wake('clinic:riverside');
    expect(await heard).toEqual(['clinic:riverside', 'clinic:riverside']);
    const answered = nextTopic(store);
    others[0].wake('back');
    await answered;
    expect(own).toEqual(['back']);
  });

  it('go out together: a burst is a few messages', async () => {
    const [store, other] = await openThree();
    const heard = new Set<string>();
    const all = new Promise<void>((resolve) => {
      other.onWake((topic) => {
        heard.add(topic);
        if (heard.size === 500) resolve();
      });
    });
    for (let round = 0; round < 3; round += 1) for (let index = 0; index < 500; index += 1) store.wake(`t${index}`);
    await all;
    expect(heard.size).toBe(500);
  });

  it('come back by themselves after the connection was lost', async () => {
    const [store, other] = await openThree();
    await cutConnections();
    const heard = nextTopic(other);
    const again = setInterval(() => store.wake('still there?'), 100);
    expect(await heard).toBe('still there?');
    clearInterval(again);
  });
});

describe('the database’s clock', () => {
  it('is the same for every instance', async () => {
    const [store, other] = await openThree();
    const times = [await store.now(), await other.now(), await store.now()];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(Number.isSafeInteger(times[0])).toBe(true);
  });
});

describe('a database that is busy or away', () => {
  it('rejects a write that waits for a lock too long, and goes on afterwards', async () => {
    const store = await open();
    await store.write((tx) => insertCounter(tx, 'a'));
    const other = new Client({ connectionString: database.url });
    await other.connect();
    await other.query('begin; lock table event_counters in exclusive mode');
    const refused = store.write(async (tx) => {
      await sql`set local lock_timeout = 50`.execute(tx);
      await insertCounter(tx, 'b');
    });
    await expect(refused).rejects.toMatchObject({ code: '55P03' });
    await other.end();
    await store.write((tx) => insertCounter(tx, 'c'));
    expect(await storedCounters(store)).toEqual(['a', 'c']);
  });
});
