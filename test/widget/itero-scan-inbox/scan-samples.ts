import type { Scan, ScanDetail, ScanList } from '../../../shared/scan.ts';
import { VIEWS } from '../../../shared/scan.ts';

const FIRST_SCAN = Date.UTC(2026, 10, 1, 9);

/** A case as the BFF gives it. `minute` places it in time: a larger one is newer. */
export function sampleScan(orderId: string, changes: Partial<Scan> & { minute?: number } = {}): Scan {
  const { minute = 0, ...rest } = changes;
  const time = new Date(FIRST_SCAN + minute * 60_000).toISOString();
  const file = { state: 'ready', sizeBytes: 12_000_000, modifiedAt: time, nextCheckAt: null } as const;
  return {
    orderId,
    orderCode: `AB${orderId}`,
    rxId: `rx-${orderId}`,
    status: 'Completed',
    phase: 'scanned',
    procedure: 'Study Model/iRecord',
    caseType: 'iRecord',
    doctor: 'Dr. Ada Okafor',
    scanner: 'SN-1',
    patient: { firstName: 'Zoë', lastName: 'Quillfeather', chartNumber: 'C-100' },
    scannedAt: time,
    modifiedAt: time,
    receivedAt: time,
    version: `${orderId}-v${rest.versionNumber ?? 1}`,
    versionNumber: 1,
    learntBy: 'notification',
    unread: true,
    unmatched: false,
    otherIdentity: false,
    requestId: 'request-1',
    myIteroUrl: `https://myitero.example/cases/${orderId}`,
    assets: {
      ide: { ...file, link: `/v1/assets/ide-${orderId}` },
      gallery: { ...file, link: null },
      captures: { state: 'none', sizeBytes: null, modifiedAt: null, nextCheckAt: null, link: null },
    },
    thumbnails: VIEWS.map((view) => ({ view, small: `/v1/assets/${view}-${orderId}-a`, full: null })),
    ...rest,
  };
}

export function sampleDetail(scan: Scan): ScanDetail {
  return {
    ...scan,
    thumbnails: scan.thumbnails.map((picture) => ({ ...picture, full: `${picture.small}-full` })),
    history: Array.from({ length: scan.versionNumber }, (_, index) => ({
      version: `${scan.orderId}-v${scan.versionNumber - index}`,
      number: scan.versionNumber - index,
      status: scan.status,
      phase: scan.phase,
      modifiedAt: scan.modifiedAt,
      seenAt: scan.receivedAt,
      learntBy: index === 0 ? scan.learntBy : 'poll',
      changed: ['ide', 'gallery'] as const,
    })).map((entry) => ({ ...entry, changed: [...entry.changed] })),
  };
}

export function sampleList(items: readonly Scan[], nextCursor: string | null = null): ScanList {
  return {
    items: [...items],
    nextCursor,
    unread: items.filter(({ unread }) => unread).length,
    unmatched: items.filter(({ unmatched }) => unmatched).length,
    total: items.length,
  };
}
