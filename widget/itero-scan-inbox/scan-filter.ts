import { PHASES, SCAN_FILTERS, type Phase, type Scan, type SearchScans } from '../../shared/scan.ts';

export type ScanStatusFilter = (typeof SCAN_FILTERS)[number] | (typeof PHASES)[number];

/** What the list is narrowed to. `from` and `to` are local calendar days, `YYYY-MM-DD`, both included; they are about the last change. */
export interface ScanFilter {
  readonly status: ScanStatusFilter;
  readonly from: string | null;
  readonly to: string | null;
}

export const NO_FILTER: ScanFilter = { status: 'all', from: null, to: null };

const STATUSES: readonly string[] = [...SCAN_FILTERS, ...PHASES];

/** What was kept in the browser → a filter. Anything that does not fit falls back to "all": never an error for that. */
export function parseFilter(kept: unknown, clinicWide: boolean): ScanFilter {
  if (typeof kept !== 'object' || kept === null) return NO_FILTER;
  const { status, from, to } = kept as Record<string, unknown>;
  const known = typeof status === 'string' && STATUSES.includes(status) && (clinicWide || status !== 'unmatched');
  return { status: known ? (status as ScanStatusFilter) : 'all', from: toDay(from), to: toDay(to) };
}

function toDay(value: unknown): string | null {
  return typeof value === 'string' && startOfDay(value) !== null ? value : null;
}

export function isNarrowed(filter: ScanFilter): boolean {
  return filter.status !== 'all' || filter.from !== null || filter.to !== null;
}

export function sameFilter(a: ScanFilter, b: ScanFilter): boolean {
  return a.status === b.status && a.from === b.from && a.to === b.to;
}

/** The bounds as instants: start of the first day, last millisecond of the last one. */
export function toBounds(filter: ScanFilter): { from: number | null; to: number | null } {
  return {
    from: filter.from === null ? null : startOfDay(filter.from),
    to: filter.to === null ? null : endOfDay(filter.to),
  };
}

function startOfDay(day: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (match === null) return null;
  const [, year, month, date] = match;
  const start = new Date(Number(year), Number(month) - 1, Number(date));
  return start.getMonth() === Number(month) - 1 ? start.getTime() : null;
}

function endOfDay(day: string): number | null {
  const start = startOfDay(day);
  if (start === null) return null;
  const next = new Date(start);
  next.setDate(next.getDate() + 1);
  return next.getTime() - 1;
}

export function toQuery(filter: ScanFilter, chartNumber: string | null, cursor: string | null): SearchScans {
  const { from, to } = toBounds(filter);
  return {
    ...(chartNumber === null ? {} : { chartNumber }),
    ...(filter.status === 'all' ? {} : { status: filter.status }),
    ...(from === null ? {} : { from: new Date(from).toISOString() }),
    ...(to === null ? {} : { to: new Date(to).toISOString() }),
    ...(cursor === null ? {} : { cursor }),
  };
}

/** A file that belongs to every case is not there (align-api §6); screen captures need not be taken. */
export function isWaiting({ assets }: Scan): boolean {
  return [assets.ide, assets.gallery].some(({ state }) => state === 'waiting' || state === 'missing');
}

/** The same judgement as the server's list, for a scan that was re-read by itself. */
export function matcher(filter: ScanFilter): (scan: Scan) => boolean {
  const { from, to } = toBounds(filter);
  if (from === null && to === null) return (scan) => hasStatus(scan, filter.status);
  return (scan) => {
    const time = Date.parse(scan.modifiedAt);
    return (from === null || time >= from) && (to === null || time <= to) && hasStatus(scan, filter.status);
  };
}

function hasStatus(scan: Scan, status: ScanStatusFilter): boolean {
  if (status === 'unread' || status === 'unmatched') return scan[status];
  if (status === 'waiting') return isWaiting(scan);
  return status === 'all' || scan.phase === (status satisfies Phase);
}
