import { Buffer } from 'node:buffer';
import * as v from 'valibot';
import { parseJson } from '../../shared/parse.ts';
import type { ScanRequestList, searchScanRequestsSchema } from '../../shared/scan-request.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { Connections } from '../pairing/connections.ts';
import { requirePatient } from '../session/require-patient.ts';
import type { Store } from '../store/index.ts';
import type { Principal } from '../tenancy.ts';
import { fromRequestRow, OPEN_STATES, requestsOf, type ScanRequestRow } from './request-table.ts';

const cursorSchema = v.tuple([v.pipe(v.number(), v.integer()), v.string()]);

/** Newest first. In a patient-bound session for that chart alone. */
export async function searchScanRequests(
  { store, connections }: { store: Store; connections: Connections },
  principal: Principal,
  wish: v.InferOutput<typeof searchScanRequestsSchema>,
): Promise<ScanRequestList> {
  if (wish.chartNumber !== undefined) requirePatient(principal, { chartNumber: wish.chartNumber });
  const after = wish.cursor === undefined ? null : readCursor(wish.cursor);
  // The newest connection whatever its state: after an un-pair the stored list stays readable.
  const connection = await connections.current(principal);
  if (connection === null) return { items: [], nextCursor: null };

  const chartNumber = principal.patient?.chartNumber ?? wish.chartNumber;
  const scope = { ...principal, accountId: connection.account_id };
  let query = requestsOf(store.db, chartNumber === undefined ? scope : { ...scope, chartNumber })
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(wish.limit + 1);
  if (wish.open !== undefined) query = query.where('state', wish.open ? 'in' : 'not in', [...OPEN_STATES]);
  if (after !== null) {
    const [createdAt, id] = after;
    query = query.where((eb) =>
      eb.or([eb('created_at', '<', createdAt), eb.and([eb('created_at', '=', createdAt), eb('id', '<', id)])]),
    );
  }
  const rows = await query.execute();
  const items = rows.slice(0, wish.limit);
  const last = items.at(-1);
  return {
    items: items.map(fromRequestRow),
    nextCursor: rows.length > wish.limit && last !== undefined ? toCursor(last) : null,
  };
}

function toCursor(row: ScanRequestRow): string {
  return Buffer.from(JSON.stringify([row.created_at, row.id])).toString('base64url');
}

function readCursor(text: string): v.InferOutput<typeof cursorSchema> {
  const parsed = parseJson(cursorSchema, Buffer.from(text, 'base64url').toString());
  if (!parsed.ok) throw new ProblemError('invalid_cursor');
  return parsed.value;
}
