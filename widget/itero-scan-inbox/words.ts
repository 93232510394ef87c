import type { AssetName, LearntBy, Phase, Scan, View } from '../../shared/scan.ts';
import { msg, str } from '../core/localize.ts';
import type { ScanStatusFilter } from './scan-filter.ts';

/** `left` is the viewer's left, which is the patient's right (align-api §7). */
export function viewName(view: View): string {
  const names: Record<View, string> = {
    composite: msg('All views'),
    front: msg('Front'),
    left: msg('Left in the picture: patient’s right'),
    right: msg('Right in the picture: patient’s left'),
    upper: msg('Upper arch, occlusal'),
    lower: msg('Lower arch, occlusal'),
  };
  return names[view];
}

/** For the small space under a picture. */
export function shortViewName(view: View): string {
  const names: Record<View, string> = {
    composite: msg('All views'),
    front: msg('Front'),
    left: msg('Patient’s right'),
    right: msg('Patient’s left'),
    upper: msg('Upper arch'),
    lower: msg('Lower arch'),
  };
  return names[view];
}

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
  switch (filter) {
    case 'all':
      return msg('All scans');
    case 'unread':
      return msg('Unread');
    case 'unmatched':
      return msg('Unmatched');
    case 'waiting':
      return msg('Waiting for files');
    case 'scanned':
    case 'modeling':
    case 'review':
    case 'rescan':
    case 'milling':
    case 'other':
      return phaseName(filter);
    default:
      return filter satisfies never;
  }
}

/** In the middle of a sentence. */
export function assetName(asset: AssetName): string {
  const names: Record<AssetName, string> = {
    ide: msg('iDE files'),
    gallery: msg('pictures'),
    captures: msg('screen captures'),
  };
  return names[asset];
}

export function learntWords(learntBy: LearntBy): string {
  const words: Record<LearntBy, string> = {
    notification: msg('told by iTero'),
    poll: msg('found by the regular check'),
    recheck: msg('found when looking for missing files'),
    backfill: msg('found at the first listing'),
  };
  return words[learntBy];
}

export function procedureName(scan: Pick<Scan, 'procedure' | 'caseType'>): string {
  return scan.procedure ?? scan.caseType ?? msg('Scan');
}

export function patientName({ firstName, lastName }: Scan['patient'], initialsOnly: boolean): string {
  if (!initialsOnly) return `${firstName} ${lastName}`.trim();
  return [firstName, lastName].map(initialOf).join(' ').trim();
}

function initialOf(name: string): string {
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
    try {
      format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
    } catch {
      // A page may carry a lang attribute that is no language tag.
      format = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
    }
    relatives.set(language, format);
  }
  const seconds = (Date.parse(iso) - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return format.format(0, 'minute');
}
