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

export type FactParts = Parameters<typeof createAsker>[0] & {
  readonly store: Store;
  readonly connections: Pick<Connections, 'current'>;
  readonly practices: PracticeBook;
  readonly clock: Clock;
};

/** Upstream is asked for so many RXs at one question. */
const MOST_ASKED = 5;
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
    let found = await lookUp(search);
    const asked = await askAbout(asker, search, before, found);
    // What upstream knew and we did not went through the merge and is among the cases now.
    if ([...asked.values()].some(({ kind }) => kind === 'found')) found = await lookUp(search);
    // Upstream may have said meanwhile that the clinic is not connected any more.
    const connection = (await connections.current(principal)) ?? before;
    const rxId = toTypedRx(search, found);
    const answered = rxId === null ? undefined : asked.get(rxId);
    const typed = answered === undefined ? null : hide(answered, chart);
    return {
      connection,
      accounts,
      nextCheckAt: await nextCheckOf(store, connection),
      ...(await toFacts(search, found, asked, await scannersOf(connection, userId, found))),
      elsewhere: found.elsewhere,
      typed: rxId === null || typed === null ? null : { rxId, answer: typed },
      chart,
      now,
    };
  }

  /** Serial number → scanner, read only where a scanner matters. */
  async function scannersOf(
    connection: ConnectionRow,
    userId: string,
    { exact, requests }: Found,
  ): Promise<ReadonlyMap<string, ScannerFact>> {
    const matters =
      exact.some((row) => row.missing_since !== null && row.scanner !== null) ||
      requests.some((row) => row.state === 'sent' && scannerOf(row) !== null);
    if (!matters || connection.state !== 'paired') return new Map();
    try {
      const { scanners } = await practices.read(connection, userId);
      return new Map(
        scanners.map(({ serialNumber, name, model, supported }) => [
          serialNumber,
          { name: model === null ? name : `${name}, ${model}`, supported },
        ]),
      );
    } catch (error) {
      if (error instanceof AlignFault || error instanceof ProblemError) return new Map();
      throw error;
    }
  }

  return gather;
}

/** RX ids that this clinic knows and wonders about, and the one that was typed; each is asked for once. */
async function askAbout(
  asker: Asker,
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
    return [rxId, await asker.ask({ connection, userId: search.userId, rxId, deep })];
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
  scanners: ReadonlyMap<string, ScannerFact>,
): Promise<Pick<Facts, 'cases' | 'requests'>> {
  const scanner = (serial: string | null): ScannerFact | null =>
    serial === null ? null : (scanners.get(serial) ?? null);
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

function scannerOf(row: ScanRequestRow): string | null {
  // The column was written from a validated draft.
  return (JSON.parse(row.draft) as ScanRequestDraft).scannerSerialNumber ?? null;
}

async function accountsOf(store: Store, key: TenantKey): Promise<Map<string, string>> {
  const rows = await store.db
    .selectFrom('connections')
    .select(['account_id', 'account_name'])
    .where('vendor', '=', key.vendor)
    .where('tenant', '=', key.tenant)
    .where('environment', '=', key.environment)
    .orderBy('last_pair_at')
    .execute();
  return new Map(rows.map((row) => [row.account_id, row.account_name]));
}
