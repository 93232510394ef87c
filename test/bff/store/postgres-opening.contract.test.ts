/** What a PostgreSQL database must be before a store opens on it. */
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../bff/store/index.ts';
import { openDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createOpenedStores, insertCounter, storedCounters, type OpenedStores } from './postgres-stores.ts';

let database: TestDatabase;
let stores: OpenedStores;
beforeEach(async () => {
  database = await openDatabase();
  stores = createOpenedStores(database);
});
afterEach(() => stores.close());

const open = (url?: string): Promise<Store> => stores.open(url);

describe('opening', () => {
  it('by five instances at once makes one schema', async () => {
    const empty = await openDatabase();
    const instances = await Promise.all([1, 2, 3, 4, 5].map(() => open(empty.url)));
    await Promise.all(instances.map((store, index) => store.write((tx) => insertCounter(tx, `i${index}`))));
    expect(await storedCounters(instances[0] as Store)).toEqual(['i0', 'i1', 'i2', 'i3', 'i4']);
  });

  it('is refused when a newer release has been here', async () => {
    await (await open()).write((tx) => sql`insert into kysely_migration values ('9999-future', '')`.execute(tx));
    await expect(open()).rejects.toThrow(/newer release.*9999-future/);
  });

  it.each([
    ['a wrong password', (url: URL) => Object.assign(url, { password: 'sesame-1' }), /refuses this user or password/],
    ['an unknown database', (url: URL) => Object.assign(url, { pathname: '/nowhere' }), /does not exist/],
    ['a server that is not there', (url: URL) => Object.assign(url, { port: '9' }), /nobody answers/],
  ])('says what is wrong with %s, and never the password', async (_name, change, sentence) => {
    const url = change(new URL(database.url)).href;
    const error: unknown = await open(url).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'StoreError', message: expect.stringMatching(sentence) as string });
    expect(String(error)).not.toContain(new URL(url).password);
  });

  it.each([
    ['is not there', '/nowhere/ca.pem', 'ENOENT'],
    ['is a folder', '/', 'EISDIR'],
  ])('says that a file which the address names cannot be read: it %s', async (_name, path, code) => {
    const url = `${database.url}?sslmode=verify-full&sslrootcert=${path}`;
    await expect(open(url)).rejects.toThrow(
      new RegExp(`a file that the address names \\(sslrootcert, sslcert or sslkey\\) cannot be read \\(${code}\\)`),
    );
  });

  it('says that there is no socket, where the address names one', async () => {
    await expect(open('postgres:///itero?host=/nowhere')).rejects.toThrow('there is no socket of PostgreSQL there');
  });

  it.each(['1/Sup3rSecret', '1?Sup3rSecret', '1#Sup3rSecret', 'Sup3r/Secret', 'Sup3r@Secret/x'])(
    'says how a password with special characters is written, and nothing of it: %s',
    async (password) => {
      const { host } = new URL(database.url);
      const error: unknown = await open(`postgres://itero:${password}@${host}/itero`).catch(
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ message: expect.stringMatching(/percent-encoded/) as string });
      expect(String(error)).not.toMatch(/Sup3r|Secret/);
    },
  );

  it('says so when the user may not make tables', async () => {
    await database.query(`create role guest_${database.name} login password 'guest'`);
    try {
      const url = Object.assign(new URL(database.url), { username: `guest_${database.name}`, password: 'guest' });
      await expect(open(url.href)).rejects.toThrow(/lacks rights/);
    } finally {
      await database.query(`drop role guest_${database.name}`);
    }
  });
});
