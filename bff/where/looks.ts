/** The single looks into the store: each goes along one index and is bounded, so that it costs the same at any number of cases. */
import { sql, type Kysely } from 'kysely';
import { caseRows, markedRows, type Cases, type MarkedScan } from '../scans/case-query.ts';
import { spellings } from '../scans/rx-id.ts';
import { toStem } from '../store/fold-name.ts';
import type { ScanRequestRow, Schema } from '../store/schema.ts';

export const FEW = 20;
export const SOME = 100;

export interface Search {
  readonly db: Kysely<Schema>;
  readonly cases: Cases;
  /** Every account that this clinic was connected to: id → name. */
  readonly accounts: ReadonlyMap<string, string>;
  readonly userId: string;
  /** Absent: everything of the patient that the session is bound to. */
  readonly text: string | null;
  readonly chart: string | null;
  /** ms since the epoch. */
  readonly now: number;
}

/** First and last name, folded. */
export type NamePair = readonly [first: string, last: string];

export interface CasePlace {
  readonly account_id: string;
  readonly order_id: string;
  readonly chart_number: string;
  readonly request_chart: string | null;
}

/** Where the case with this order number (its id or its code) or RX id is, under any account of the clinic. */
export async function placesById(search: Search, text: string): Promise<CasePlace[]> {
  const { db, cases, accounts } = search;
  // One query each: an OR of the three would go along none of their indexes.
  const places = db
    .selectFrom('scans')
    .select(['account_id', 'order_id', 'chart_number', 'request_chart'])
    .where('vendor', '=', cases.vendor)
    .where('tenant', '=', cases.tenant)
    .where('environment', '=', cases.environment)
    .limit(FEW);
  const found: CasePlace[] = [];
  if (/^\d{1,19}$/.test(text)) {
    found.push(
      ...(await places
        .where('account_id', 'in', [...accounts.keys()])
        .where('order_id', '=', text)
        .execute()),
    );
  }
  found.push(...(await places.where('order_code', 'in', [...new Set([text, text.toUpperCase()])]).execute()));
  found.push(...(await places.where('rx_id', 'in', spellings(text)).execute()));
  return found;
}

export async function casesByOrder(search: Search, orderIds: readonly string[]): Promise<MarkedScan[]> {
  if (orderIds.length === 0) return [];
  return allOf(search)
    .where('scans.order_id', 'in', [...orderIds])
    .execute();
}

/** The newest that stand under this chart number, and the newest that were requested for it. */
export async function casesByChart(search: Search, chart: string, most = FEW): Promise<MarkedScan[]> {
  const page = allOf(search).orderBy('scans.modified_at', 'desc').orderBy('scans.order_id', 'desc').limit(most);
  const own = await page.where('scans.chart_number', '=', chart).execute();
  return [...own, ...(await page.where('scans.request_chart', '=', chart).execute())];
}

/** The newest of these full names. */
export async function casesByName(search: Search, pairs: readonly NamePair[]): Promise<MarkedScan[]> {
  const named = caseRows(search.db, search.cases).select(['scans.order_id as id', 'scans.modified_at as at']);
  const found: Dated[] = [];
  for (const [first, last] of pairs) {
    found.push(...(await named.where('scans.last_key', '=', last).where('scans.first_key', '=', first).execute()));
  }
  return casesByOrder(search, newestOf(found));
}

/** The newest whose last name is `folded` or begins with it; where that has less than a stem's letters, is it. */
export function casesByLastName(search: Search, folded: string): Promise<MarkedScan[]> {
  // One last name may have thousands: they are come upon from the newest on, and none is left out before it was compared.
  const begins = sql<string>`substr(scans.last_key, 1, ${Array.from(folded).length})`;
  return allOf(search)
    .where('scans.stem', '=', toStem(folded))
    .where(begins, '=', folded)
    .orderBy('scans.modified_at', 'desc')
    .limit(FEW)
    .execute();
}

/** The newest whose last name has the first letters of `folded`: not all of them, for what may be mistyped. */
export function casesByStem(search: Search, folded: string): Promise<MarkedScan[]> {
  return allOf(search)
    .where('scans.stem', '=', toStem(folded))
    .orderBy('scans.modified_at', 'desc')
    .limit(SOME)
    .execute();
}

/** The newest of the clinic's unmatched tray. @param since ms since the epoch */
export function casesInTray(search: Search, since: number): Promise<MarkedScan[]> {
  return allOf(search)
    .where('scans.unmatched', '=', 1)
    .where('scans.modified_at', '>=', since)
    .orderBy('scans.modified_at', 'desc')
    .orderBy('scans.order_id', 'desc')
    .limit(SOME)
    .execute();
}

export async function requestsById(search: Search, requestIds: readonly string[]): Promise<ScanRequestRow[]> {
  if (requestIds.length === 0) return [];
  return requestsOf(search)
    .where('id', 'in', [...requestIds])
    .execute();
}

export function requestsByRx(search: Search, text: string): Promise<ScanRequestRow[]> {
  return requestsOf(search).where('rx_id', 'in', spellings(text)).limit(FEW).execute();
}

export function requestsByChart(search: Search, chart: string, most = FEW): Promise<ScanRequestRow[]> {
  return requestsOf(search)
    .where('chart_number', '=', chart)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(most)
    .execute();
}

/** The newest of a whole last name or of these full names. */
export async function requestsByName(
  search: Search,
  last: string,
  pairs: readonly NamePair[],
): Promise<ScanRequestRow[]> {
  const named = requestsOf(search).clearSelect().select(['id', 'created_at as at']);
  const found: Dated[] = await named.where('last_key', '=', last).execute();
  for (const [first, family] of pairs) {
    found.push(...(await named.where('last_key', '=', family).where('first_key', '=', first).execute()));
  }
  return requestsById(search, newestOf(found));
}

/** The newest that no case answered yet. */
export async function openRequests(search: Search): Promise<ScanRequestRow[]> {
  if (search.chart !== null) {
    // Along the state's index all open ones of the clinic would be read, for the few of one chart.
    const own = await requestsByChart(search, search.chart, SOME);
    return own.filter(({ state }) => state === 'sent' || state === 'unconfirmed');
  }
  const newest = requestsOf(search).orderBy('created_at', 'desc').orderBy('id', 'desc').limit(SOME);
  const sent = await newest.where('state', '=', 'sent').execute();
  return [...sent, ...(await newest.where('state', '=', 'unconfirmed').execute())];
}

interface Dated {
  readonly id: string;
  readonly at: number;
}

/**
 * Ids of the newest of one name, which are few. The database is not asked to sort: both kinds would rather walk by time through all
 * that the clinic has (ADR 8 "Plans").
 */
function newestOf(found: readonly Dated[]): string[] {
  const newestFirst = found.toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)).map(({ id }) => id);
  return [...new Set(newestFirst)].slice(0, FEW);
}

function allOf({ db, cases, userId }: Search) {
  return markedRows(db, cases, userId).selectAll('scans').select('reads.read');
}

/** Under any account of the clinic. A session that is bound to a patient knows of that chart's alone. */
function requestsOf({ db, cases, chart }: Search) {
  const query = db
    .selectFrom('scan_requests')
    .selectAll()
    .where('vendor', '=', cases.vendor)
    .where('tenant', '=', cases.tenant)
    .where('environment', '=', cases.environment);
  return chart === null ? query : query.where('chart_number', '=', chart);
}
