import type { Clock, Log } from '../deps.ts';
import { rawEndpoint, type Endpoint } from '../http/endpoint.ts';
import type { HttpContext } from '../http/env.ts';
import { alreadySent } from '../http/node-response.ts';
import { ProblemError } from '../http/problem-error.ts';
import { refuseHead } from '../http/refuse-head.ts';
import { takeConnection } from '../http/take-connection.ts';
import type { SessionLookup } from '../session/session.ts';
import type { Principal } from '../tenancy.ts';
import type { EventLog } from './event-log.ts';
import { firstFrame, resetFrame } from './frame.ts';
import { attach } from './reader-connection.ts';
import { StreamHub } from './stream-hub.ts';
import { StreamReader, type ReaderParts } from './stream-reader.ts';

export interface EventStream {
  readonly endpoints: readonly Endpoint[];
  /** Open connections, for metrics. */
  readonly size: number;
  start(): void;
  stop(): void;
}

/** `GET /v1/events`: written to the socket itself; Hono's own streaming costs many times the memory and is unbounded. */
export function createEventStream(parts: {
  events: EventLog;
  sessions: Pick<SessionLookup, 'onRevoked'>;
  /** Name of the active Align environment: streams of another one end, the client renews its session. */
  environment: () => string;
  clock: Clock;
  log: Log;
}): EventStream {
  const { events, clock } = parts;
  const hub = new StreamHub(parts);
  const shared: ReaderParts = { events, now: () => clock.now(), log: parts.log };
  let stopListening: (() => void) | null = null;

  async function open(context: HttpContext, principal: Principal, lastEventId: string | undefined) {
    const bounds = await events.bounds(principal);
    if (!hub.running) throw new ProblemError('shutting_down');
    const resumeAt = toPosition(lastEventId, bounds);
    const connection = await takeConnection(context, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    });
    return { connection, bounds, resumeAt, position: resumeAt ?? bounds.last };
  }

  const endpoint = rawEndpoint({
    method: 'get',
    path: '/v1/events',
    auth: 'session',
    scopes: ['pair:read', 'scan-request:read', 'scan:read'],
    summary: 'Event stream (SSE). Resumes by Last-Event-ID; `stream.reset` tells that events were lost.',
    async handle(context) {
      refuseHead(context, ['get']);
      const principal = context.get('principal');
      const { vendor, tenant } = principal;
      const lastEventId = context.req.header('last-event-id');
      // Whoever is revoked while the connection is made has no reader yet that could be ended.
      const revoked = new Set<string | null>();
      const unwatch = parts.sessions.onRevoked((sessionId) => revoked.add(sessionId));
      const { connection, bounds, resumeAt, position } = await open(context, principal, lastEventId).finally(unwatch);
      const ended = revoked.has(principal.sessionId) || revoked.has(null);
      if (!hub.running || ended || connection.destroyed) {
        connection.destroy();
        return alreadySent;
      }
      const reader = hub.join(
        { vendor, tenant },
        bounds.last,
        (channel) => new StreamReader(principal, connection, channel, position, shared),
      );
      attach(connection, reader, hub);
      reader.send(resumeAt === null ? resetFrame(position) : firstFrame(position));
      void reader.catchUp();
      return alreadySent;
    },
  });

  return {
    endpoints: [endpoint],
    get size() {
      return hub.size;
    },
    start() {
      hub.start();
      stopListening = parts.sessions.onRevoked((sessionId) => hub.endSession(sessionId));
    },
    stop() {
      stopListening?.();
      hub.stop();
    },
  };
}

/**
 * Where to go on: the newest event for a new reader, its last one for a returning one; null when that one cannot be
 * resumed from: no number, never given out, or removed by retention. The header is untrusted input.
 */
export function toPosition(lastEventId: string | undefined, bounds: { last: number; prunedTo: number }): number | null {
  if (lastEventId === undefined || lastEventId === '') return bounds.last;
  if (!/^\d{1,15}$/.test(lastEventId)) return null;
  const id = Number(lastEventId);
  return id > bounds.last || id < bounds.prunedTo ? null : id;
}
