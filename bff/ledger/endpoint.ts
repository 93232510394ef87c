import * as v from 'valibot';
import { ledgerSchema, type Ledger } from '../../shared/ledger.ts';
import { routes } from '../../shared/routes.ts';
import type { AlignPort } from '../align/index.ts';
import type { Audit } from '../audit/index.ts';
import { sendCsv, type Cell } from '../http/csv.ts';
import { rawEndpoint, type Endpoint } from '../http/endpoint.ts';
import { ProblemError } from '../http/problem-error.ts';
import { jsonHeaders } from '../http/problems.ts';
import { fromTableCursor, readTableQuery, TABLE_QUERY, toTableCursor, type TableQuery } from '../http/table-query.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import { VENDOR_USER, type TenantKey } from '../tenancy.ts';
import { placeOf, readEntries, toEntry, type Place } from './entries.ts';
import type { SumUp } from './summary.ts';

interface LedgerParts {
  readonly store: Store;
  readonly align: Pick<AlignPort, 'environment'>;
  readonly audit: Audit;
  readonly sumUp: SumUp;
}

const CSV_PAGE = 1000;
const placeSchema = v.tuple([v.pipe(v.number(), v.safeInteger()), v.string(), v.string(), v.string()]);

const HEADER = [
  'tenant',
  'environment',
  'account_id',
  'order_id',
  'version',
  'number',
  'status',
  'phase',
  'learnt_by',
  'due_at',
  'notified_at',
  'seen_at',
  'delay_seconds',
];

/** `GET /v1/ledger`: for every version of every case how and when it was learnt. Ids and times alone. */
export function createLedgerEndpoint(parts: LedgerParts): Endpoint {
  const { store, align, audit } = parts;
  return rawEndpoint({
    method: 'get',
    path: routes.ledger,
    summary: 'How and when each version of each case of a clinic was learnt, newest first; JSON or CSV',
    auth: 'vendor',
    query: TABLE_QUERY,
    answer: ledgerSchema,
    media: ['text/csv'],
    async handle(context) {
      const query = readTableQuery(context);
      const key = { vendor: context.get('vendor'), tenant: query.tenant, environment: align.environment().name };
      const after = fromTableCursor(query.cursor, placeSchema);
      const connections = await newestOfEachAccount(store, key);
      // A clinic that was never connected, one that never was, and one of another vendor look alike.
      if (connections.length === 0) throw new ProblemError('not_found');
      const actor = { ...key, userId: VENDOR_USER, sessionId: null };
      await store.write((tx) => audit.record(tx, actor, 'ledger.read', null, 'ok'));
      if (query.csv) return sendCsv(context, 'ledger.csv', HEADER, csvPages(store, key, query));
      const ledger = await readLedger(parts, key, connections, query, after);
      return Response.json(ledger, { headers: jsonHeaders });
    },
  });
}

async function readLedger(
  { store, sumUp }: LedgerParts,
  key: TenantKey,
  connections: readonly ConnectionRow[],
  query: TableQuery,
  after: Place | null,
): Promise<Ledger> {
  const rows = await readEntries(store.db, key, query, after, query.limit + 1);
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const accounts: Ledger['accounts'] = [];
  for (const connection of connections) {
    accounts.push({
      accountId: connection.account_id,
      state: connection.state,
      callback: connection.callback_state,
      lastNotificationAt: toIso(connection.last_notification_at),
      lastFullCheckAt: toIso(connection.last_full_check_at),
      summary: await sumUp(connection),
    });
  }
  return {
    tenant: key.tenant,
    environment: key.environment,
    accounts,
    entries: shown.map(toEntry),
    nextCursor: rows.length > query.limit && last !== undefined ? toTableCursor(placeOf(last)) : null,
  };
}

async function* csvPages(store: Store, key: TenantKey, query: TableQuery): AsyncGenerator<Cell[][]> {
  let after: Place | null = null;
  for (;;) {
    const rows = await readEntries(store.db, key, query, after, CSV_PAGE);
    yield rows.map((row) => toCells(key, toEntry(row)));
    const last = rows.at(-1);
    if (rows.length < CSV_PAGE || last === undefined) return;
    after = placeOf(last);
  }
}

function toCells({ tenant, environment }: TenantKey, entry: ReturnType<typeof toEntry>): Cell[] {
  return [
    tenant,
    environment,
    entry.accountId,
    entry.orderId,
    entry.version,
    entry.number,
    entry.status,
    entry.phase,
    entry.learntBy,
    entry.dueAt,
    entry.notifiedAt,
    entry.seenAt,
    entry.delaySeconds,
  ];
}

async function newestOfEachAccount(store: Store, key: TenantKey): Promise<ConnectionRow[]> {
  const rows = await store.db
    .selectFrom('connections')
    .selectAll()
    .where('vendor', '=', key.vendor)
    .where('tenant', '=', key.tenant)
    .where('environment', '=', key.environment)
    .orderBy('last_pair_at', 'desc')
    .orderBy('id')
    .execute();
  return rows.filter((row, index) => index === rows.findIndex((other) => other.account_id === row.account_id));
}

function toIso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
