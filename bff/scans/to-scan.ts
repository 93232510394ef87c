import {
  VIEWS,
  type Asset,
  type AssetName,
  type Phase,
  type Scan,
  type ScanDetail,
  type View,
} from '../../shared/scan.ts';
import type { LearntBy } from '../../shared/scan.ts';
import type { ScanRow, ScanVersionRow } from '../store/schema.ts';
import type { AssetLinks, LinkHolder, LinkTarget } from './asset-link.ts';
import { isUnread, type MarkedScan } from './case-query.ts';
import { parseAssets, type StoredAsset } from './version.ts';

/** Who looks, and which links that person may have. */
export interface Onlooker {
  readonly holder: LinkHolder;
  readonly mayDownload: boolean;
}

export function toScan(row: MarkedScan, links: AssetLinks, onlooker: Onlooker, fullPictures = false): Scan {
  const assets = parseAssets(row.assets);
  const find = (name: AssetName): StoredAsset | undefined => assets.find((asset) => asset.name === name);
  const link = (file: StoredAsset, target: LinkTarget): string =>
    links.make(onlooker.holder, { orderId: row.order_id, version: file.version, target });
  const zip = (kind: 'ide' | 'captures'): Asset => {
    const file = find(kind);
    const may = file !== undefined && onlooker.mayDownload;
    return toAsset(row, kind, file, may ? link(file, { kind, disposition: 'attachment' }) : null);
  };
  const gallery = find('gallery');
  return {
    orderId: row.order_id,
    orderCode: row.order_code,
    rxId: row.rx_id,
    status: row.status,
    phase: row.phase as Phase,
    procedure: row.procedure,
    caseType: row.case_type,
    doctor: row.doctor,
    scanner: row.scanner,
    patient: { firstName: row.first_name, lastName: row.last_name, chartNumber: row.chart_number },
    scannedAt: row.scanned_at === null ? null : iso(row.scanned_at),
    modifiedAt: iso(row.modified_at),
    receivedAt: iso(row.seen_at),
    version: row.version,
    versionNumber: row.version_number,
    learntBy: row.learnt_by as LearntBy,
    unread: isUnread(row),
    unmatched: row.unmatched === 1,
    otherIdentity: row.other_identity === 1,
    requestId: row.request_id,
    myIteroUrl: row.my_itero_url,
    assets: { ide: zip('ide'), gallery: toAsset(row, 'gallery', gallery, null), captures: zip('captures') },
    thumbnails: (gallery === undefined ? [] : viewsOf(row)).map((view) => ({
      view,
      small: link(gallery as StoredAsset, { kind: 'picture', view, size: 'small', disposition: 'inline' }),
      full: fullPictures
        ? link(gallery as StoredAsset, { kind: 'picture', view, size: 'full', disposition: 'inline' })
        : null,
    })),
  };
}

export function toScanDetail(
  row: MarkedScan,
  versions: readonly ScanVersionRow[],
  links: AssetLinks,
  onlooker: Onlooker,
): ScanDetail {
  return {
    ...toScan(row, links, onlooker, true),
    history: versions.map((version) => ({
      version: version.version,
      number: version.number,
      status: version.status,
      phase: version.phase as Phase,
      modifiedAt: iso(version.modified_at),
      seenAt: iso(version.seen_at),
      learntBy: version.learnt_by as LearntBy,
      changed: JSON.parse(version.changed) as AssetName[],
    })),
    recheck:
      row.missing_since === null
        ? null
        : {
            since: iso(row.missing_since),
            looks: row.recheck_count,
            nextAt: row.recheck_at === null ? null : iso(row.recheck_at),
          },
  };
}

function toAsset(row: ScanRow, name: AssetName, file: StoredAsset | undefined, link: string | null): Asset {
  if (file !== undefined) {
    const { sizeBytes, modifiedAt } = file;
    return { state: 'ready', sizeBytes, modifiedAt: iso(modifiedAt), nextCheckAt: null, link };
  }
  const absent = { sizeBytes: null, modifiedAt: null, link: null };
  // Captures are there only when some were taken.
  if (name === 'captures') return { ...absent, state: 'none', nextCheckAt: null };
  const nextCheckAt = row.recheck_at === null ? null : iso(row.recheck_at);
  return { ...absent, state: row.missing_told_at === null ? 'waiting' : 'missing', nextCheckAt };
}

/** Until the gallery was unpacked it is taken for complete. */
function viewsOf(row: ScanRow): readonly View[] {
  return row.views === null ? VIEWS : (JSON.parse(row.views) as View[]);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
