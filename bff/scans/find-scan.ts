import type { Kysely } from 'kysely';
import { ProblemError } from '../http/problem-error.ts';
import type { Connections } from '../pairing/connections.ts';
import type { ConnectionRow, ScanVersionRow, Schema } from '../store/schema.ts';
import type { TenantKey } from '../tenancy.ts';
import { isVisible, markedRows, type Cases, type MarkedScan } from './case-query.ts';

/**
 * The cases that a clinic sees: those of the account of its newest connection, also after an un-pair (rules.md
 * "Connection and logins": former cases are not inherited). Null: the clinic was never connected.
 */
export async function findCases(
  connections: Pick<Connections, 'current'>,
  key: TenantKey,
): Promise<{ cases: Cases; connection: ConnectionRow } | null> {
  const connection = await connections.current(key);
  if (connection === null) return null;
  const { vendor, tenant, environment } = key;
  return { cases: { vendor, tenant, environment, accountId: connection.account_id }, connection };
}

/** @throws ProblemError `not_found` alike for an unknown order, another clinic's and another patient's */
export async function findScan(
  db: Kysely<Schema>,
  connections: Pick<Connections, 'current'>,
  reader: TenantKey & { readonly userId: string; readonly chart: string | null },
  orderId: string,
): Promise<{ row: MarkedScan; cases: Cases }> {
  const found = await findCases(connections, reader);
  if (found === null) throw new ProblemError('not_found');
  const row = await markedRows(db, found.cases, reader.userId)
    .selectAll('scans')
    .select('reads.read')
    .where('scans.order_id', '=', orderId)
    .executeTakeFirst();
  if (row === undefined || !isVisible(row, reader.chart)) throw new ProblemError('not_found');
  return { row, cases: found.cases };
}

/** Every version of a case, newest first. */
export function findVersions(db: Kysely<Schema>, cases: Cases, orderId: string): Promise<ScanVersionRow[]> {
  return db
    .selectFrom('scan_versions')
    .selectAll()
    .where('vendor', '=', cases.vendor)
    .where('tenant', '=', cases.tenant)
    .where('environment', '=', cases.environment)
    .where('account_id', '=', cases.accountId)
    .where('order_id', '=', orderId)
    .orderBy('number', 'desc')
    .execute();
}
