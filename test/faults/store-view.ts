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

/** What never goes back: how far each account was listed, when its last round ended, the newest event of each tenant. */
const FIGURES = {
  cursor: 'SELECT id AS name, cursor_at AS value FROM connections WHERE cursor_at IS NOT NULL',
  'last round': 'SELECT account_id AS name, last_ended_at AS value FROM poll_leases WHERE last_ended_at IS NOT NULL',
  'last id': "SELECT vendor || '/' || tenant AS name, last_id AS value FROM event_counters",
} as const;
export type Figure = keyof typeof FIGURES;
export const ALL_FIGURES = Object.keys(FIGURES) as Figure[];

/** By name, such as `cursor of con_1`. */
export async function sampleStore(store: string, figures: readonly Figure[]): Promise<Sample> {
  const answers = await query(
    store,
    figures.map((figure) => FIGURES[figure]),
  );
  const named = figures.flatMap((figure, index) =>
    (answers[index] ?? []).map((row): [string, number] => [
      `${figure} of ${String(row['name'])}`,
      Number(row['value']),
    ]),
  );
  return Object.fromEntries(named);
}

/** When the last complete listing of each account ended (ms since the epoch). */
export async function lastFullChecks(store: string): Promise<Map<string, number>> {
  const [rows = []] = await query(store, ['SELECT account_id, last_full_check_at FROM connections']);
  return new Map(rows.map((row) => [String(row['account_id']), Number(row['last_full_check_at'] ?? 0)]));
}

/** The newest id of a tenant's log, and the id up to which retention removed it. */
export async function logBounds(store: string, vendor: string, tenant: string) {
  const [rows = []] = await query(store, [
    `SELECT last_id, pruned_to FROM event_counters WHERE vendor = '${vendor}' AND tenant = '${tenant}'`,
  ]);
  return { last: Number(rows[0]?.['last_id'] ?? 0), prunedTo: Number(rows[0]?.['pruned_to'] ?? 0) };
}
