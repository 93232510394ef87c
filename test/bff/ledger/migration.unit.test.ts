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

interface Old {
  readonly orderId: string;
  readonly lastName: string;
  readonly learnt: readonly (readonly [by: string, phase: string])[];
  readonly missing?: boolean;
}

async function addCases(cases: readonly Old[]): Promise<void> {
  const words = { status: 'Completed', phase: 'scanned', version: 'v', assets: '[]', connection_id: 'con_1' };
  const counts = { version_number: 1, backfilled: 0, unmatched: 0, other_identity: 0, recheck_count: 0 };
  const scans = cases.map(({ orderId, lastName, missing }) => ({
    ...key,
    ...words,
    ...counts,
    order_id: orderId,
    learnt_by: 'poll',
    first_name: 'Zoë',
    last_name: lastName,
    chart_number: 'C-1',
    modified_at: START,
    seen_at: START,
    created_at: START,
    missing_since: missing === true ? START : null,
  }));
  const versions = cases.flatMap(({ orderId, learnt }) =>
    learnt.map(([by, phase], index) => ({
      ...key,
      order_id: orderId,
      version: `v${index}`,
      number: index + 1,
      status: 'x',
      phase,
      learnt_by: by,
      changed: '[]',
      modified_at: START,
      due_at: START,
      seen_at: START,
    })),
  );
  await db.insertInto('scans').values(scans).execute();
  await db.insertInto('scan_versions').values(versions).execute();
}

it('fills what the ledger sums up and what names are found by, for cases that are there already', async () => {
  await addCases([
    { orderId: '1', lastName: 'Færch', learnt: [['notification', 'scanned']] },
    {
      orderId: '2',
      lastName: "D'Angelo",
      learnt: [
        ['notification', 'scanned'],
        ['poll', 'review'],
      ],
    },
    {
      orderId: '3',
      lastName: 'Tate',
      learnt: [
        ['notification', 'scanned'],
        ['poll', 'modeling'],
      ],
      missing: true,
    },
    { orderId: '4', lastName: 'Tate', learnt: [['poll', 'modeling']] },
    {
      orderId: '5',
      lastName: 'Tate',
      learnt: [
        ['backfill', 'scanned'],
        ['poll', 'modeling'],
      ],
    },
    {
      orderId: '6',
      lastName: 'Tate',
      learnt: [
        ['backfill', 'scanned'],
        ['recheck', 'scanned'],
      ],
    },
  ]);
  // More than one batch of the migration.
  await addCases(
    Array.from({ length: 600 }, (_, index) => ({
      orderId: String(1000 + index),
      lastName: 'Many',
      learnt: [['backfill', 'scanned']],
    })),
  );
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

  await db.transaction().execute((tx) => ledger.up(tx as unknown as Kysely<unknown>));

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
