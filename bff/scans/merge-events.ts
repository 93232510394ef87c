import type { AssetName, Phase } from '../../shared/scan.ts';
import type { EventEntry } from '../events/index.ts';
import type { ScanRow } from '../store/schema.ts';
import { missingFiles } from './missing-files.ts';
import type { CaseWrite, StoredCase } from './store-case.ts';
import type { Tell } from './teller.ts';

/** Tells what a merge made visible, in its own transaction. The first listing's versions are told as a whole, by the poller. */
export async function announce(tell: Tell, write: CaseWrite, stored: StoredCase): Promise<void> {
  const { verdict, seen } = write;
  const { after } = stored;
  const base = scanEvent(after);
  const append = (entry: Pick<EventEntry, 'type' | 'data'> & { charts?: readonly string[] }): Promise<void> =>
    tell({ ...base, ...entry, data: { ...base.data, ...entry.data } });

  const announced = verdict.kind === 'version' && write.learntBy !== 'backfill';
  if (announced) await append({ type: verdict.first ? 'scan.received' : 'scan.updated', data: {} });
  else if (stored.newsOfIdentity) await append({ type: 'scan.updated', data: {} });

  if (seen.before !== null) {
    const left = audience(seen.before).filter((chart) => !base.charts.includes(chart));
    if (left.length > 0) await append({ type: 'scan.removed', data: {}, charts: left });
  }
  if (announced && !verdict.first) {
    for (const asset of arrivedFiles(write)) await append({ type: 'scan.asset_ready', data: { asset } });
  }
}

/** Files that the case was waiting for and that are there now. */
function arrivedFiles({ seen, order }: CaseWrite): AssetName[] {
  if (seen.before === null || seen.before.missing_since === null) return [];
  const awaited = missingFiles(seen.before.phase as Phase, seen.assetsBefore);
  return awaited.filter((name) => order.assets.some((asset) => asset.name === name));
}

/** Chart numbers whose bound sessions see the case: its own, and the one it was requested for. */
export function audience(row: Pick<ScanRow, 'chart_number' | 'request_chart'>): string[] {
  const charts = [row.chart_number, row.request_chart].filter((chart) => chart !== null && chart !== '');
  return [...new Set(charts as string[])];
}

/** What every event of a case has. */
export function scanEvent(row: ScanRow): Omit<EventEntry, 'type'> & { charts: string[] } {
  return {
    vendor: row.vendor,
    tenant: row.tenant,
    environment: row.environment,
    data: {
      orderId: row.order_id,
      version: row.version,
      ...(row.request_id !== null && { requestId: row.request_id }),
    },
    orderId: row.order_id,
    requestId: row.request_id ?? undefined,
    charts: audience(row),
  };
}
