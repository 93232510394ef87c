import { Buffer } from 'node:buffer';
import * as v from 'valibot';
import { parse, parseJson } from '../../shared/parse.ts';
import { cursor, identifier, isoTime } from '../../shared/primitives.ts';
import type { QueryParameters } from './endpoint.ts';
import type { HttpContext } from './env.ts';
import { ProblemError } from './problem-error.ts';

/** What a vendor asks of a table of one clinic: a page of it as JSON, or all of it as CSV. */
export interface TableQuery {
  readonly tenant: string;
  /** ms since the epoch, both inclusive. */
  readonly from: number | null;
  readonly to: number | null;
  readonly cursor: string | null;
  readonly limit: number;
  readonly csv: boolean;
}

const DEFAULT_LIMIT = 100;
const schema = v.object({
  tenant: identifier,
  from: v.optional(isoTime),
  to: v.optional(isoTime),
  cursor: v.optional(cursor),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,4}$/, 'a number'), v.transform(Number), v.minValue(1), v.maxValue(1000)),
  ),
  format: v.optional(v.picklist(['json', 'csv'])),
});

export const TABLE_QUERY: QueryParameters = {
  tenant: { description: 'The clinic, as POST /v1/sessions names it', required: true },
  from: { description: 'ISO 8601, inclusive' },
  to: { description: 'ISO 8601, inclusive' },
  cursor: { description: 'nextCursor of the page before; JSON only' },
  limit: { description: `1 to 1000, ${DEFAULT_LIMIT} unless told; JSON only` },
  format: { description: '"csv" gives all rows as CSV (RFC 4180), as Accept: text/csv does' },
};

/** @throws ProblemError `invalid_request` that names the faulty parameters */
export function readTableQuery(context: HttpContext): TableQuery {
  const parsed = parse(schema, context.req.query());
  if (!parsed.ok) throw new ProblemError('invalid_request', { errors: parsed.error });
  const { tenant, limit = DEFAULT_LIMIT, format } = parsed.value;
  const from = parsed.value.from === undefined ? null : Date.parse(parsed.value.from);
  const to = parsed.value.to === undefined ? null : Date.parse(parsed.value.to);
  if (from !== null && to !== null && from > to) {
    throw new ProblemError('invalid_request', { errors: [{ path: 'to', expected: 'expected a time after from' }] });
  }
  const accepts = /(^|,)\s*text\/csv\s*(;|,|$)/i.test(context.req.header('accept') ?? '');
  const csv = format === undefined ? accepts : format === 'csv';
  return { tenant, from, to, cursor: parsed.value.cursor ?? null, limit, csv };
}

/** Opaque to clients. It holds a place, no right: whose rows are read is decided anew at each page. */
export function toTableCursor(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @throws ProblemError `invalid_cursor` */
export function fromTableCursor<S extends v.GenericSchema>(text: string | null, place: S): v.InferOutput<S> | null {
  if (text === null) return null;
  const parsed = parseJson(place, Buffer.from(text, 'base64url').toString());
  if (!parsed.ok) throw new ProblemError('invalid_cursor');
  return parsed.value;
}
