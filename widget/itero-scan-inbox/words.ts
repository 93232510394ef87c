import type { Phase, Scan } from '../../shared/scan.ts';
import { inLanguage, msg, str } from '../core/localize.ts';
import type { ScanStatusFilter } from './scan-filter.ts';

export function phaseName(phase: Phase): string {
  const names: Record<Phase, string> = {
    scanned: msg('Scanned'),
    modeling: msg('Modeling'),
    review: msg('Lab review'),
    rescan: msg('Rescan'),
    milling: msg('Second interpretation'),
    other: msg('Other status'),
  };
  return names[phase];
}

export function filterName(filter: ScanStatusFilter): string {
  if (filter === 'all') return msg('All scans');
  if (filter === 'unread') return msg('Unread');
  if (filter === 'unmatched') return msg('Unmatched');
  if (filter === 'waiting') return msg('Waiting for files');
  return phaseName(filter);
}

export function procedureName(scan: Pick<Scan, 'procedure' | 'caseType'>): string {
  return scan.procedure ?? scan.caseType ?? msg('Scan');
}

export function patientName({ firstName, lastName }: Scan['patient'], initialsOnly: boolean): string {
  if (!initialsOnly) return `${firstName} ${lastName}`.trim();
  return [firstName, lastName].map(initialOf).join(' ').trim();
}

export function initialOf(name: string): string {
  const first = new Intl.Segmenter().segment(name.trim())[Symbol.iterator]().next();
  return first.done === true ? '' : `${first.value.segment}.`;
}

/** Order number as people read it out to Align. */
export function orderName(scan: Pick<Scan, 'orderCode' | 'orderId'>): string {
  return msg(str`Order ${orderNumber(scan)}`);
}

export function orderNumber({ orderCode, orderId }: Pick<Scan, 'orderCode' | 'orderId'>): string {
  return orderCode === null ? orderId : `${orderId} (${orderCode})`;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];
const relatives = new Map<string, Intl.RelativeTimeFormat>();

/** "12 minutes ago" */
export function timeAgo(iso: string, language: string, now: number): string {
  let format = relatives.get(language);
  if (!format) {
    format = inLanguage(language, (known) => new Intl.RelativeTimeFormat(known, { numeric: 'auto' }));
    relatives.set(language, format);
  }
  const seconds = (Date.parse(iso) - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return format.format(0, 'minute');
}
