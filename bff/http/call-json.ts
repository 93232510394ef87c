import { headers } from '../../shared/routes.ts';
import { PROBLEMS, toProblem } from '../../shared/problem.ts';
import { parse, type ParseFault } from '../../shared/parse.ts';
import { readText } from './body.ts';
import { Answer, type SessionEndpoint, type VendorEndpoint } from './endpoint.ts';
import type { HttpContext } from './env.ts';
import type { Idempotency, StoredAnswer } from './idempotency.ts';
import { ProblemError } from './problem-error.ts';
import { jsonHeaders, type FaultMapper } from './problems.ts';

export interface JsonParts {
  readonly idempotency: Idempotency;
  readonly map: FaultMapper;
  /** Tests only: an answer that does not fit its declared schema is a fault. */
  readonly verifyAnswers: boolean;
}

type JsonEndpoint = SessionEndpoint | VendorEndpoint;

/** One call of a JSON route whose caller is known: body, idempotency key, handler, answer. */
export async function callJson(endpoint: JsonEndpoint, context: HttpContext, parts: JsonParts): Promise<Response> {
  const text = endpoint.body === null ? '' : await readJsonText(context.req.raw);
  const body = endpoint.body === null ? undefined : parseBody(endpoint.body, text);
  const work = async (): Promise<StoredAnswer> => run(endpoint, context, body, parts.verifyAnswers);
  const key = endpoint.idempotent === false ? undefined : context.req.header(headers.idempotencyKey);
  if (key === undefined || endpoint.auth === 'vendor') return toResponse(await work());

  const { answer, replayed } = await parts.idempotency.run(
    { principal: context.get('principal'), route: routeKey(endpoint), key, body: `${context.req.path}\n${text}` },
    () => work().catch((error: unknown) => refusal(error, context.get('requestId'), parts.map)),
    // What a repeat would be told anyway. State that may change (401, 403, 404, 409, 429) and faults of ours are asked anew.
    ({ status }) => status < 300 || status === 400 || status === 422,
  );
  const response = toResponse(answer);
  if (replayed) response.headers.set('Idempotent-Replayed', 'true');
  return response;
}

/** Name of a route in the idempotency table and in the log: never the path that was asked for. */
export function routeKey(endpoint: { method: string; path: string }): string {
  return `${endpoint.method.toUpperCase()} ${endpoint.path}`;
}

async function readJsonText(request: Request): Promise<string> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!/^application\/([\w.-]+\+)?json$/.test(type)) throw new ProblemError('unsupported_media_type');
  return readText(request);
}

function parseBody(schema: NonNullable<JsonEndpoint['body']>, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without a cause: the message of JSON.parse quotes the body.
    throw new ProblemError('invalid_json');
  }
  const parsed = parse(schema, value);
  if (!parsed.ok) throw new ProblemError('invalid_request', { errors: firstOfEachPath(parsed.error) });
  return parsed.value;
}

/** One sentence a field, fifty fields: enough for people, bounded for attackers. */
function firstOfEachPath(faults: readonly ParseFault[]): ParseFault[] {
  const byPath = new Map<string, ParseFault>();
  for (const fault of faults) if (!byPath.has(fault.path)) byPath.set(fault.path, fault);
  return [...byPath.values()].slice(0, 50);
}

async function run(
  endpoint: JsonEndpoint,
  context: HttpContext,
  body: unknown,
  verifyAnswers: boolean,
): Promise<StoredAnswer> {
  const shared = {
    body,
    params: context.req.param() as Record<string, string>,
    query: new URL(context.req.url).searchParams,
    requestId: context.get('requestId'),
    log: context.get('log'),
    signal: context.req.raw.signal,
    context,
  };
  const outcome =
    endpoint.auth === 'session'
      ? await endpoint.handle({ ...shared, principal: context.get('principal') })
      : await endpoint.handle({ ...shared, vendor: context.get('vendor') });
  const [status, value] =
    outcome instanceof Answer ? [outcome.status, outcome.body as unknown] : [endpoint.status, outcome];
  if (status === 204 || value === undefined) return { status: 204, body: null };
  if (verifyAnswers && endpoint.answer !== null) {
    const fits = parse(endpoint.answer, value);
    if (!fits.ok)
      throw new TypeError(`answer of ${routeKey(endpoint)} misses its schema: ${JSON.stringify(fits.error)}`);
  }
  return { status, body: JSON.stringify(value) };
}

/** A refusal that belongs to the body alone is an answer to keep; anything else goes on as a fault. */
function refusal(error: unknown, requestId: string, map: FaultMapper): StoredAnswer {
  const expected = error instanceof ProblemError ? error : map(error);
  if (expected === null) throw error;
  const [status] = PROBLEMS[expected.code];
  if (status !== 400 && status !== 422) throw error;
  return { status, body: JSON.stringify(toProblem(expected.code, requestId, expected.extra)) };
}

function toResponse({ status, body }: StoredAnswer): Response {
  if (body === null) return new Response(null, { status, headers: { 'Cache-Control': 'no-store' } });
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  return new Response(body, { status, headers: { 'Content-Type': type, ...jsonHeaders } });
}
