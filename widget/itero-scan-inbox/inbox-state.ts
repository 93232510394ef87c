import type { Scan, ScanDetail, ScanList } from '../../shared/scan.ts';
import type { Fault } from '../core/fault.ts';
import { matcher, NO_FILTER, sameFilter, type ScanFilter } from './scan-filter.ts';
import { byNewest, putRows, type Place, type Row } from './scan-rows.ts';

/** Over everything the session may see, whatever the filter. */
export interface Counts {
  readonly unread: number;
  readonly unmatched: number;
  readonly total: number;
}

export type Load =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly fault: Fault };

export type Paging =
  { readonly kind: 'idle' } | { readonly kind: 'loading' } | { readonly kind: 'failed'; readonly fault: Fault };

export interface InboxState {
  readonly filter: ScanFilter;
  readonly load: Load;
  readonly paging: Paging;
  /** Number of the newest request for the first page: pages of an older one no longer count. */
  readonly listing: number;
  readonly rows: readonly Row[];
  /** Up to where the present listing has spoken; rows below come from an earlier one and are listed again when reached. */
  readonly listedTo: Place | null;
  readonly cursor: string | null;
  readonly counts: Counts | null;
  readonly countsAsked: number;
  /** Cases that left, with the number of the request or event that said so: older answers do not bring them back. */
  readonly gone: ReadonlyMap<string, number>;
  readonly open: string | null;
  /** Arrived or changed a moment ago: highlighted. */
  readonly fresh: ReadonlySet<string>;
}

export type InboxAction =
  | { readonly type: 'dropped' }
  | { readonly type: 'list.asked'; readonly asked: number; readonly filter: ScanFilter }
  | PageAnswered
  | { readonly type: 'list.failed'; readonly asked: number; readonly fault: Fault }
  | { readonly type: 'page.asked' }
  | { readonly type: 'page.failed'; readonly listing: number; readonly fault: Fault }
  | { readonly type: 'recent.answered'; readonly asked: number; readonly list: ScanList; readonly at: number }
  | ScanAnswered
  | { readonly type: 'scan.gone'; readonly asked: number; readonly orderId: string }
  | ReadAnswered
  | { readonly type: 'opened'; readonly orderId: string }
  | { readonly type: 'closed' }
  | { readonly type: 'fresh.faded' };

/** `first`: the answer to `list.asked`, else a further page of `listing`. `at`: when it came (ms). */
interface PageAnswered {
  readonly type: 'page.answered';
  readonly listing: number;
  readonly asked: number;
  readonly list: ScanList;
  readonly at: number;
}

/** `highlight`: because an event told of it, not because the person opened it or a link had to be renewed. */
interface ScanAnswered {
  readonly type: 'scan.answered';
  readonly asked: number;
  readonly scan: ScanDetail;
  readonly at: number;
  readonly highlight: boolean;
}

interface ReadAnswered {
  readonly type: 'read.answered';
  readonly asked: number;
  readonly orderId: string;
  readonly version: string;
  readonly read: boolean;
  readonly unread: number;
}

export const EMPTY_INBOX: InboxState = {
  filter: NO_FILTER,
  load: { kind: 'waiting' },
  paging: { kind: 'idle' },
  listing: 0,
  rows: [],
  listedTo: null,
  cursor: null,
  counts: null,
  countsAsked: 0,
  gone: new Map(),
  open: null,
  fresh: new Set(),
};

export function reduceInbox(state: InboxState, action: InboxAction): InboxState {
  switch (action.type) {
    case 'dropped':
      return { ...EMPTY_INBOX, filter: state.filter, listing: state.listing };
    case 'list.asked': {
      const same = sameFilter(state.filter, action.filter);
      return {
        ...state,
        filter: action.filter,
        listing: action.asked,
        load: { kind: 'loading' },
        paging: { kind: 'idle' },
        rows: same ? state.rows : [],
        open: same ? state.open : null,
        listedTo: null,
        cursor: null,
      };
    }
    case 'page.answered':
      return action.listing === state.listing ? pageAnswered(state, action) : state;
    case 'list.failed':
      return action.asked === state.listing ? { ...state, load: { kind: 'failed', fault: action.fault } } : state;
    case 'page.asked':
      return { ...state, paging: { kind: 'loading' } };
    case 'page.failed':
      return action.listing === state.listing ? { ...state, paging: { kind: 'failed', fault: action.fault } } : state;
    case 'recent.answered':
      return recentAnswered(state, action);
    case 'scan.answered':
      return scanAnswered(state, action);
    case 'scan.gone':
      return scanGone(state, action.asked, action.orderId);
    case 'read.answered':
      return readAnswered(state, action);
    case 'opened':
      return settle({ ...state, open: action.orderId });
    case 'closed':
      return settle({ ...state, open: null });
    case 'fresh.faded':
      return { ...state, fresh: new Set() };
    default:
      return action satisfies never;
  }
}

/** A page speaks for its stretch of the list: what it does not hold there is gone, unless it was learnt later. */
function pageAnswered(state: InboxState, { asked, list, at }: PageAnswered): InboxState {
  const listed = new Set(list.items.map(({ orderId }) => orderId));
  const last = list.items.toSorted(byNewest).at(-1);
  const end = list.nextCursor === null ? null : (last ?? state.listedTo);
  const inStretch = ({ scan }: Row): boolean =>
    (state.listedTo === null || byNewest(scan, state.listedTo) > 0) && (end === null || byNewest(scan, end) <= 0);
  const kept = state.rows.filter(
    (row) => listed.has(row.scan.orderId) || row.asked > asked || row.scan.orderId === state.open || !inStretch(row),
  );
  return settle({
    ...withCounts(state, asked, list),
    load: { kind: 'ready' },
    paging: { kind: 'idle' },
    rows: putRows(kept, toRows(state, list.items, asked, at)),
    listedTo: end,
    cursor: list.nextCursor,
  });
}

/** The newest cases, looked up because of a burst of events: they are put in, nothing is taken out. */
function recentAnswered(
  state: InboxState,
  { asked, list, at }: Extract<InboxAction, { type: 'recent.answered' }>,
): InboxState {
  const answers = toRows(state, list.items, asked, at).filter((row) => inReach(state, row.scan));
  const versions = new Map(state.rows.map(({ scan }) => [scan.orderId, scan.version]));
  const news = answers.filter(({ scan }) => versions.get(scan.orderId) !== scan.version);
  return settle({
    ...withCounts(state, asked, list),
    rows: putRows(state.rows, answers),
    fresh: new Set([...state.fresh, ...news.map(({ scan }) => scan.orderId)]),
  });
}

function scanAnswered(state: InboxState, { asked, scan, at, highlight }: ScanAnswered): InboxState {
  const { history, recheck, ...rest } = scan;
  if ((state.gone.get(scan.orderId) ?? 0) > asked) return state;
  const known = state.rows.some((row) => row.scan.orderId === scan.orderId);
  if (!known && !inReach(state, rest)) return state;
  const rows = putRows(state.rows, [{ scan: rest, history, recheck, asked, linksAt: at }]);
  const fresh = highlight ? new Set([...state.fresh, scan.orderId]) : state.fresh;
  return settle({ ...state, rows, fresh });
}

/** A case below what was listed so far comes with its own page; inserted now it would seem to be the next one. */
function inReach(state: InboxState, scan: Scan): boolean {
  return state.load.kind !== 'ready' || state.listedTo === null || byNewest(scan, state.listedTo) <= 0;
}

function scanGone(state: InboxState, asked: number, orderId: string): InboxState {
  const row = state.rows.find(({ scan }) => scan.orderId === orderId);
  if (row !== undefined && row.asked > asked) return state;
  const gone = new Map(state.gone).set(orderId, Math.max(asked, state.gone.get(orderId) ?? 0));
  const rows = row === undefined ? state.rows : state.rows.filter((other) => other !== row);
  return { ...state, rows, gone, open: state.open === orderId ? null : state.open };
}

function readAnswered(state: InboxState, action: ReadAnswered): InboxState {
  const rows = state.rows.map((row) =>
    row.scan.orderId === action.orderId && row.scan.version === action.version
      ? { ...row, asked: Math.max(row.asked, action.asked), scan: { ...row.scan, unread: !action.read } }
      : row,
  );
  const counts = state.counts === null ? null : { ...state.counts, unread: action.unread };
  return action.asked < state.countsAsked
    ? settle({ ...state, rows })
    : settle({ ...state, rows, counts, countsAsked: action.asked });
}

function withCounts(state: InboxState, asked: number, { unread, unmatched, total }: ScanList): InboxState {
  if (asked < state.countsAsked) return state;
  return { ...state, counts: { unread, unmatched, total }, countsAsked: asked };
}

function toRows(state: InboxState, scans: readonly Scan[], asked: number, at: number): Row[] {
  return scans
    .filter(({ orderId }) => (state.gone.get(orderId) ?? 0) <= asked)
    .map((scan) => ({ scan, history: null, recheck: null, asked, linksAt: at }));
}

/** Whatever happened: only what the filter wants is listed, and what the person has open stays until it is closed. */
function settle(state: InboxState): InboxState {
  const wanted = matcher(state.filter);
  const fits = ({ scan }: Row): boolean => scan.orderId === state.open || wanted(scan);
  const rows = state.rows.every(fits) ? state.rows : state.rows.filter(fits);
  const open = rows.some(({ scan }) => scan.orderId === state.open) ? state.open : null;
  return { ...state, rows, open };
}
