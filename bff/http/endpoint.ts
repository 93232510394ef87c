import type * as v from 'valibot';
import type { Scope } from '../../shared/session.ts';
import type { Log } from '../deps.ts';
import type { Principal } from '../tenancy.ts';
import type { HttpContext } from './env.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
export type SuccessStatus = 200 | 201 | 202 | 204;

/** One authenticated, validated call of a JSON route. */
export interface Call<B = undefined> {
  readonly principal: Principal;
  readonly body: B;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly requestId: string;
  readonly log: Log;
  /** Aborts when the client goes away. Writes that have begun upstream must not listen to it. */
  readonly signal: AbortSignal;
  readonly context: HttpContext;
}

/** One call with a vendor key. */
export interface VendorCall<B = undefined> extends Omit<Call<B>, 'principal'> {
  readonly vendor: string;
}

/** An answer with another status than the endpoint's usual one. */
export class Answer<A> {
  readonly status: SuccessStatus;
  readonly body: A;
  constructor(status: SuccessStatus, body: A) {
    this.status = status;
    this.body = body;
  }
}

interface Declared {
  readonly method: Method;
  /** Hono's pattern: `/v1/scans/:orderId`. */
  readonly path: string;
  readonly summary: string;
}

interface JsonParts extends Declared {
  readonly kind: 'json';
  readonly body: v.GenericSchema | null;
  readonly answer: v.GenericSchema | null;
  readonly status: SuccessStatus;
  readonly also: readonly SuccessStatus[];
  readonly idempotent: boolean | 'once';
}

export interface SessionEndpoint extends JsonParts {
  readonly auth: 'session';
  /** The session needs one of these. */
  readonly scopes: readonly Scope[];
  handle(call: Call<unknown>): Promise<unknown>;
}

export interface VendorEndpoint extends JsonParts {
  readonly auth: 'vendor';
  readonly scopes: readonly [];
  handle(call: VendorCall<unknown>): Promise<unknown>;
}

/** Parameters of the query, by name, for OpenAPI. `tenant` names a clinic of the caller's vendor. */
export type QueryParameters = Readonly<Record<string, { readonly description: string; readonly required?: true }>>;

/** Writes its own answer: streams, files, pages, callbacks. Faults it throws become problem documents like any other. */
export interface RawEndpoint extends Declared {
  readonly kind: 'raw';
  readonly auth: 'session' | 'vendor' | 'open';
  readonly scopes: readonly Scope[];
  readonly query?: QueryParameters;
  /** Schema of its JSON form, where it has one. */
  readonly answer?: v.GenericSchema;
  /** Its other media types. */
  readonly media?: readonly string[];
  /** Pattern parameters that are secrets never reach the log: the log has the pattern alone. */
  handle(context: HttpContext): Response | Promise<Response>;
}

export type Endpoint = SessionEndpoint | VendorEndpoint | RawEndpoint;

interface JsonInput<B, A> extends Declared {
  /** Without a schema no body is read. */
  body?: v.GenericSchema<unknown, B>;
  answer?: v.GenericSchema<A>;
  status?: SuccessStatus;
  /** Other statuses that an `Answer` may have. */
  also?: readonly SuccessStatus[];
  /**
   * Takes `Idempotency-Key` (rules.md "Scan requests"). `once`: a run that a crash cut off is never repeated under its
   * key, the repeat is told `request_unconfirmed`.
   */
  idempotent?: true | 'once';
}

export function sessionEndpoint<B = undefined, A = unknown>(
  input: JsonInput<B, A> & { scopes: readonly Scope[]; handle(call: Call<B>): Promise<A | Answer<A>> },
): SessionEndpoint {
  return {
    ...jsonParts(input),
    auth: 'session',
    scopes: input.scopes,
    // The pipeline parses the body with this endpoint's own schema before it calls.
    handle: (call) => input.handle(call as Call<B>),
  };
}

export function vendorEndpoint<B = undefined, A = unknown>(
  input: JsonInput<B, A> & { handle(call: VendorCall<B>): Promise<A | Answer<A>> },
): VendorEndpoint {
  return { ...jsonParts(input), auth: 'vendor', scopes: [], handle: (call) => input.handle(call as VendorCall<B>) };
}

export function rawEndpoint(
  input: Declared & Pick<RawEndpoint, 'auth' | 'handle' | 'query' | 'answer' | 'media'> & { scopes?: readonly Scope[] },
): RawEndpoint {
  return {
    ...input,
    kind: 'raw',
    scopes: input.scopes ?? [],
    handle: (context) => input.handle(context),
  };
}

function jsonParts<B, A>(input: JsonInput<B, A>): JsonParts {
  return {
    kind: 'json',
    method: input.method,
    path: input.path,
    summary: input.summary,
    body: input.body ?? null,
    answer: (input.answer as v.GenericSchema | undefined) ?? null,
    status: input.status ?? 200,
    also: input.also ?? [],
    idempotent: input.idempotent ?? false,
  };
}
