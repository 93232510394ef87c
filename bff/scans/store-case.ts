import type { LearntBy, Phase } from '../../shared/scan.ts';
import type { AlignTimings, UpstreamAsset, UpstreamOrder } from '../align/index.ts';
import type { Tx } from '../store/index.ts';
import { toNameKeys } from '../store/fold-name.ts';
import type { ConnectionRow, ScanRow } from '../store/schema.ts';
import { applyCountChange, countChange, moveMarks } from './counters.ts';
import { sameIdentity, type Verdict } from './judge.ts';
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
  /** The version is no news, but its patient or the request it answers is another than what was shown. */
  readonly newsOfIdentity: boolean;
}

/** What a case shows of its version stays as it was when that was first seen, also when another was shown in between. */
type Standing = Pick<ScanRow, 'version_number' | 'learnt_by' | 'backfilled' | 'seen_at'>;

export async function storeCase(tx: Tx, write: CaseWrite): Promise<StoredCase> {
  const { seen, verdict, order, now } = write;
  const { before } = seen;
  const after = toRow(write, await standingOf(tx, write));
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
  return { after, newsOfIdentity: verdict.kind !== 'version' && isOtherIdentity(seen, order) };
}

function isOtherIdentity({ before, present, request }: Observation, order: UpstreamOrder): boolean {
  if (before === null || present === null) return false;
  return !sameIdentity(present, order) || before.request_id !== (request?.requestId ?? null);
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

/** A new version counts on from all that were announced. */
async function standingOf(tx: Tx, { connection, order, seen, verdict, learntBy, now }: CaseWrite): Promise<Standing> {
  const { before } = seen;
  const news = (version_number: number): Standing => {
    return { version_number, learnt_by: learntBy, backfilled: toBackfilled(learntBy), seen_at: now };
  };
  if (before === null) return news(1);
  if (before.version === verdict.version) {
    const { version_number, learnt_by, backfilled, seen_at } = before;
    return { version_number, learnt_by, backfilled, seen_at };
  }
  const versions = tx
    .selectFrom('scan_versions')
    .where('vendor', '=', connection.vendor)
    .where('tenant', '=', connection.tenant)
    .where('environment', '=', connection.environment)
    .where('account_id', '=', connection.account_id)
    .where('order_id', '=', order.orderId);
  if (verdict.kind === 'returned') {
    const row = await versions
      .select(['number as version_number', 'learnt_by', 'seen_at'])
      .where('version', '=', verdict.version)
      .executeTakeFirstOrThrow();
    return { ...row, backfilled: toBackfilled(row.learnt_by) };
  }
  const row = await versions.select((eb) => eb.fn.max('number').as('newest')).executeTakeFirst();
  return news((row?.newest ?? 0) + 1);
}

function toBackfilled(learntBy: string): number {
  return Number(learntBy === 'backfill');
}

function toRow(write: CaseWrite, standing: Standing): ScanRow {
  const { connection, order, seen, verdict, now, askedAt } = write;
  const { before, request } = seen;
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
    ...standing,
    came_by: cameBy(write),
    assets: JSON.stringify(assets),
    unmatched: Number(seen.unmatched),
    other_identity: Number(request?.otherIdentity ?? false),
    request_chart: request?.chartNumber ?? null,
    views: galleryKept ? (before?.views ?? null) : null,
    created_at: before?.created_at ?? now,
    observed_at: askedAt,
    ...waitOf(write, assets),
  };
}

function waitOf(write: CaseWrite, assets: readonly StoredAsset[]): MissingState {
  const { seen, verdict, order, learntBy, askedAt, timings } = write;
  const { before, assetsBefore } = seen;
  const found = { modifiedAt: order.modifiedAt, isHistory: learntBy === 'backfill' };
  if (before === null) {
    const nothing = { missing: [], state: NOTHING_MISSING };
    return planWait(missingFiles(order.phase, assets), nothing, found, askedAt, timings);
  }
  const { missing_since, recheck_count, recheck_at, missing_told_at } = before;
  const state = { missing_since, recheck_count, recheck_at, missing_told_at };
  if (before.version === verdict.version) return state;
  const missingBefore = missingFiles(before.phase as Phase, assetsBefore);
  const wait = { missing: missingBefore, state };
  return planWait(missingFiles(order.phase, assets), wait, found, askedAt, timings);
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
