import type { Kysely } from 'kysely';
import type { Schema, ScanRow } from '../store/schema.ts';
import type { TenantKey } from '../tenancy.ts';

/** The cases of one account of one clinic. A clinic that changed its account does not inherit the former cases. */
export interface Cases extends TenantKey {
  readonly accountId: string;
}

/** A case with the reader's mark on its present version: 1 read, 0 expressly unread, null none. */
export type MarkedScan = ScanRow & { readonly read: number | null };

export function caseRows(db: Kysely<Schema>, cases: Cases) {
  return db
    .selectFrom('scans')
    .where('scans.vendor', '=', cases.vendor)
    .where('scans.tenant', '=', cases.tenant)
    .where('scans.environment', '=', cases.environment)
    .where('scans.account_id', '=', cases.accountId);
}

export function markedRows(db: Kysely<Schema>, cases: Cases, userId: string) {
  return caseRows(db, cases).leftJoin('reads', (join) =>
    join
      .onRef('reads.vendor', '=', 'scans.vendor')
      .onRef('reads.tenant', '=', 'scans.tenant')
      .onRef('reads.environment', '=', 'scans.environment')
      .onRef('reads.account_id', '=', 'scans.account_id')
      .onRef('reads.order_id', '=', 'scans.order_id')
      .onRef('reads.version', '=', 'scans.version')
      .on('reads.user_id', '=', userId),
  );
}

/** Without a mark a version is unread, one of the first listing read. */
export function isUnread(row: { readonly read: number | null; readonly backfilled: number }): boolean {
  return (row.read ?? row.backfilled) === 0;
}

/**
 * A patient-bound session sees a case when its chart number is exactly the session's, or its RX was sent by this tenant
 * for that chart (rules.md "Whose scan is it").
 * @param chart null in a clinic-wide session
 */
export function isVisible(row: Pick<ScanRow, 'chart_number' | 'request_chart'>, chart: string | null): boolean {
  return chart === null || row.chart_number === chart || row.request_chart === chart;
}
