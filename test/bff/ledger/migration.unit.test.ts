import { DatabaseSync } from 'node:sqlite';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ground } from '../../../bff/store/migrations/0001-ground.ts';
import { ledger } from '../../../bff/store/migrations/0004-ledger.ts';
import { clientOptions } from '../../../bff/store/postgres-pool.ts';
import { NodeSqlite } from '../../../bff/store/sqlite-database.ts';
import { NodeSqliteDialect } from '../../../bff/store/sqlite-dialect.ts';
import { openDatabase } from '../../support/postgres.ts';
import { onPostgres } from '../../support/test-store.ts';
import { START } from '../support/fixtures.ts';

type Row = Record<string, string | number | null>;
let db: Kysely<Record<string, Row>>;
let drop = (): Promise<void> => Promise.resolve();

beforeEach(async () => {
  if (onPostgres) {
    const database = await openDatabase();
    drop = () => database.drop();
    db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool(clientOptions(database.url)) }) });
  } else db = new Kysely({ dialect: new NodeSqliteDialect(new NodeSqlite(new DatabaseSync(':memory:'))) });
  await ground.up(db as Kysely<unknown>);
});
afterEach(async () => {
  await db.destroy();
  await drop();
});

const key = { vendor: 'molar', tenant: 'riverside', environment: 'sandbox', account_id: '1017' };

async function addCase(
  orderId: string,
  lastName: string,
  learnt: [by: string, phase: string][],
  missing = false,
): Promise<void> {
  const empty = {
    status: 'Completed',
    phase: 'scanned',
    version: 'v',
    assets: '[]',
    connection_id: 'con_1',
    learnt_by: 'poll',
  };
  const numbers = {
    modified_at: START,
    version_number: 1,
    backfilled: 0,
    unmatched: 0,
    other_identity: 0,
    seen_at: START,
    created_at: START,
    recheck_count: 0,
  };
  const name = { first_name: 'Zoë', last_name: lastName, chart_number: 'C-1' };
  await db
    .insertInto('scans')
    .values({ ...key, order_id: orderId, ...empty, ...numbers, ...name, missing_since: missing ? START : null })
    .execute();
  for (const [index, [by, phase]] of learnt.entries()) {
    const version = { version: `v${index}`, number: index + 1, status: 'x', phase, learnt_by: by, changed: '[]' };
    await db
      .insertInto('scan_versions')
      .values({ ...key, order_id: orderId, ...version, modified_at: START, due_at: START, seen_at: START })
      .execute();
  }
}

it('fills what the ledger sums up and what names are found by, for cases that are there already', async () => {
  await addCase('1', 'Færch', [['notification', 'scanned']]);
  await addCase('2', "D'Angelo", [
    ['notification', 'scanned'],
    ['poll', 'review'],
  ]);
  await addCase(
    '3',
    'Tate',
    [
      ['notification', 'scanned'],
      ['poll', 'modeling'],
    ],
    true,
  );
  await addCase('4', 'Tate', [['poll', 'modeling']]);
  await addCase('5', 'Tate', [
    ['backfill', 'scanned'],
    ['poll', 'modeling'],
  ]);
  await addCase('6', 'Tate', [
    ['backfill', 'scanned'],
    ['recheck', 'scanned'],
  ]);
  for (let more = 0; more < 600; more += 1) await addCase(String(1000 + more), 'Many', [['backfill', 'scanned']]);
  await db
    .insertInto('scan_counters')
    .values({ ...key, total: 606, unmatched: 0, arrived: 6 })
    .execute();
  const person = {
    connection_id: 'con_1',
    user_id: 'u',
    user_name: 'U',
    first_name: 'José',
    last_name: 'de Souza',
    chart_number: 'C-1',
  };
  await db
    .insertInto('scan_requests')
    .values({
      ...key,
      id: 'rq_1',
      ...person,
      draft: '{}',
      procedure: 'p',
      state: 'sent',
      created_at: START,
      changed_at: START,
    })
    .execute();

  await ledger.up(db as Kysely<unknown>);

  const rows = await db.selectFrom('scans').selectAll().orderBy('order_id').execute();
  const cameBy = Object.fromEntries(rows.map((row) => [row['order_id'], row['came_by']]));
  expect(cameBy).toMatchObject({
    1: 'notification',
    2: 'recovered',
    3: 'notification',
    4: 'recovered',
    5: 'backfill',
    6: 'recovered',
  });
  expect(await db.selectFrom('scan_counters').selectAll().execute()).toMatchObject([
    { total: 606, by_notification: 2, recovered: 3, waiting: 1 },
  ]);
  expect(rows.find((row) => row['order_id'] === '1')).toMatchObject({
    first_key: 'zoe',
    last_key: 'faerch',
    stem: 'fae',
  });
  expect(rows.find((row) => row['order_id'] === '2')).toMatchObject({ last_key: 'dangelo', stem: 'dan' });
  expect(rows.filter((row) => row['last_key'] === 'many')).toHaveLength(600);
  expect(await db.selectFrom('scan_requests').selectAll().execute()).toMatchObject([
    { first_key: 'jose', last_key: 'de souza' },
  ]);
});
