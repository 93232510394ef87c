/** The single looks into the store: each goes along one index and is bounded, so that it costs the same at any number of cases. */
import type { Kysely } from 'kysely';
import { markedRows, type Cases, type MarkedScan } from '../scans/case-query.ts';
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

export async function casesByChart(search: Search, chart: string): Promise<MarkedScan[]> {
  const page = allOf(search).orderBy('scans.modified_at', 'desc').orderBy('scans.order_id', 'desc').limit(FEW);
  const own = await page.where('scans.chart_number', '=', chart).execute();
  return [...own, ...(await page.where('scans.request_chart', '=', chart).execute())];
}

/** @param last a folded last name, whole */
export async function casesByName(search: Search, last: string, pairs: readonly NamePair[]): Promise<MarkedScan[]> {
  const rows = await allOf(search).where('scans.last_key', '=', last).limit(SOME).execute();
  for (const [first, family] of pairs) {
    const pair = allOf(search).where('scans.last_key', '=', family).where('scans.first_key', '=', first);
    rows.push(...(await pair.limit(FEW).execute()));
  }
  return rows;
}

/** The newest whose last name begins as `folded` does. */
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

export function requestsByChart(search: Search, chart: string): Promise<ScanRequestRow[]> {
  return requestsOf(search)
    .where('chart_number', '=', chart)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(FEW)
    .execute();
}

export async function requestsByName(
  search: Search,
  last: string,
  pairs: readonly NamePair[],
): Promise<ScanRequestRow[]> {
  const rows = await requestsOf(search).where('last_key', '=', last).limit(FEW).execute();
  for (const [first, family] of pairs) {
    const pair = requestsOf(search).where('last_key', '=', family).where('first_key', '=', first);
    rows.push(...(await pair.limit(FEW).execute()));
  }
  return rows;
}

/** The newest that no case answered yet. */
export async function openRequests(search: Search): Promise<ScanRequestRow[]> {
  const newest = requestsOf(search).orderBy('created_at', 'desc').orderBy('id', 'desc').limit(SOME);
  const sent = await newest.where('state', '=', 'sent').execute();
  return [...sent, ...(await newest.where('state', '=', 'unconfirmed').execute())];
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
