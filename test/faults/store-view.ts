/** Looks into the store beside the program that works on it: figures that must never go back, and what still waits. */
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import type { Sample } from './history.ts';

type Row = Record<string, unknown>;

/** Opened for one look only: an open reader would change what a kill leaves behind. */
export async function query(store: string, statements: readonly string[]): Promise<Row[][]> {
  const path = /^sqlite:(.+)$/.exec(store)?.[1];
  if (path !== undefined) {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      database.exec('PRAGMA busy_timeout = 5000');
      return statements.map((statement) => database.prepare(statement).all());
    } finally {
      database.close();
    }
  }
  const client = new Client({ connectionString: store });
  await client.connect();
  try {
    const answers: Row[][] = [];
    for (const statement of statements) answers.push((await client.query<Row>(statement)).rows);
    return answers;
  } finally {
    await client.end();
  }
}

/** Cursors, the ends of poll rounds, and the counters of the event log, by name. */
export async function sampleStore(store: string): Promise<Sample> {
  const [cursors = [], leases = [], counters = []] = await query(store, [
    'SELECT id, cursor_at FROM connections WHERE cursor_at IS NOT NULL',
    'SELECT account_id, last_ended_at FROM poll_leases WHERE last_ended_at IS NOT NULL',
    'SELECT vendor, tenant, last_id, pruned_to FROM event_counters',
  ]);
  const named = (rows: Row[], name: (row: Row) => string, column: string): [string, number][] =>
    rows.map((row) => [name(row), Number(row[column])]);
  const tenant = (row: Row): string => `${String(row['vendor'])}/${String(row['tenant'])}`;
  return Object.fromEntries([
    ...named(cursors, (row) => `cursor of ${String(row['id'])}`, 'cursor_at'),
    ...named(leases, (row) => `last round of ${String(row['account_id'])}`, 'last_ended_at'),
    ...named(counters, (row) => `last id of ${tenant(row)}`, 'last_id'),
    ...named(counters, (row) => `pruned to of ${tenant(row)}`, 'pruned_to'),
  ]);
}

/** When the last complete listing of each account ended (ms since the epoch). */
export async function lastFullChecks(store: string): Promise<Map<string, number>> {
  const [rows = []] = await query(store, ['SELECT account_id, last_full_check_at FROM connections']);
  return new Map(rows.map((row) => [String(row['account_id']), Number(row['last_full_check_at'] ?? 0)]));
}

export async function lastEventId(store: string, vendor: string, tenant: string): Promise<number> {
  const [rows = []] = await query(store, [
    `SELECT last_id FROM event_counters WHERE vendor = '${vendor}' AND tenant = '${tenant}'`,
  ]);
  return Number(rows[0]?.['last_id'] ?? 0);
}
