import type { Kysely } from 'kysely';
import { PHASES, type SearchScans } from '../../shared/scan.ts';
import type { Schema } from '../store/schema.ts';
import { markedRows, type Cases, type MarkedScan } from './case-query.ts';
import { countCases, type CaseCounts } from './count-cases.ts';
import { fromCursor, toCursor, type Position } from './cursor.ts';

export interface ScanPage extends CaseCounts {
  readonly rows: readonly MarkedScan[];
  readonly nextCursor: string | null;
}

export interface ScanQuery {
  readonly cases: Cases;
  readonly userId: string;
  /** Chart number of a patient-bound session: what the counts are over. */
  readonly boundChart: string | null;
  readonly filter: SearchScans;
}

const DEFAULT_LIMIT = 50;

/**
 * One page, newest modification first. It goes along one index whatever the filter is, so it costs the same at any number
 * of cases. `from` and `to` are about the modification.
 * @throws ProblemError `invalid_cursor`
 */
export async function searchScans(db: Kysely<Schema>, query: ScanQuery): Promise<ScanPage> {
  const { cases, userId, boundChart, filter } = query;
  const limit = filter.limit ?? DEFAULT_LIMIT;
  const after = fromCursor(filter.cursor, filter);
  const counts = await countCases(db, cases, userId, boundChart);
  const chart = boundChart ?? filter.chartNumber ?? null;
  // One more than shown tells whether there is a next page; looking for more unread than there are would read all.
  const all = filter.status === 'unread' && chart === null && after === null ? counts.unread : Infinity;
  const take = Math.min(limit + 1, all);
  const rows = take <= 0 ? [] : await readRows(db, query, chart, after, take);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  const nextCursor = more ? toCursor({ modifiedAt: last.modified_at, orderId: last.order_id }, filter) : null;
  return { ...counts, rows: shown, nextCursor };
}

async function readRows(
  db: Kysely<Schema>,
  { cases, userId, filter }: ScanQuery,
  chart: string | null,
  after: Position | null,
  take: number,
): Promise<MarkedScan[]> {
  const page = pageQuery(db, cases, userId, filter, after, take);
  if (chart === null) return page.execute();
  // Two queries, each along its own index, in place of an OR along none.
  const own = await page.where('scans.chart_number', '=', chart).execute();
  const requested = await page
    .where('scans.request_chart', '=', chart)
    .where('scans.chart_number', '!=', chart)
    .execute();
  return [...own, ...requested].sort(newestFirst).slice(0, take);
}

/** Exported so that a test can ask the database how it would run it. */
export function pageQuery(
  db: Kysely<Schema>,
  cases: Cases,
  userId: string,
  { status, from, to }: SearchScans,
  after: Position | null,
  take: number,
) {
  let query = markedRows(db, cases, userId).selectAll('scans').select('reads.read');
  if (status === 'unread') {
    query = query.where((eb) => eb(eb.fn.coalesce('reads.read', 'scans.backfilled'), '=', 0));
  } else if (status === 'unmatched') query = query.where('scans.unmatched', '=', 1);
  else if (status === 'waiting') query = query.where('scans.missing_since', 'is not', null);
  else if (status !== undefined && isPhase(status)) query = query.where('scans.phase', '=', status);
  if (from !== undefined) query = query.where('scans.modified_at', '>=', Date.parse(from));
  if (to !== undefined) query = query.where('scans.modified_at', '<=', Date.parse(to));
  if (after !== null) {
    query = query.where((eb) =>
      eb(eb.refTuple('scans.modified_at', 'scans.order_id'), '<', eb.tuple(after.modifiedAt, after.orderId)),
    );
  }
  return query.orderBy('scans.modified_at', 'desc').orderBy('scans.order_id', 'desc').limit(take);
}

function isPhase(status: string): boolean {
  return (PHASES as readonly string[]).includes(status);
}

function newestFirst(a: MarkedScan, b: MarkedScan): number {
  return b.modified_at - a.modified_at || (a.order_id < b.order_id ? 1 : -1);
}
