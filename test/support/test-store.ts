/**
 * Which database the suites of the store's neighbours run on. The vitest project `postgres` runs the same files as `node` does,
 * on a real PostgreSQL (`ITERO_TEST_STORE=postgres`).
 */
import pg from 'pg';
import { createSystemClock } from '../../bff/clock.ts';
import { openStore } from '../../bff/store/index.ts';
import { openDatabase, type TestDatabase } from './postgres.ts';
import { silent } from './silent.ts';

export const onPostgres = process.env['ITERO_TEST_STORE'] === 'postgres';

interface Lent {
  readonly url: string;
  /** It goes to the next test, emptied. */
  drop(): Promise<void>;
}

const free: TestDatabase[] = [];
let migrated: Promise<TestDatabase> | undefined;

/** An empty database of one test's own, its schema up to date. */
export async function openTestDatabase(): Promise<Lent> {
  if (!onPostgres) return { url: 'sqlite::memory:', drop: () => Promise.resolve() };
  migrated ??= migrateOnce();
  const like = await migrated;
  const database = free.pop() ?? (await openDatabase(like));
  return {
    url: database.url,
    async drop() {
      const [shape] = await database.query(SHAPE);
      // A test that broke something on purpose keeps its database.
      if (shape?.['shape'] !== (await intact(like))) return database.drop();
      await database.query(EMPTY);
      free.push(database);
    },
  };
}

/** Copying a database is quicker than making its tables anew, and emptying one quicker than copying. */
async function migrateOnce(): Promise<TestDatabase> {
  const database = await openDatabase();
  const store = await openStore({ url: database.url, clock: createSystemClock(), log: silent });
  await store.close();
  return database;
}

let shapeOf: Promise<unknown> | undefined;

function intact(like: TestDatabase): Promise<unknown> {
  shapeOf ??= like.query(SHAPE).then(([row]) => row?.['shape']);
  return shapeOf;
}

const SHAPE = `select md5(
  (select string_agg(relname::text, ' ' order by relname) from pg_class where relnamespace = 'public'::regnamespace) ||
  (select count(*)::text from pg_trigger)) as shape`;

const EMPTY = `do $$ declare one text; begin
  for one in select tablename from pg_tables where schemaname = 'public' and tablename not like 'kysely%' loop
    execute 'delete from ' || quote_ident(one);
  end loop;
  for one in select sequencename from pg_sequences where schemaname = 'public' loop
    execute 'alter sequence ' || quote_ident(one) || ' restart';
  end loop;
end $$`;

let underWay = 0;

/** Calls to PostgreSQL take real time, of which a clock that is moved by hand knows nothing: how many still run. */
export function callsUnderWay(): number {
  return underWay;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

function countCalls(of: object, name: string): void {
  const methods = of as Record<string, Method>;
  const real = methods[name];
  if (real === undefined) throw new Error(`pg has no ${name}`);
  methods[name] = function counted(...args) {
    underWay += 1;
    const done = (): void => {
      underWay -= 1;
    };
    const last = args.at(-1);
    if (typeof last === 'function') {
      args[args.length - 1] = (...answer: unknown[]): unknown => {
        done();
        return (last as Method).apply(this, answer);
      };
      return real.apply(this, args);
    }
    return (real.apply(this, args) as Promise<unknown>).finally(done);
  };
}

if (onPostgres) {
  countCalls(pg.Client.prototype, 'query');
  countCalls(pg.Pool.prototype, 'connect');
}
