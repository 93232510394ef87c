import { ownStorage } from './own-storage.ts';
import { toProblem, type ProblemCode } from '../../../shared/problem.ts';
import { toScopes, type Scope, type SessionRequest } from '../../../shared/session.ts';
import type { KeepOwner } from '../../../widget/core/keep.ts';
import type { EventData, EventType } from '../../../shared/stream-event.ts';

export interface FakeCall {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly headers: Headers;
  readonly signal: AbortSignal | null;
}

export type FakeReply =
  | { readonly json: unknown; readonly status?: number }
  | { readonly problem: ProblemCode; readonly errors?: { path: string; expected: string }[] }
  | { readonly status: number }
  | { readonly text: string; readonly status?: number };

export type FakeAnswer = FakeReply | ((call: FakeCall) => FakeReply | Promise<FakeReply>);

export interface FakeBff {
  /** Every call to the BFF but the stream, oldest first. */
  readonly calls: readonly FakeCall[];
  /** What the elements asked the practice system for. */
  readonly sessionRequests: readonly SessionRequest[];
  /** Streams that are open now. */
  readonly openStreams: number;
  /** `Last-Event-ID` of every stream that was opened. */
  readonly resumedFrom: readonly (string | null)[];
  /** Calls to this route get this answer, until another is set. `path` is exact, or a RegExp. */
  answer(method: string, path: string | RegExp, answer: FakeAnswer): void;
  /** An answer that waits until `release()`. */
  hold(method: string, path: string | RegExp, answer: FakeAnswer): { release(): void };
  /** Sends an event to every open stream. */
  push(type: EventType, data?: EventData): void;
  /** Sends `stream.reset`. */
  reset(): void;
  /** The server ends every stream. */
  endStreams(): void;
  /** Tokens given so far are refused with 401 from now on, streams end. */
  endSession(): void;
  /** The practice system refuses, or grants again. */
  refuseSessions(refuse?: boolean): void;
  /** Scopes of the sessions given from now on; null: what the components asked for. */
  grant(scopes: readonly Scope[] | null): void;
  /** Whom the sessions are of, as they are kept in the browser. */
  readonly owner: KeepOwner;
  /** The next sessions are of this user. */
  signInAs(user: string): void;
  /** Sessions from now on name the group that may share a stream; streams tell their place and resume exactly. */
  share(group: (request: SessionRequest, user: string) => string): void;
  offline(): void;
  online(): void;
  restore(): void;
}

export const SESSION_URL = '/dpms/itero-session';

function matches(path: string | RegExp, asked: string): boolean {
  return typeof path === 'string' ? path === asked : path.test(asked);
}

function encode(value: object): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** Replaces `fetch` of this page by a scripted BFF and practice system. Unscripted routes answer 404 `not_found`. */
export function installFakeBff(): FakeBff {
  const realFetch = globalThis.fetch;
  const calls: FakeCall[] = [];
  const sessionRequests: SessionRequest[] = [];
  const resumedFrom: (string | null)[] = [];
  const answers: { method: string; path: string | RegExp; answer: FakeAnswer }[] = [];
  const streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const held = new Set<() => void>();
  const encoder = new TextEncoder();
  let validFrom = 1;
  let tokens = 0;
  let lastId = 0;
  let requests = 0;
  let refusing = false;
  let down = false;
  let scopes: readonly Scope[] | null = null;
  let user = 'dr-lee';
  let groupOf: ((request: SessionRequest, user: string) => string) | undefined;
  const log: { id: number; lines: string }[] = [];

  const owner = (): KeepOwner => ({ vendor: 'acme', tenant: 'north', sub: user });

  function mint(request: SessionRequest): string {
    const { components } = request;
    const number = ++tokens;
    const granted = scopes ?? toScopes(Object.fromEntries(components.map((name) => [name, { enabled: true }])));
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      ...owner(),
      sid: `sid-${number}`,
      iat: now,
      exp: now + 900,
      livemode: false,
      scope: granted.join(' '),
      // Test files run at the same time in one origin, where locks and channels are common to all.
      ...(groupOf && { group: `${ownStorage} ${groupOf(request, user)}` }),
      number,
    };
    return `${encode({ alg: 'none' })}.${encode(claims)}.x`;
  }

  function refusal(headers: Headers): Response | undefined {
    const token = headers.get('Authorization')?.replace('Bearer ', '') ?? '';
    const claims = JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')) || '{}');
    return Number(claims.number) >= validFrom ? undefined : respond({ problem: 'session_expired' });
  }

  function respond(reply: FakeReply): Response {
    const headers = { 'X-Request-Id': `req-${++requests}` };
    if ('problem' in reply) {
      const body = toProblem(reply.problem, headers['X-Request-Id'], reply.errors ? { errors: reply.errors } : {});
      return Response.json(body, { status: body.status, headers });
    }
    if ('json' in reply) return Response.json(reply.json, { status: reply.status ?? 200, headers });
    if ('text' in reply) return new Response(reply.text, { status: reply.status ?? 200, headers });
    return new Response(null, { status: reply.status, headers });
  }

  function openStream(headers: Headers, signal: AbortSignal | null): Response {
    const from = headers.get('Last-Event-ID');
    resumedFrom.push(from);
    let own: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        own = controller;
        streams.add(controller);
        const place = groupOf ? `id: ${from ?? lastId}\n` : '';
        controller.enqueue(encoder.encode(`${place}event: heartbeat\ndata: {"heartbeatTimeout":20000}\n\n`));
        if (groupOf && from !== null) {
          const missed = log.filter(({ id }) => id > Number(from));
          for (const { lines } of missed) controller.enqueue(encoder.encode(lines));
        }
        signal?.addEventListener('abort', () => {
          if (streams.delete(own)) own.error(new DOMException('aborted', 'AbortError'));
        });
      },
      cancel() {
        streams.delete(own);
      },
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  }

  async function fake(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    const url = new URL(input instanceof Request ? input.url : input, document.baseURI);
    const headers = new Headers(init.headers);
    const signal = init.signal ?? null;
    signal?.throwIfAborted();
    if (down) throw new TypeError('Failed to fetch');
    const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
    if (url.pathname === SESSION_URL) {
      sessionRequests.push(body as SessionRequest);
      if (refusing) return new Response('signed out', { status: 403 });
      const token = mint(body as SessionRequest);
      return Response.json({ session_token: token, expires_at: new Date(Date.now() + 900_000).toISOString() });
    }
    if (!url.pathname.startsWith('/v1/')) return realFetch(input, init);
    const refused = refusal(headers);
    if (url.pathname === '/v1/events') return refused ?? openStream(headers, signal);
    const call: FakeCall = { method: init.method ?? 'GET', path: url.pathname, body, headers, signal };
    calls.push(call);
    if (refused) return refused;
    const scripted = answers.findLast((one) => one.method === call.method && matches(one.path, call.path));
    const answer = scripted?.answer ?? { problem: 'not_found' as const };
    const reply = await untilAborted(Promise.resolve(typeof answer === 'function' ? answer(call) : answer), signal);
    if (down) throw new TypeError('Failed to fetch');
    return respond(reply);
  }

  function send(lines: string): void {
    for (const controller of streams) controller.enqueue(encoder.encode(lines));
  }

  function endStreams(): void {
    for (const controller of streams) controller.close();
    streams.clear();
  }

  globalThis.fetch = fake;
  return {
    calls,
    sessionRequests,
    resumedFrom,
    get openStreams() {
      return streams.size;
    },
    get owner() {
      return owner();
    },
    answer(method, path, answer) {
      answers.push({ method, path, answer });
    },
    hold(method, path, answer) {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
        held.add(resolve);
      });
      answers.push({
        method,
        path,
        async answer(call) {
          await released;
          return typeof answer === 'function' ? answer(call) : answer;
        },
      });
      return { release };
    },
    push(type, data = {}) {
      const id = ++lastId;
      const lines = `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
      log.push({ id, lines });
      send(lines);
    },
    reset() {
      send('event: stream.reset\ndata: {}\n\n');
    },
    endStreams,
    endSession() {
      validFrom = tokens + 1;
      endStreams();
    },
    refuseSessions(refuse = true) {
      refusing = refuse;
    },
    grant(granted) {
      scopes = granted;
    },
    signInAs(id) {
      user = id;
    },
    share(group) {
      groupOf = group;
    },
    offline() {
      down = true;
      for (const controller of streams) controller.error(new TypeError('network error'));
      streams.clear();
    },
    online() {
      down = false;
      window.dispatchEvent(new Event('online'));
    },
    restore() {
      for (const release of held) release();
      endStreams();
      globalThis.fetch = realFetch;
    },
  };
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | null): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
