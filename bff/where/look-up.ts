import { isVisible, type MarkedScan } from '../scans/case-query.ts';
import { spellings } from '../scans/rx-id.ts';
import { foldName, toStem } from '../store/fold-name.ts';
import type { ScanRequestRow } from '../store/schema.ts';
import type { ElsewhereFact } from './facts.ts';
import * as looks from './looks.ts';
import { isMeant, isSimilar, mayBeSame } from './similar-names.ts';

/** A case that was typed anew at the scanner stands near its request in time (ms). */
const NEAR_MS = 14 * 86_400_000;
/** Upstream's clock may be a little off ours (ms). */
const SLACK_MS = 15 * 60_000;
const MOST_WORDS = 6;

interface Named {
  readonly first_name: string;
  readonly last_name: string;
}

export interface Found {
  readonly exact: readonly MarkedScan[];
  /** May be what was asked for, under another name. */
  readonly similar: readonly { readonly row: MarkedScan; readonly request: ScanRequestRow | null }[];
  readonly requests: readonly ScanRequestRow[];
  /** Ids of the requests among them of which only the name looks like what was typed. */
  readonly guessed: ReadonlySet<string>;
  readonly elsewhere: readonly ElsewhereFact[];
}

/** Everything the store knows that the text may mean, each bounded. */
export async function lookUp(search: looks.Search): Promise<Found> {
  const { chart, text, cases, accounts } = search;
  const seen = (row: Parameters<typeof isVisible>[0]): boolean => isVisible(row, chart);
  const meant = await findRequests(search);
  const places = text === null ? [] : (await looks.placesById(search, text)).filter(seen);
  const here = places.filter(({ account_id }) => account_id === cases.accountId);
  const orderIds = [...here.map(({ order_id }) => order_id), ...meant.flatMap(({ order_id }) => order_id ?? [])];
  const rows = [...(await looks.casesByOrder(search, orderIds)), ...(await findCases(search))].filter(seen);
  const exact = unique(rows)
    .toSorted((a, b) => b.modified_at - a.modified_at)
    .slice(0, looks.FEW);
  const guessed = meant.length + exact.length > 0 ? [] : await guessRequests(search);
  const requests = [...meant, ...guessed];
  return {
    exact,
    similar: await findSimilar(search, requests, exact),
    requests,
    guessed: new Set(guessed.map(({ id }) => id)),
    elsewhere: places
      .filter(({ account_id }) => account_id !== cases.accountId)
      .map(({ account_id, order_id }) => ({ accountName: accounts.get(account_id) ?? account_id, orderId: order_id })),
  };
}

/** By chart number or name. */
async function findCases(search: looks.Search): Promise<MarkedScan[]> {
  const { text, chart } = search;
  // Searched by name, the clinic has more cases than are read: those of this chart might not be among them.
  if (chart !== null) {
    const own = await looks.casesByChart(search, chart, looks.SOME);
    return own.filter((row) => isOwnMeant(text, row, row.chart_number, row.request_chart));
  }
  if (text === null) return [];
  const byChart = await findByChart(text, (one) => looks.casesByChart(search, one));
  const typed = foldName(text);
  if (typed === '') return byChart;
  return [
    ...byChart,
    ...(await looks.casesByName(search, splits(typed))),
    ...(await looks.casesByLastName(search, typed)),
  ];
}

/** Whose case it is compares exactly (rules.md); whoever looks may type "c-3" for "C-3", where nothing is known as "c-3". */
async function findByChart<T>(text: string, look: (chart: string) => Promise<T[]>): Promise<T[]> {
  for (const one of spellings(text)) {
    const found = await look(one);
    if (found.length > 0) return found;
  }
  return [];
}

/** Of what a bound session may see: everything where nothing is typed. */
function isOwnMeant(text: string | null, row: Named, ...charts: (string | null)[]): boolean {
  if (text === null || isMeant(text, toName(row))) return true;
  return spellings(text).some((one) => charts.includes(one));
}

/** By RX id, chart number or name, under any account of the clinic; newest first. */
async function findRequests(search: looks.Search): Promise<ScanRequestRow[]> {
  const { text, chart } = search;
  const rows: ScanRequestRow[] = text === null ? [] : await looks.requestsByRx(search, text);
  if (chart !== null) {
    const own = await looks.requestsByChart(search, chart, looks.SOME);
    rows.push(...own.filter((row) => isOwnMeant(text, row, row.chart_number)));
  } else if (text !== null) {
    rows.push(...(await findByChart(text, (one) => looks.requestsByChart(search, one))));
    const typed = foldName(text);
    if (typed !== '') rows.push(...(await looks.requestsByName(search, typed, splits(typed))));
    // Those still open are few: somebody may only have begun to type.
    rows.push(...(await looks.openRequests(search)).filter((row) => isMeant(text, toName(row))));
  }
  return [...new Map(rows.map((row) => [row.id, row])).values()]
    .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1))
    .slice(0, looks.FEW);
}

/** Open ones whose name looks like what was typed: for when nothing is known under that. */
async function guessRequests(search: looks.Search): Promise<ScanRequestRow[]> {
  const { text } = search;
  if (text === null) return [];
  const open = await looks.openRequests(search);
  return open
    .filter((row) => isSimilar(text, toName(row)))
    .sort((a, b) => b.created_at - a.created_at)
    .slice(0, looks.FEW);
}

/** Cases whose last name begins as one of the typed words does: a slip mostly comes later in a word. */
async function casesByWords(search: looks.Search, text: string): Promise<MarkedScan[]> {
  const stems = new Set(foldName(text).split(' ').slice(0, MOST_WORDS).map(toStem));
  const rows: MarkedScan[] = [];
  for (const stem of stems) if (stem !== '') rows.push(...(await looks.casesByStem(search, stem)));
  return rows;
}

/**
 * In the clinic's unmatched tray, near in time and with a similar name; or with the typed name mistyped. Clinic-wide only: a
 * bound session learns of no other chart.
 */
async function findSimilar(
  search: looks.Search,
  requests: readonly ScanRequestRow[],
  exact: readonly MarkedScan[],
): Promise<Found['similar']> {
  const { text, chart, now } = search;
  if (chart !== null || text === null) return [];
  const known = new Set(exact.map((row) => row.order_id));
  const open = requests.filter(
    ({ order_id, state }) => order_id === null && (state === 'sent' || state === 'unconfirmed'),
  );
  const tray = await looks.casesInTray(search, now - NEAR_MS);
  const mistyped = exact.length > 0 ? [] : await casesByWords(search, text);
  return unique([...tray, ...mistyped])
    .filter((row) => !known.has(row.order_id))
    .flatMap((row) => {
      const mayAnswer = (one: ScanRequestRow): boolean => isNear(row, one) && mayBeSame(toName(row), toName(one));
      const request = row.unmatched === 1 ? open.find(mayAnswer) : undefined;
      if (request === undefined && !isSimilar(text, toName(row))) return [];
      return [{ row, request: request ?? null }];
    })
    .slice(0, looks.FEW);
}

function isNear(row: MarkedScan, request: ScanRequestRow): boolean {
  const at = row.scanned_at ?? row.modified_at;
  return at >= request.created_at - SLACK_MS && at <= request.created_at + NEAR_MS;
}

/** "anna maria de souza" → every way to take it as first and last name, in either order. */
function splits(typed: string): looks.NamePair[] {
  const words = typed.split(' ').slice(0, MOST_WORDS);
  return words.slice(1).flatMap((_, index): looks.NamePair[] => {
    const left = words.slice(0, index + 1).join(' ');
    const right = words.slice(index + 1).join(' ');
    return [
      [left, right],
      [right, left],
    ];
  });
}

function toName(row: Named) {
  return { firstName: row.first_name, lastName: row.last_name };
}

function unique(rows: readonly MarkedScan[]): MarkedScan[] {
  return [...new Map(rows.map((row) => [row.order_id, row])).values()];
}
