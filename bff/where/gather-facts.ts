import type { Practice } from '../../shared/practice.ts';
import type { ScanRequestDraft } from '../../shared/scan-request.ts';
import { AlignFault } from '../align/index.ts';
import type { Clock } from '../deps.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { Connections } from '../pairing/connections.ts';
import { nextCheckOf } from '../pairing/next-check.ts';
import type { PracticeBook } from '../requests/practice-book.ts';
import { isVisible } from '../scans/case-query.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow, ScanRequestRow } from '../store/schema.ts';
import type { Principal, TenantKey } from '../tenancy.ts';
import { createAsker, type Asker } from './ask-upstream.ts';
import type { CaseFact, Facts, RequestFact, RxAnswer, ScannerFact } from './facts.ts';
import { lookUp, type Found } from './look-up.ts';
import { casesByOrder, requestsById, type Search } from './looks.ts';
import { createPatience, type Patience } from './patience.ts';

export type FactParts = Parameters<typeof createAsker>[0] & {
  readonly store: Store;
  readonly connections: Pick<Connections, 'current'>;
  readonly practices: PracticeBook;
  readonly clock: Clock;
};

/** Serial number → scanner. */
type Scanners = ReadonlyMap<string, ScannerFact>;

/** Upstream is asked for so many RXs at one question. */
const MOST_ASKED = 5;
const NO_SCANNERS: Scanners = new Map();
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Collects what the judgement needs: from the store first, then from upstream what the store cannot know. */
export function createFacts(parts: FactParts): (principal: Principal, text: string | null) => Promise<Facts> {
  const { store, connections, practices, clock } = parts;
  const asker = createAsker(parts);

  async function gather(principal: Principal, text: string | null): Promise<Facts> {
    const now = clock.now();
    const chart = principal.patient?.chartNumber ?? null;
    const before = await connections.current(principal);
    const nothing = { nextCheckAt: null, cases: [], requests: [], elsewhere: [], typed: null, chart, now };
    if (before === null) return { connection: null, accounts: new Map(), ...nothing };

    const { vendor, tenant, environment, userId } = principal;
    const accounts = await accountsOf(store, principal);
    const cases = { vendor, tenant, environment, accountId: before.account_id };
    const search: Search = { db: store.db, cases, accounts, userId, text, chart, now };
    const patience = createPatience(parts);
    try {
      let found = await lookUp(search);
      const [asked, read] = await Promise.all([
        askAbout(asker, patience, search, before, found),
        readScanners(patience, before, userId, found),
      ]);
      // What upstream knew and we did not went through the merge and is among the cases now.
      if ([...asked.values()].some(({ kind }) => kind === 'found')) found = await lookUp(search);
      // Upstream may have said meanwhile that the clinic is not connected any more.
      const connection = (await connections.current(principal)) ?? before;
      // A case that came just now may be the first one of which the scanner matters.
      const scanners = read ?? (await readScanners(patience, connection, userId, found));
      const rxId = toTypedRx(search, found);
      const answered = rxId === null ? undefined : asked.get(rxId);
      const typed = answered === undefined ? null : hide(answered, chart);
      return {
        connection,
        accounts,
        nextCheckAt: await nextCheckOf(store, connection),
        ...(await toFacts(search, found, asked, connection.state === 'paired' ? scanners : null)),
        elsewhere: found.elsewhere,
        typed: rxId === null || typed === null ? null : { rxId, answer: typed },
        chart,
        now,
      };
    } finally {
      patience.end();
    }
  }

  /** Null where no scanner matters, or nobody may be asked. When upstream does not tell in time, what it told before serves. */
  async function readScanners(
    patience: Patience,
    connection: ConnectionRow,
    userId: string,
    { exact, requests }: Found,
  ): Promise<Scanners | null> {
    const matters =
      exact.some((row) => row.missing_since !== null && row.scanner !== null) ||
      requests.some((row) => row.state === 'sent' && scannerOf(row) !== null);
    if (!matters || connection.state !== 'paired') return null;
    const read = practices.read(connection, userId).then(toScanners, (error: unknown) => {
      if (error instanceof AlignFault || error instanceof ProblemError) return NO_SCANNERS;
      throw error;
    });
    return patience.wait(read, () => toScanners(practices.kept(connection)));
  }

  return gather;
}

/** RX ids that this clinic knows and wonders about, and the one that was typed; each is asked for once. */
async function askAbout(
  asker: Asker,
  patience: Patience,
  search: Search,
  connection: ConnectionRow,
  found: Found,
): Promise<Map<string, RxAnswer>> {
  if (connection.state !== 'paired') return new Map();
  const typed = toTypedRx(search, found);
  const open = found.requests.filter((row) => row.state === 'sent' && row.account_id === connection.account_id);
  const waiting = found.exact.filter((row) => row.missing_since !== null);
  const rxIds = [
    ...(typed === null ? [] : [typed]),
    ...open.flatMap(({ rx_id }) => rx_id ?? []),
    ...waiting.flatMap(({ rx_id }) => rx_id ?? []),
  ];
  const known = new Set(open.map(({ rx_id }) => rx_id));
  const answers = [...new Set(rxIds)].slice(0, MOST_ASKED).map(async (rxId): Promise<[string, RxAnswer]> => {
    // Where an RX of somebody else's patient stands is nothing for a bound session.
    const deep = known.has(rxId) || (rxId === typed && search.chart === null);
    return [rxId, await asker.ask({ connection, userId: search.userId, rxId, deep, patience })];
  });
  return new Map(await Promise.all(answers));
}

/** The text, where it is an RX id that nothing here is known by. */
function toTypedRx({ text }: Search, { exact, requests, elsewhere }: Found): string | null {
  if (text === null || !GUID.test(text) || elsewhere.length > 0) return null;
  const known = [...exact, ...requests].some(({ rx_id }) => rx_id?.toLowerCase() === text.toLowerCase());
  return known ? null : text.toLowerCase();
}

/**
 * A bound session must not tell an RX of another patient from one that does not exist, and must not say either that
 * upstream has none: it is told nothing of what upstream said.
 */
function hide(answer: RxAnswer, chart: string | null): RxAnswer | null {
  return chart === null || answer.kind === 'no_answer' ? answer : null;
}

async function toFacts(
  search: Search,
  found: Found,
  asked: ReadonlyMap<string, RxAnswer>,
  scanners: Scanners | null,
): Promise<Pick<Facts, 'cases' | 'requests'>> {
  const scanner = (serial: string | null): ScannerFact | null =>
    serial === null ? null : (scanners?.get(serial) ?? null);
  const answering = await requestsById(
    search,
    found.exact.flatMap(({ request_id }) => request_id ?? []),
  );
  const cases: CaseFact[] = [
    ...found.exact.map((row) => ({
      row,
      match: 'exact' as const,
      request: answering.find(({ id }) => id === row.request_id) ?? null,
      scanner: scanner(row.scanner),
    })),
    ...found.similar.map(({ row, request }) => ({
      row,
      match: 'similar' as const,
      request,
      scanner: scanner(row.scanner),
    })),
  ];
  // Those that a case of this account answered are told by it.
  const lonely = found.requests.filter(
    ({ order_id, account_id }) => order_id === null || account_id !== search.cases.accountId,
  );
  const possible = await casesByOrder(
    search,
    lonely.flatMap(({ possible_order_id }) => possible_order_id ?? []),
  );
  const requests: RequestFact[] = lonely.map((row) => ({
    row,
    match: found.guessed.has(row.id) ? 'similar' : 'exact',
    answer: row.rx_id === null ? null : (asked.get(row.rx_id) ?? null),
    scanner: scanner(scannerOf(row)),
    possible: possible.find((one) => one.order_id === row.possible_order_id && isVisible(one, search.chart)) ?? null,
  }));
  return { cases, requests };
}

function toScanners(practice: Practice | null): Scanners {
  if (practice === null) return NO_SCANNERS;
  return new Map(
    practice.scanners.map(({ serialNumber, name, model, supported }) => [
      serialNumber,
      { name: model === null ? name : `${name}, ${model}`, supported },
    ]),
  );
}

function scannerOf(row: ScanRequestRow): string | null {
  // The column was written from a validated draft.
  return (JSON.parse(row.draft) as ScanRequestDraft).scannerSerialNumber ?? null;
}

async function accountsOf(store: Store, key: TenantKey): Promise<Map<string, string>> {
  const rows = await store.db
    .selectFrom('connections')
    .select(['account_id', 'account_name', 'last_pair_at'])
    .where('vendor', '=', key.vendor)
    .where('tenant', '=', key.tenant)
    .where('environment', '=', key.environment)
    .execute();
  // The name that an account had last. No index is sorted so, and readers on PostgreSQL pay dearly for sorting (ADR 8 "Plans").
  const lastPaired = rows.toSorted((a, b) => a.last_pair_at - b.last_pair_at);
  return new Map(lastPaired.map((row) => [row.account_id, row.account_name]));
}
