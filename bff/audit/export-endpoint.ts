import type { Selectable } from 'kysely';
import * as v from 'valibot';
import { auditLogSchema, type AuditEntry, type AuditLog } from '../../shared/audit.ts';
import { routes } from '../../shared/routes.ts';
import { sendCsv, type Cell } from '../http/csv.ts';
import { rawEndpoint, type Endpoint } from '../http/endpoint.ts';
import { ProblemError } from '../http/problem-error.ts';
import { jsonHeaders } from '../http/problems.ts';
import { fromTableCursor, readTableQuery, TABLE_QUERY, toTableCursor, type TableQuery } from '../http/table-query.ts';
import type { Store } from '../store/index.ts';
import type { AuditTable } from '../store/schema.ts';
import { VENDOR_USER, type TenantKey } from '../tenancy.ts';
import type { Audit } from './index.ts';

type Row = Selectable<AuditTable>;
/** The row a page begins after. */
type Place = readonly [at: number, id: number];

const CSV_PAGE = 1000;
const whole = v.pipe(v.number(), v.safeInteger());
const placeSchema = v.tuple([whole, whole]);
const HEADER = ['tenant', 'environment', 'at', 'user_id', 'session_id', 'action', 'subject', 'outcome'];

/** `GET /v1/audit`: who viewed, downloaded, sent, paired (product.md promise 5). Ids and times alone; itself audited. */
export function createAuditEndpoint(parts: { store: Store; audit: Audit; environment(): string }): Endpoint {
  const { store, audit } = parts;
  return rawEndpoint({
    method: 'get',
    path: routes.audit,
    summary: 'Who did what in a clinic and how it ended, newest first; JSON or CSV',
    auth: 'vendor',
    query: TABLE_QUERY,
    answer: auditLogSchema,
    media: ['text/csv'],
    async handle(context) {
      const query = readTableQuery(context);
      const key = { vendor: context.get('vendor'), tenant: query.tenant, environment: parts.environment() };
      const after = fromTableCursor(query.cursor, placeSchema);
      const known = await readRows(store, key, { from: null, to: null }, null, 1);
      // A clinic in which nobody ever did anything is none that we know.
      if (known.length === 0) throw new ProblemError('not_found');
      const actor = { ...key, userId: VENDOR_USER, sessionId: null };
      await store.write((tx) => audit.record(tx, actor, 'audit.read', null, 'ok'));
      if (query.csv) return sendCsv(context, 'audit.csv', HEADER, csvPages(store, key, query));
      const rows = await readRows(store, key, query, after, query.limit + 1);
      const shown = rows.slice(0, query.limit);
      const last = shown.at(-1);
      const log: AuditLog = {
        tenant: key.tenant,
        environment: key.environment,
        entries: shown.map(toEntry),
        nextCursor: rows.length > query.limit && last !== undefined ? toTableCursor(placeOf(last)) : null,
      };
      return Response.json(log, { headers: jsonHeaders });
    },
  });
}

function readRows(
  store: Store,
  key: TenantKey,
  { from, to }: Pick<TableQuery, 'from' | 'to'>,
  after: Place | null,
  limit: number,
): Promise<Row[]> {
  let query = store.db
    .selectFrom('audit')
    .selectAll()
    .where('vendor', '=', key.vendor)
    .where('tenant', '=', key.tenant)
    .where('environment', '=', key.environment);
  if (from !== null) query = query.where('at', '>=', from);
  if (to !== null) query = query.where('at', '<=', to);
  if (after !== null) query = query.where((eb) => eb(eb.refTuple('at', 'id'), '<', eb.tuple(...after)));
  return query.orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

async function* csvPages(store: Store, key: TenantKey, query: TableQuery): AsyncGenerator<Cell[][]> {
  let after: Place | null = null;
  for (;;) {
    const rows = await readRows(store, key, query, after, CSV_PAGE);
    yield rows.map((row) => toCells(row));
    const last = rows.at(-1);
    if (rows.length < CSV_PAGE || last === undefined) return;
    after = placeOf(last);
  }
}

function toCells(row: Row): Cell[] {
  const { at, userId, sessionId, action, subject, outcome } = toEntry(row);
  return [row.tenant, row.environment, at, userId, sessionId, action, subject, outcome];
}

function toEntry(row: Row): AuditEntry {
  return {
    at: new Date(row.at).toISOString(),
    userId: row.user_id,
    sessionId: row.session_id,
    action: row.action,
    subject: row.subject,
    outcome: row.outcome,
  };
}

function placeOf(row: Row): Place {
  return [row.at, row.id];
}
