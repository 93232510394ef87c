import { AlignFault, type AlignFaultKind } from './port.ts';

/** An answer as it came, its body read to the end. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface CallKind {
  readonly operation: string;
  /** It changes something upstream: without a clear answer its effect is unknown. */
  readonly write: boolean;
}

/** What an answer other than 2xx means (align-api §9 "Errors"). Pure. */
export function toStatusFault(call: CallKind, answer: RawAnswer, now: number): AlignFault {
  const { status } = answer;
  const error = readError(answer.text);
  const fault = (kind: AlignFaultKind, more: ConstructorParameters<typeof AlignFault>[2] = {}): AlignFault =>
    new AlignFault(kind, call.operation, { status, ...more });

  if (status === 401) return fault(error.code === 'not_paired' ? 'not_paired' : 'unauthorized');
  if (status === 403) return fault(error.code === 'not_paired' ? 'not_paired' : 'user_not_allowed');
  if (status === 404 || status === 410) return fault('not_found');
  if (status === 408) return fault('timeout', { maybeApplied: call.write });
  if (status === 409) return fault('conflict');
  const retryAfterMs = readRetryAfter(answer.headers, now);
  if (status === 429) {
    return fault('rate_limited', retryAfterMs === null ? {} : { retryAfterMs });
  }
  if (status >= 400 && status < 500) return fault('invalid_request', { fields: error.fields });
  // A redirect of an API call is not followed: it would carry the token along. 5xx: it may have been done before it broke.
  return fault('unavailable', { maybeApplied: call.write, ...(retryAfterMs === null ? {} : { retryAfterMs }) });
}

/** Codes of a connection that never stood: nothing was sent. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** No answer, or half of one. */
export function toNetworkFault(call: CallKind, error: unknown, timedOut: boolean): AlignFault {
  if (error instanceof AlignFault) return error;
  if (timedOut) return new AlignFault('timeout', call.operation, { maybeApplied: call.write, cause: error });
  return new AlignFault('unavailable', call.operation, {
    maybeApplied: call.write && !codesOf(error).some((code) => NEVER_SENT.has(code)),
    cause: error,
  });
}

function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') codes.push(at.code);
    // Several addresses of one name: refused everywhere is refused.
    if (at instanceof AggregateError) codes.push(...at.errors.slice(0, 1).flatMap((one) => codesOf(one)));
  }
  return codes;
}

/** Longest that upstream is taken at its word (ms). */
export const LONGEST_WAIT_MS = 86_400_000;

/** `Retry-After`: seconds or a date (RFC 9110 §10.2.3) → ms from now, a day at most. */
export function readRetryAfter(headers: Pick<Headers, 'get'>, now: number): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : untilDate(text, headers.get('date'), now);
  return ms === null ? null : Math.min(Math.max(ms, 0), LONGEST_WAIT_MS);
}

/** By the sender's own clock, where the same answer tells it: ours may be another. */
function untilDate(text: string, sentAt: string | null, now: number): number | null {
  const until = parseHttpDate(text);
  return until === null ? null : until - ((sentAt === null ? null : parseHttpDate(sentAt)) ?? now);
}

/** With the name of a day in front, as every form of it has: `Date.parse` takes "1.5" and "-3" for years. */
function parseHttpDate(text: string): number | null {
  const at = /^[a-z]{3,9},? /i.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : at;
}

interface ErrorBody {
  readonly code: string | null;
  readonly fields: readonly string[];
}

/** Upstream's sentences are not read: they never reach a client, and may hold patient data. */
function readError(text: string): ErrorBody {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { code: null, fields: [] }; // a proxy's page: the status says enough
  }
  if (typeof body !== 'object' || body === null) return { code: null, fields: [] };
  const values = new Map(Object.entries(body).map(([name, value]: [string, unknown]) => [name.toLowerCase(), value]));
  const code = values.get('error');
  return {
    code: typeof code === 'string' ? code.toLowerCase() : null,
    fields: readFields(values.get('fields')),
  };
}

/** Names of fields, as a list or as the keys of an object; anything that does not look like a path is dropped. */
function readFields(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const names: unknown[] = Array.isArray(value)
    ? value.map((entry: unknown) =>
        typeof entry === 'object' && entry !== null && 'field' in entry ? entry.field : entry,
      )
    : Object.keys(value);
  return names
    .filter((name): name is string => typeof name === 'string' && /^[A-Za-z_][\w.[\]]{0,79}$/.test(name))
    .slice(0, 20);
}
