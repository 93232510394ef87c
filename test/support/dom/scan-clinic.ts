import type { PairingStateName } from '../../../shared/pairing.ts';
import type { Scan } from '../../../shared/scan.ts';
import { unpaired } from '../../widget/fixtures/pairings.fixture.ts';
import { sampleDetail, sampleList } from '../../widget/fixtures/scans.fixture.ts';
import { installFakeBff, type FakeBff } from './fake-bff.ts';

/** A clinic behind the fake BFF: answers the inbox's calls from `scans`, which a test changes as it likes. */
export interface ScanClinic extends FakeBff {
  readonly scans: Map<string, Scan>;
  pairing: PairingStateName;
  pageSize: number;
  /** Changes a case and tells of it. */
  receive(scan: Scan): void;
  update(scan: Scan): void;
  remove(orderId: string): void;
  /** Bodies of the list calls so far. */
  searches(): { chartNumber?: string; status?: string; cursor?: string; limit?: number }[];
  /** How often this case was read by itself. */
  reads(orderId: string): number;
}

let users = 0;

export function installScanClinic(scans: readonly Scan[] = []): ScanClinic {
  const bff = installFakeBff();
  // Each test is another user, so that nothing kept in the browser goes from one to the next.
  bff.signInAs(`user-${++users}`);
  const paired: PairingStateName = 'paired';
  const clinic: ScanClinic = Object.assign(bff, {
    scans: new Map(scans.map((scan) => [scan.orderId, scan])),
    pairing: paired,
    pageSize: 50,
    receive(scan: Scan) {
      clinic.scans.set(scan.orderId, scan);
      bff.push('scan.received', { orderId: scan.orderId, version: scan.version });
    },
    update(scan: Scan) {
      clinic.scans.set(scan.orderId, scan);
      bff.push('scan.updated', { orderId: scan.orderId, version: scan.version });
    },
    remove(orderId: string) {
      clinic.scans.delete(orderId);
      bff.push('scan.removed', { orderId });
    },
    searches: () =>
      bff.calls
        .filter(({ path }) => path === '/v1/scans/search')
        .map(({ body }) => body as { chartNumber?: string; status?: string; cursor?: string; limit?: number }),
    reads: (orderId: string) => bff.calls.filter(({ path }) => path === `/v1/scans/${orderId}`).length,
  });
  bff.answer('POST', '/v1/scans/search', ({ body }) => {
    const { cursor, limit, status, chartNumber } = body as Record<string, string | undefined>;
    const all = [...clinic.scans.values()].sort((a, b) => (a.modifiedAt < b.modifiedAt ? 1 : -1));
    const seen = all.filter((scan) => chartNumber === undefined || scan.patient.chartNumber === chartNumber);
    const wanted = seen.filter((scan) =>
      status === 'unread' ? scan.unread : status !== 'unmatched' || scan.unmatched,
    );
    const from = Number(cursor ?? 0);
    const to = from + Number(limit ?? clinic.pageSize);
    const { unread, unmatched, total } = sampleList(seen);
    const page = sampleList(wanted.slice(from, to), to < wanted.length ? String(to) : null);
    return { json: { ...page, unread, unmatched, total } };
  });
  bff.answer('GET', /^\/v1\/scans\/\d+$/, ({ path }) => {
    const scan = clinic.scans.get(path.split('/').at(-1) ?? '');
    return scan ? { json: sampleDetail(scan) } : { problem: 'not_found' };
  });
  bff.answer('POST', /^\/v1\/scans\/\d+\/read$/, ({ path, body }) => {
    const scan = clinic.scans.get(path.split('/').at(-2) ?? '');
    const { read, version } = body as { read: boolean; version: string };
    if (scan?.version === version) clinic.scans.set(scan.orderId, { ...scan, unread: !read });
    return { json: { unread: [...clinic.scans.values()].filter(({ unread }) => unread).length } };
  });
  bff.answer('GET', '/v1/pairing', () => ({ json: unpaired({ state: clinic.pairing }) }));
  return clinic;
}
