import type { UpstreamOrder } from '../align/index.ts';
import type { Tx } from '../store/index.ts';
import { isKnownChart } from '../store/known-charts.ts';
import type { ConnectionRow, ScanRow } from '../store/schema.ts';
import type { Present } from './judge.ts';
import { findRequest, type RequestMatch } from './match-request.ts';
import { parseAssets, toVersion, type StoredAsset } from './version.ts';

/** Everything that the judgement of one observed order needs from the store, read in its transaction. */
export interface Observation {
  readonly before: ScanRow | null;
  readonly assetsBefore: readonly StoredAsset[];
  readonly present: Present | null;
  /** Holds the observed version when it was announced before. */
  readonly known: ReadonlySet<string>;
  readonly request: RequestMatch | null;
  /** Unmatched: no chart number, or neither requested here nor known under it (rules.md "Whose scan is it"). */
  readonly unmatched: boolean;
}

export async function observe(tx: Tx, connection: ConnectionRow, order: UpstreamOrder): Promise<Observation> {
  const before = (await caseQuery(tx, connection, order.orderId).selectAll().executeTakeFirst()) ?? null;
  const assetsBefore = before === null ? [] : parseAssets(before.assets);
  const request = await findRequest(tx, connection, order);
  const chart = order.patient.chartNumber;
  const unmatched = request === null && (chart.trim() === '' || !(await isKnownChart(tx, connection, chart)));
  return {
    before,
    assetsBefore,
    present: before === null ? null : toPresent(before, assetsBefore),
    known: await knownVersions(tx, connection, order, before),
    request,
    unmatched,
  };
}

function toPresent(row: ScanRow, assets: readonly StoredAsset[]): Present {
  return {
    version: row.version,
    modifiedAt: row.modified_at,
    assets,
    firstName: row.first_name,
    lastName: row.last_name,
    chartNumber: row.chart_number,
    observedAt: row.observed_at,
  };
}

async function knownVersions(
  tx: Tx,
  connection: ConnectionRow,
  order: UpstreamOrder,
  before: ScanRow | null,
): Promise<ReadonlySet<string>> {
  const version = toVersion(order);
  if (before === null || before.version === version) return new Set();
  const row = await tx
    .selectFrom('scan_versions')
    .select('version')
    .where('vendor', '=', connection.vendor)
    .where('tenant', '=', connection.tenant)
    .where('environment', '=', connection.environment)
    .where('account_id', '=', connection.account_id)
    .where('order_id', '=', order.orderId)
    .where('version', '=', version)
    .executeTakeFirst();
  return new Set(row === undefined ? [] : [row.version]);
}

function caseQuery(tx: Tx, connection: ConnectionRow, orderId: string) {
  return tx
    .selectFrom('scans')
    .where('vendor', '=', connection.vendor)
    .where('tenant', '=', connection.tenant)
    .where('environment', '=', connection.environment)
    .where('account_id', '=', connection.account_id)
    .where('order_id', '=', orderId);
}
