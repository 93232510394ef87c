import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { toNameKeys } from '../fold-name.ts';

type Db = Kysely<Record<string, Record<string, string | number | null>>>;

const BATCH = 500;
const CASE = ['vendor', 'tenant', 'environment', 'account_id', 'order_id'] as const;
const COUNTS = ['by_notification', 'recovered', 'waiting'] as const;

/**
 * The ledger's counts, kept in the merge's transaction, and the columns by which "where did my scan go?" finds a name.
 * Rows that are there already are filled.
 */
export const ledger: Migration = {
  async up(untyped: Kysely<unknown>): Promise<void> {
    const db = untyped as Db;
    await addText(db, 'scans', 'came_by', 'backfill');
    for (const table of ['scans', 'scan_requests']) {
      for (const column of ['first_key', 'last_key']) await addText(db, table, column, '');
    }
    await addText(db, 'scans', 'stem', '');
    await db.schema.alterTable('scan_versions').addColumn('notified_at', 'bigint').execute();
    for (const column of COUNTS) {
      await db.schema
        .alterTable('scan_counters')
        .addColumn(column, 'bigint', (c) => c.notNull().defaultTo(0))
        .execute();
    }
    await fillCameBy(db);
    await fillCounters(db);
    await fillNames(db, 'scans', CASE);
    await fillNames(db, 'scan_requests', ['id']);
    await addIndexes(db);
  },
};

async function addText(db: Db, table: string, column: string, otherwise: string): Promise<void> {
  await db.schema
    .alterTable(table)
    .addColumn(column, 'text', (c) => c.notNull().defaultTo(otherwise))
    .execute();
}

/** As `scans/ledger-class.ts` has it: what a notification was due for and none had told is recovered. */
async function fillCameBy(db: Db): Promise<void> {
  const ofCase = sql.join(
    CASE.map((column) => sql`v.${sql.ref(column)} = scans.${sql.ref(column)}`),
    sql` and `,
  );
  await sql`update scans set came_by = 'notification' where exists (
    select 1 from scan_versions v where ${ofCase} and v.learnt_by = 'notification')`.execute(db);
  await sql`update scans set came_by = 'recovered' where exists (
    select 1 from scan_versions v where ${ofCase} and v.learnt_by in ('poll', 'recheck')
    and (v.number = 1 or v.phase not in ('modeling', 'rescan', 'milling')))`.execute(db);
}

async function fillCounters(db: Db): Promise<void> {
  const ofAccount = sql.join(
    CASE.slice(0, 4).map((column) => sql`s.${sql.ref(column)} = scan_counters.${sql.ref(column)}`),
    sql` and `,
  );
  await sql`update scan_counters set
    by_notification = (select count(*) from scans s where ${ofAccount} and s.came_by = 'notification'),
    recovered = (select count(*) from scans s where ${ofAccount} and s.came_by = 'recovered'),
    waiting = (select count(*) from scans s where ${ofAccount} and s.missing_since is not null)`.execute(db);
}

/** Folding is ours, not the database's: both kinds of database must find alike. */
async function fillNames(db: Db, table: 'scans' | 'scan_requests', key: readonly string[]): Promise<void> {
  let after: (string | number | null)[] | null = null;
  for (;;) {
    let page = db.selectFrom(table).select([...key, 'first_name', 'last_name']);
    for (const column of key) page = page.orderBy(column);
    if (after !== null) {
      const values = sql.join(after.map((value) => sql`${value}`));
      page = page.where(sql<boolean>`(${sql.join(key.map((column) => sql.ref(column)))}) > (${values})`);
    }
    const rows = await page.limit(BATCH).execute();
    for (const row of rows) {
      const { first_key, last_key, stem } = toNameKeys(String(row['first_name']), String(row['last_name']));
      let update = db.updateTable(table).set({ first_key, last_key, ...(table === 'scans' && { stem }) });
      for (const column of key) update = update.where(column, '=', row[column] ?? null);
      await update.execute();
    }
    const last = rows.at(-1);
    if (rows.length < BATCH || last === undefined) return;
    after = key.map((column) => last[column] ?? null);
  }
}

async function addIndexes(db: Db): Promise<void> {
  const add = (name: string, table: string, columns: string) =>
    db.schema.createIndex(name).on(table).columns(columns.split(' ')).execute();
  await add('scans_name', 'scans', 'vendor tenant environment account_id last_key first_key');
  await add('scans_stem', 'scans', 'vendor tenant environment account_id stem modified_at');
  await add('scans_order_code', 'scans', 'vendor tenant environment order_code');
  await add('scan_requests_name', 'scan_requests', 'vendor tenant environment last_key first_key');
  await add('scan_versions_seen', 'scan_versions', 'vendor tenant environment seen_at account_id order_id version');
  // By clinic, so that none hides another's; and no index beside it: each costs a burst as much as the rows themselves. Not
  // by RX id: random keys would cost three times that.
  await db.schema.dropIndex('hints_due').execute();
  await db.schema
    .createIndex('hints_waiting')
    .on('hints')
    .columns(['environment', 'connection_id', 'next_at'])
    .where(sql<boolean>`state = 'waiting'`)
    .execute();
}
