import type * as v from 'valibot';
import { fail, ok, type Result } from '../../shared/result.ts';
import { headers, routes } from '../../shared/routes.ts';
import { pairingSchema, type Pairing } from '../../shared/pairing.ts';
import { scanRequestListSchema, type ScanRequestList } from '../../shared/scan-request.ts';
import {
  scanDetailSchema,
  scanListSchema,
  unreadSchema,
  type ScanDetail,
  type ScanList,
  type SearchScans,
} from '../../shared/scan.ts';
import { readJson } from './answer.ts';
import { clientFault, type Fault } from './fault.ts';
import { newKey, type Call, type Transport } from './transport.ts';

export type Answer<T> = Promise<Result<T, Fault>>;

export interface SearchRequests {
  readonly chartNumber?: string;
  readonly open?: boolean;
  readonly cursor?: string;
  readonly limit?: number;
}

/**
 * One method per route that is called without a click; `pair-calls.ts`, `form-calls.ts` and `case-desk.ts` hold the
 * others, so that each part of the bundle carries its own. Never throws for expected faults; every answer is parsed with the shared schemas. A call of an
 * element that has left (or whose patient changed) answers the fault `aborted`: ignore it (`isAborted`).
 */
export interface Api {
  ask<S extends v.GenericSchema>(schema: S, call: Call): Answer<v.InferOutput<S>>;
  /** A call whose answer has no body. */
  write(call: Call): Answer<undefined>;
  pairing(signal?: AbortSignal): Answer<Pairing>;
  cancelRequest(id: string, signal?: AbortSignal): Answer<undefined>;
  searchRequests(query: SearchRequests, signal?: AbortSignal): Answer<ScanRequestList>;
  searchScans(query: SearchScans, signal?: AbortSignal): Answer<ScanList>;
  scan(orderId: string, signal?: AbortSignal): Answer<ScanDetail>;
  markRead(orderId: string, version: string, read?: boolean, signal?: AbortSignal): Answer<{ unread: number }>;
  /** The absolute URL of a signed link. */
  assetUrl(link: string): string;
}

const requestIds = new WeakMap<object, string>();

/** The BFF's request id of an answer, for the `requestId` of an event; null when it is not known. */
export function requestIdOf(answer: object): string | null {
  return requestIds.get(answer) ?? null;
}

function readAs<S extends v.GenericSchema>(schema: S) {
  return async (response: Response): Promise<Result<v.InferOutput<S>, Fault>> => {
    const answer = readJson(schema, await response.text());
    const requestId = response.headers.get(headers.requestId);
    if (answer === undefined) return fail({ ...clientFault('unreadable'), ...(requestId !== null && { requestId }) });
    if (requestId !== null && typeof answer === 'object' && answer) requestIds.set(answer, requestId);
    return ok(answer);
  };
}

async function readNothing(response: Response): Promise<Result<undefined, Fault>> {
  await response.body?.cancel();
  return ok(undefined);
}

export const get = (path: string, signal?: AbortSignal): Call => ({ method: 'GET', path, signal });
export const post = (path: string, body: unknown, signal?: AbortSignal): Call => ({
  method: 'POST',
  path,
  body,
  signal,
});

/** `leaving` ends every call of this element. */
export function createApi(base: string, transport: Transport, leaving: AbortSignal): Api {
  const until = (signal?: AbortSignal): AbortSignal => (signal ? AbortSignal.any([leaving, signal]) : leaving);
  function ask<S extends v.GenericSchema>(schema: S, call: Call): Answer<v.InferOutput<S>> {
    return transport.send({ ...call, signal: until(call.signal) }, readAs(schema));
  }
  function write(call: Call): Answer<undefined> {
    return transport.send({ idempotencyKey: newKey(), ...call, signal: until(call.signal) }, readNothing);
  }
  return {
    ask,
    write,
    pairing: (signal) => ask(pairingSchema, get(routes.pairing, signal)),
    cancelRequest: (id, signal) => write({ method: 'DELETE', path: routes.scanRequest(id), signal }),
    searchRequests: (query, signal) => ask(scanRequestListSchema, post(routes.scanRequestsSearch, query, signal)),
    searchScans: (query, signal) => ask(scanListSchema, post(routes.scansSearch, query, signal)),
    scan: (orderId, signal) => ask(scanDetailSchema, get(routes.scan(orderId), signal)),
    markRead: (orderId, version, read = true, signal) =>
      ask(unreadSchema, { ...post(routes.scanRead(orderId), { version, read }, signal), idempotencyKey: newKey() }),
    assetUrl: (link) => new URL(link, base).href,
  };
}
