import type * as v from 'valibot';
import { fail, ok, type Result } from '../../shared/result.ts';
import { headers, routes } from '../../shared/routes.ts';
import {
  accountsSchema,
  impactSchema,
  pairingSchema,
  startAuthorizationSchema,
  type Account,
  type Impact,
  type Pairing,
  type StartAuthorization,
} from '../../shared/pairing.ts';
import { practiceSchema, type Practice } from '../../shared/practice.ts';
import {
  patientCheckSchema,
  scanRequestListSchema,
  scanRequestSchema,
  type CorrectPatient,
  type PatientCheck,
  type PatientIdentity,
  type ScanRequest,
  type ScanRequestDraft,
  type ScanRequestList,
} from '../../shared/scan-request.ts';
import {
  fullRxSchema,
  scanDetailSchema,
  scanListSchema,
  unreadSchema,
  type FullRx,
  type ScanDetail,
  type ScanList,
  type SearchScans,
} from '../../shared/scan.ts';
import { readJson } from './answer.ts';
import { clientFault, type Fault } from './fault.ts';
import { newKey, type Call, type Transport } from './transport.ts';

type Answer<T> = Promise<Result<T, Fault>>;

export interface SearchRequests {
  readonly chartNumber?: string;
  readonly open?: boolean;
  readonly cursor?: string;
  readonly limit?: number;
}

/**
 * One method per route. Never throws for expected faults; every answer is parsed with the shared schemas. A call of an
 * element that has left (or whose patient changed) answers the fault `aborted`: ignore it (`isAborted`).
 */
export interface Api {
  pairing(signal?: AbortSignal): Answer<Pairing>;
  startAuthorization(signal?: AbortSignal): Answer<StartAuthorization>;
  accounts(signal?: AbortSignal): Answer<Account[]>;
  choose(accountId: string, signal?: AbortSignal): Answer<Pairing>;
  impact(signal?: AbortSignal): Answer<Impact>;
  unpair(signal?: AbortSignal): Answer<undefined>;
  signOut(signal?: AbortSignal): Answer<undefined>;
  practice(signal?: AbortSignal): Answer<Practice>;
  checkPatient(patient: PatientIdentity, signal?: AbortSignal): Answer<PatientCheck>;
  sendRequest(draft: ScanRequestDraft, idempotencyKey: string, signal?: AbortSignal): Answer<ScanRequest>;
  cancelRequest(id: string, signal?: AbortSignal): Answer<undefined>;
  searchRequests(query: SearchRequests, signal?: AbortSignal): Answer<ScanRequestList>;
  searchScans(query: SearchScans, signal?: AbortSignal): Answer<ScanList>;
  scan(orderId: string, signal?: AbortSignal): Answer<ScanDetail>;
  rx(orderId: string, signal?: AbortSignal): Answer<FullRx>;
  markRead(orderId: string, version: string, read?: boolean, signal?: AbortSignal): Answer<{ unread: number }>;
  correctPatient(body: CorrectPatient, signal?: AbortSignal): Answer<undefined>;
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

/** `leaving` ends every call of this element. */
export function createApi(base: string, transport: Transport, leaving: AbortSignal): Api {
  const until = (signal?: AbortSignal): AbortSignal => (signal ? AbortSignal.any([leaving, signal]) : leaving);
  function ask<S extends v.GenericSchema>(schema: S, call: Call): Answer<v.InferOutput<S>> {
    return transport.send({ ...call, signal: until(call.signal) }, readAs(schema));
  }
  function write(call: Call): Answer<undefined> {
    return transport.send({ idempotencyKey: newKey(), ...call, signal: until(call.signal) }, readNothing);
  }
  const get = (path: string, signal?: AbortSignal): Call => ({ method: 'GET', path, signal });
  const post = (path: string, body: unknown, signal?: AbortSignal): Call => ({ method: 'POST', path, body, signal });

  return {
    pairing: (signal) => ask(pairingSchema, get(routes.pairing, signal)),
    startAuthorization: (signal) => ask(startAuthorizationSchema, post(routes.authorizations, {}, signal)),
    async accounts(signal) {
      const answer = await ask(accountsSchema, get(routes.accounts, signal));
      return answer.ok ? ok(answer.value.accounts) : answer;
    },
    choose: (accountId, signal) =>
      ask(pairingSchema, {
        method: 'PUT',
        path: routes.pairing,
        body: { accountId },
        signal,
        idempotencyKey: newKey(),
      }),
    impact: (signal) => ask(impactSchema, get(routes.impact, signal)),
    unpair: (signal) => write({ method: 'DELETE', path: routes.pairing, signal }),
    signOut: (signal) => write({ method: 'DELETE', path: routes.login, signal }),
    practice: (signal) => ask(practiceSchema, get(routes.practice, signal)),
    checkPatient: (patient, signal) => ask(patientCheckSchema, post(routes.scanRequestsCheck, { patient }, signal)),
    sendRequest: (draft, idempotencyKey, signal) =>
      ask(scanRequestSchema, { ...post(routes.scanRequests, draft, signal), idempotencyKey }),
    cancelRequest: (id, signal) => write({ method: 'DELETE', path: routes.scanRequest(id), signal }),
    searchRequests: (query, signal) => ask(scanRequestListSchema, post(routes.scanRequestsSearch, query, signal)),
    searchScans: (query, signal) => ask(scanListSchema, post(routes.scansSearch, query, signal)),
    scan: (orderId, signal) => ask(scanDetailSchema, get(routes.scan(orderId), signal)),
    rx: (orderId, signal) => ask(fullRxSchema, get(routes.scanRx(orderId), signal)),
    markRead: (orderId, version, read = true, signal) =>
      ask(unreadSchema, { ...post(routes.scanRead(orderId), { version, read }, signal), idempotencyKey: newKey() }),
    correctPatient: (body, signal) => write({ method: 'PATCH', path: routes.patients, body, signal }),
    assetUrl: (link) => new URL(link, base).href,
  };
}
