/** Whoever else lives in the same database, in another schema of it. */
import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createOpenedStores, insertCounter, storedCounters, type OpenedStores } from './postgres-stores.ts';

let database: TestDatabase;
let stores: OpenedStores;
/** Roles belong to the server, and outlive the database. */
const roles: string[] = [];
beforeEach(async () => {
  database = await openDatabase();
  stores = createOpenedStores(database);
});
afterEach(async () => {
  await stores.close();
  const other = await openDatabase();
  for (const role of roles.splice(0)) await other.query(`drop role ${role}`);
  await other.drop();
});

/** The address with a schema of its own, as operating.md has it. */
function inSchema(schema: string): string {
  return `${database.url}?options=-c%20search_path%3D${schema}`;
}

async function migrationsIn(schema: string): Promise<unknown> {
  const [row] = await database.query(
    `select count(*)::int as count from ${schema}.kysely_migration where name like '0001%'`,
  );
  return row?.['count'];
}

it('another application that uses Kysely is left alone, and leaves us alone', async () => {
  const db = new Kysely({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: database.url }) }),
  });
  const up = async (tx: Kysely<unknown>): Promise<void> => {
    await sql`create table invoices (id int)`.execute(tx);
  };
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ '2020-theirs': { up } }) } });
  expect((await migrator.migrateToLatest()).error).toBeUndefined();
  await db.destroy();

  await database.query('create schema itero');
  const store = await stores.open(inSchema('itero'));
  await store.write((tx) => insertCounter(tx, 'ours'));
  expect(await storedCounters(await stores.open(inSchema('itero')))).toEqual(['ours']);
  expect(await database.query('select name from public.kysely_migration')).toEqual([{ name: '2020-theirs' }]);
});

it('two of ours in one database know nothing of each other', async () => {
  await database.query('create schema staging; create schema live');
  const staging = await stores.open(inSchema('staging'));
  const live = await stores.open(inSchema('live'));
  await staging.write((tx) => insertCounter(tx, 'tried'));
  await live.write((tx) => insertCounter(tx, 'real'));
  expect(await storedCounters(staging)).toEqual(['tried']);
  expect(await storedCounters(live)).toEqual(['real']);
  // A newer release on trial does not keep the other one from starting.
  await staging.write((tx) => sql`insert into kysely_migration values ('9999-future', '')`.execute(tx));
  await stores.open(inSchema('live'));
  await expect(stores.open(inSchema('staging'))).rejects.toThrow(/newer release.*9999-future/);
});

it('a role whose schema has its name lives there, beside tables in public', async () => {
  const role = `tenant_${database.name}`;
  await stores.open();
  roles.push(role);
  await database.query(`create role ${role} login password 'own'; create schema ${role} authorization ${role}`);
  const url = Object.assign(new URL(database.url), { username: role, password: 'own' });
  const store = await stores.open(url.href);
  await store.write((tx) => insertCounter(tx, 'own'));
  expect(await storedCounters(await stores.open(url.href))).toEqual(['own']);
  expect([await migrationsIn('public'), await migrationsIn(role)]).toEqual([1, 1]);
});
