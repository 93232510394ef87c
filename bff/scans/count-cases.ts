import { sql, type Kysely } from 'kysely';
import type { Schema } from '../store/schema.ts';
import { markedRows, type Cases } from './case-query.ts';

export interface CaseCounts {
  readonly total: number;
  readonly unread: number;
  readonly unmatched: number;
}

/** PostgreSQL counts in bigint, which comes as text. */
type Counted = number | string;

/** Over everything that the reader may see. Clinic-wide counts are kept, a patient's cases are few and counted. */
export function countCases(
  db: Kysely<Schema>,
  cases: Cases,
  userId: string,
  chart: string | null,
): Promise<CaseCounts> {
  return chart === null ? keptCounts(db, cases, userId) : patientCounts(db, cases, userId, chart);
}

async function keptCounts(db: Kysely<Schema>, cases: Cases, userId: string): Promise<CaseCounts> {
  const kept = await db
    .selectFrom('scan_counters')
    .select(['total', 'unmatched', 'arrived'])
    .where('vendor', '=', cases.vendor)
    .where('tenant', '=', cases.tenant)
    .where('environment', '=', cases.environment)
    .where('account_id', '=', cases.accountId)
    .executeTakeFirst();
  if (kept === undefined) return { total: 0, unread: 0, unmatched: 0 };
  const marks = await db
    .selectFrom('read_counters')
    .select('adjust')
    .where('vendor', '=', cases.vendor)
    .where('tenant', '=', cases.tenant)
    .where('environment', '=', cases.environment)
    .where('account_id', '=', cases.accountId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return { total: kept.total, unread: kept.arrived + (marks?.adjust ?? 0), unmatched: kept.unmatched };
}

async function patientCounts(db: Kysely<Schema>, cases: Cases, userId: string, chart: string): Promise<CaseCounts> {
  const counted = markedRows(db, cases, userId).select((eb) => [
    eb.fn.countAll<Counted>().as('total'),
    eb.fn.coalesce(eb.fn.sum<Counted>('scans.unmatched'), sql.lit(0)).as('unmatched'),
    eb.fn
      .coalesce(eb.fn.sum<Counted>(eb(sql.lit(1), '-', eb.fn.coalesce('reads.read', 'scans.backfilled'))), sql.lit(0))
      .as('unread'),
  ]);
  // Two queries, each along its own index, in place of an OR along none.
  const own = await counted.where('scans.chart_number', '=', chart).executeTakeFirstOrThrow();
  const requested = await counted
    .where('scans.request_chart', '=', chart)
    .where('scans.chart_number', '!=', chart)
    .executeTakeFirstOrThrow();
  return {
    total: Number(own.total) + Number(requested.total),
    unread: Number(own.unread) + Number(requested.unread),
    unmatched: Number(own.unmatched) + Number(requested.unmatched),
  };
}
