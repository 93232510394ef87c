import { setImmediate as nextTurn } from 'node:timers/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { ApiError } from './api-error.ts';
import type { Cloud, Ctx } from './cloud.ts';
import type { Fault, FaultPoint } from './faults.ts';
import { HTTP_KINDS } from './faults.ts';
import type { CallRecord } from './model.ts';
import { keep } from './state.ts';

const CODES: Record<number, string> = {
  400: 'invalid_request',
  401: 'invalid_token',
  403: 'user_not_allowed',
  404: 'not_found',
  409: 'conflict',
  422: 'invalid_request',
  429: 'too_many_requests',
  500: 'internal_error',
  502: 'bad_gateway',
  503: 'unavailable',
  504: 'timeout',
};

function faultyAnswer(fault: Fault): Response {
  const status = fault.status ?? 500;
  const headers: Record<string, string> = {};
  if (fault.retryAfter !== undefined) headers['retry-after'] = String(fault.retryAfter);
  else if (status === 429) headers['retry-after'] = '30';
  if (status === 401) headers['www-authenticate'] = `Bearer error="${fault.error ?? 'invalid_token'}"`;
  return new ApiError(status, fault.error ?? CODES[status] ?? 'error', fault.message ?? 'A scripted fault.', {
    headers,
    ...(status === 422 ? { fields: fault.fields ?? { request: 'is refused by a scripted fault' } } : {}),
  }).toResponse();
}

function strip(value: unknown, names: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => strip(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !names.includes(name))
      .map(([name, inner]) => [name, strip(inner, names)]),
  );
}

async function misshape(fault: Fault, answer: Response): Promise<Response> {
  const status = answer.status === 204 ? 200 : answer.status;
  if (typeof fault.body === 'string')
    return new Response(fault.body, { status, headers: { 'content-type': 'text/html' } });
  if (fault.body !== undefined) return Response.json(fault.body, { status });
  if (fault.without === undefined) return Response.json({ result: [] }, { status });
  return Response.json(strip(await answer.json(), fault.without), { status });
}

/** Ends the connection without a word, as a broken middlebox does. */
export function cutOff(c: Ctx): Response {
  c.env.outgoing.destroy();
  return RESPONSE_ALREADY_SENT;
}

/** Sends the head and half of the body, then ends the connection. An empty body is promised as `{}`. */
async function sendHalf(c: Ctx, answer: Response): Promise<Response> {
  const given = Buffer.from(await answer.arrayBuffer());
  const body = given.length === 0 ? Buffer.from('{}') : given;
  const { outgoing } = c.env;
  outgoing.writeHead(answer.status === 204 ? 200 : answer.status, {
    ...Object.fromEntries(answer.headers),
    'content-length': body.length,
  });
  await new Promise<void>((resolve) => outgoing.write(body.subarray(0, Math.ceil(body.length / 2)), () => resolve()));
  await nextTurn();
  outgoing.destroy();
  return RESPONSE_ALREADY_SENT;
}

export interface Where {
  companyId?: number | undefined;
}

/**
 * Runs one request under the fault book and the call log. `run` answers, or throws an ApiError.
 * Slow comes first and may be followed by another fault; the others exclude each other.
 */
export async function underFaults(
  cloud: Cloud,
  point: FaultPoint,
  c: Ctx,
  where: Where,
  run: () => Promise<Response> | Response,
): Promise<Response> {
  const record: CallRecord = keep(cloud.state.calls, {
    id: cloud.state.nextId++,
    at: cloud.clock.now(),
    point,
    companyId: where.companyId,
    toDate: c.req.query('toDate'),
    status: 'cut off',
    fault: undefined,
  });
  const answer = async (): Promise<Response> => {
    try {
      return await run();
    } catch (error) {
      if (error instanceof ApiError) return error.toResponse();
      cloud.log(`${point}: ${error instanceof Error ? (error.stack ?? error.message) : 'unknown error'}`);
      return new ApiError(500, 'internal_error', 'The simulator failed.').toResponse();
    }
  };

  const slow = cloud.faults.take(point, ['slow'], where);
  const isFile = point === 'asset' || point === 'cdn';
  // A file is streamed past this function, so its own code cuts it (assets/serve.ts).
  const kinds = HTTP_KINDS.filter((kind) => kind !== 'slow' && !(isFile && kind === 'half-body'));
  const fault = cloud.faults.take(point, kinds, where);
  record.fault = fault?.kind ?? slow?.kind;
  if (slow !== undefined) {
    // Carried out at once, answered late: a caller who gives up cannot know that it was done.
    const early = isFile || fault !== undefined ? undefined : await answer();
    await cloud.clock.sleep(slow.ms ?? 1000, c.req.raw.signal);
    if (early !== undefined) {
      record.status = early.status;
      return early;
    }
  }
  const sent = isFile && fault?.kind === 'wrong-shape' ? notTheFile(fault) : await respond(c, fault, answer);
  if (sent !== RESPONSE_ALREADY_SENT) record.status = sent.status;
  else if (!c.env.outgoing.destroyed) record.status = c.env.outgoing.statusCode;
  return sent;
}

/** What a gateway gives in place of a file: a page, with status 200. */
function notTheFile(fault: Fault): Response {
  const page = typeof fault.body === 'string' ? fault.body : '<!doctype html><title>Sign in</title><h1>Sign in</h1>';
  return new Response(page, { headers: { 'content-type': 'text/html' } });
}

async function respond(c: Ctx, fault: Fault | undefined, answer: () => Promise<Response>): Promise<Response> {
  if (fault === undefined) return answer();
  if (fault.kind === 'half-body') return sendHalf(c, await answer());
  if (fault.kind === 'wrong-shape') return misshape(fault, await answer());
  // The request is carried out all the same, only its answer is lost.
  if (fault.processed === true) await answer();
  return fault.kind === 'reset' ? cutOff(c) : faultyAnswer(fault);
}
