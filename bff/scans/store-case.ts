import type { LearntBy, Phase } from '../../shared/scan.ts';
import type { AlignTimings, UpstreamAsset, UpstreamOrder } from '../align/index.ts';
import type { Tx } from '../store/index.ts';
import { toNameKeys } from '../store/fold-name.ts';
import type { ConnectionRow, ScanRow } from '../store/schema.ts';
import { applyCountChange, countChange, moveMarks } from './counters.ts';
import type { Verdict } from './judge.ts';
import { classOf, moreTelling, type CameBy } from './ledger-class.ts';
import { markScanned } from './match-request.ts';
import { missingFiles, NOTHING_MISSING, planWait, type MissingState } from './missing-files.ts';
import type { Observation } from './observe.ts';
import { sameFile, type StoredAsset } from './version.ts';

/** One judged observation on its way into the store. */
export interface CaseWrite {
  readonly connection: ConnectionRow;
  readonly order: UpstreamOrder;
  readonly seen: Observation;
  readonly verdict: Exclude<Verdict, { kind: 'stale' }>;
  readonly learntBy: LearntBy;
  /** When a notification that waits had told of it (ms since the epoch); null: none had. */
  readonly notifiedAt: number | null;
  /** ms since the epoch. */
  readonly now: number;
  /** When upstream was asked (ms by the database's clock). Looks for missing files are planned and due by that clock. */
  readonly askedAt: number;
  readonly timings: AlignTimings;
}

export interface StoredCase {
  readonly after: ScanRow;
  /** The version is as it was, but its patient or the request it answers is another. */
  readonly newsOfIdentity: boolean;
}

export async function storeCase(tx: Tx, write: CaseWrite): Promise<StoredCase> {
  const { seen, verdict, order, now } = write;
  const { before } = seen;
  const after = toRow(write, await numberOf(tx, write));
  const { vendor, tenant, environment, account_id, order_id, ...columns } = after;
  if (before === null) await tx.insertInto('scans').values(after).execute();
  else {
    await tx
      .updateTable('scans')
      .set(columns)
      .where('vendor', '=', vendor)
      .where('tenant', '=', tenant)
      .where('environment', '=', environment)
      .where('account_id', '=', account_id)
      .where('order_id', '=', order_id)
      .execute();
  }
  await applyCountChange(tx, after, countChange(before, after));
  if (before !== null && before.version !== after.version) await moveMarks(tx, after, before, after);
  const newlyRequested = seen.request !== null && before?.request_id !== seen.request.requestId;
  if (seen.request !== null && newlyRequested) await markScanned(tx, seen.request.requestId, order.orderId, now);
  const newsOfIdentity = verdict.kind === 'identity' || (verdict.kind === 'unchanged' && newlyRequested);
  return { after, newsOfIdentity };
}

export async function storeVersion(tx: Tx, write: CaseWrite, after: ScanRow): Promise<void> {
  if (write.verdict.kind !== 'version') return;
  await tx
    .insertInto('scan_versions')
    .values({
      vendor: after.vendor,
      tenant: after.tenant,
      environment: after.environment,
      account_id: after.account_id,
      order_id: after.order_id,
      version: after.version,
      number: after.version_number,
      status: after.status,
      phase: after.phase,
      modified_at: after.modified_at,
      due_at: dueAt(write.order),
      seen_at: write.now,
      learnt_by: write.learntBy,
      notified_at: write.notifiedAt,
      changed: JSON.stringify(write.verdict.changed),
    })
    .execute();
}

/** When it could first be known (ms): upstream may add a file without touching the order's own time. */
export function dueAt(order: UpstreamOrder): number {
  return order.assets.reduce((latest, asset) => Math.max(latest, asset.modifiedAt), order.modifiedAt);
}

function cameBy({ seen, verdict, order, learntBy, notifiedAt }: CaseWrite): CameBy {
  const before = seen.before?.came_by ?? null;
  if (verdict.kind !== 'version') return before ?? 'backfill';
  const { first } = verdict;
  return moreTelling(before, classOf({ learntBy, phase: order.phase, first, notified: notifiedAt !== null }));
}

/** A new version counts on from all that were announced; one that returned keeps its number. */
async function numberOf(tx: Tx, { connection, order, seen, verdict }: CaseWrite): Promise<number> {
  if (seen.before === null) return 1;
  if (seen.before.version === verdict.version) return seen.before.version_number;
  const versions = tx
    .selectFrom('scan_versions')
    .where('vendor', '=', connection.vendor)
    .where('tenant', '=', connection.tenant)
    .where('environment', '=', connection.environment)
    .where('account_id', '=', connection.account_id)
    .where('order_id', '=', order.orderId);
  if (verdict.kind === 'returned') {
    const row = await versions.select('number').where('version', '=', verdict.version).executeTakeFirstOrThrow();
    return row.number;
  }
  const row = await versions.select((eb) => eb.fn.max('number').as('newest')).executeTakeFirst();
  return (row?.newest ?? 0) + 1;
}

function toRow(write: CaseWrite, versionNumber: number): ScanRow {
  const { connection, order, seen, verdict, learntBy, now, askedAt } = write;
  const { before, request } = seen;
  const sameVersion = before !== null && before.version === verdict.version;
  const assets = toStoredAssets(order.assets, seen.assetsBefore, verdict.version);
  const galleryKept = sameFile(
    assets.find((asset) => asset.name === 'gallery'),
    seen.assetsBefore.find((asset) => asset.name === 'gallery'),
  );
  return {
    vendor: connection.vendor,
    tenant: connection.tenant,
    environment: connection.environment,
    account_id: connection.account_id,
    order_id: order.orderId,
    connection_id: connection.id,
    order_code: order.orderCode,
    rx_id: order.rxId,
    request_id: request?.requestId ?? null,
    status: order.status,
    phase: order.phase,
    first_name: order.patient.firstName,
    last_name: order.patient.lastName,
    ...toNameKeys(order.patient.firstName, order.patient.lastName),
    chart_number: order.patient.chartNumber,
    doctor: order.doctor,
    procedure: order.procedure,
    case_type: order.caseType,
    scanner: order.scanner,
    scanned_at: order.scannedAt,
    modified_at: order.modifiedAt,
    my_itero_url: order.myIteroUrl,
    version: verdict.version,
    version_number: versionNumber,
    learnt_by: sameVersion ? before.learnt_by : learntBy,
    came_by: cameBy(write),
    assets: JSON.stringify(assets),
    backfilled: sameVersion ? before.backfilled : Number(learntBy === 'backfill'),
    unmatched: Number(seen.unmatched),
    other_identity: Number(request?.otherIdentity ?? false),
    request_chart: request?.chartNumber ?? null,
    views: galleryKept ? (before?.views ?? null) : null,
    seen_at: sameVersion ? before.seen_at : now,
    created_at: before?.created_at ?? now,
    observed_at: askedAt,
    ...waitOf(write, assets),
  };
}

function waitOf({ seen, verdict, order, askedAt, timings }: CaseWrite, assets: readonly StoredAsset[]): MissingState {
  const { before, assetsBefore } = seen;
  if (before === null) {
    const nothing = { missing: [], state: NOTHING_MISSING };
    return planWait(missingFiles(order.phase, assets), nothing, order.modifiedAt, askedAt, timings);
  }
  const { missing_since, recheck_count, recheck_at, missing_told_at } = before;
  const state = { missing_since, recheck_count, recheck_at, missing_told_at };
  if (before.version === verdict.version) return state;
  const missingBefore = missingFiles(before.phase as Phase, assetsBefore);
  const wait = { missing: missingBefore, state };
  return planWait(missingFiles(order.phase, assets), wait, order.modifiedAt, askedAt, timings);
}

/** One file of each kind, the newest; it keeps the version that brought it for as long as it is the same file. */
function toStoredAssets(
  observed: readonly UpstreamAsset[],
  before: readonly StoredAsset[],
  version: string,
): StoredAsset[] {
  const byName = new Map<string, StoredAsset>();
  for (const asset of observed) {
    const known = byName.get(asset.name);
    if (known !== undefined && known.modifiedAt >= asset.modifiedAt) continue;
    const old = before.find((candidate) => candidate.name === asset.name);
    byName.set(asset.name, { ...asset, version: old !== undefined && sameFile(old, asset) ? old.version : version });
  }
  return [...byName.values()];
}
