import type { Clock } from '../deps.ts';
import { readText } from '../http/body.ts';
import { rawEndpoint, type Endpoint } from '../http/endpoint.ts';
import type { HttpContext } from '../http/env.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { Connections } from '../pairing/connections.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import { createHintInbox } from './hint-inbox.ts';
import { parseNotification } from './notification.ts';

const BODY_LIMIT = 8192;
/** A burst of notifications looks up its connection once in so long (ms). */
const FRESH_MS = 1000;
const MAX_ROUTES = 1000;

/** `POST|GET /v1/callbacks/{token}`: answers 2xx only after the hint is on disk (product.md promise 1). */
export function createCallbackEndpoints(parts: {
  store: Store;
  connections: Pick<Connections, 'routeCallback' | 'noteNotification'>;
  clock: Clock;
  /** Told after each stored hint. */
  onHint: () => void;
}): Endpoint[] {
  const { connections, clock } = parts;
  const inbox = createHintInbox(parts);
  const routes = new Map<string, { connection: ConnectionRow; at: number }>();

  async function route(token: string, now: number): Promise<ConnectionRow> {
    const known = routes.get(token);
    if (known !== undefined && now - known.at < FRESH_MS && now >= known.at) return known.connection;
    routes.delete(token);
    const connection = await connections.routeCallback(token);
    // The same answer for a token that never was, one that is over, and one of another clinic.
    if (connection === null) throw new ProblemError('not_found');
    if (routes.size >= MAX_ROUTES) routes.clear();
    routes.set(token, { connection, at: now });
    return connection;
  }

  async function handle(context: HttpContext): Promise<Response> {
    const now = clock.now();
    const connection = await route(context.req.param('token') ?? '', now);
    const request = context.req.raw;
    const query = context.req.url.split('?', 2)[1] ?? '';
    const notification = parseNotification({
      contentType: request.headers.get('content-type') ?? '',
      body: await readBody(request),
      query: new URLSearchParams(query),
    });
    if (notification === null) {
      throw new ProblemError('invalid_request', { errors: [{ path: 'rxId', expected: 'the id of an RX' }] });
    }
    if (notification.accountNumber !== null && notification.accountNumber !== connection.account_id) {
      // Kept all the same: what it leads to is asked for under this connection alone, whatever the payload says.
      context.get('log').warn({ connection: connection.id }, 'a notification names another account than its address');
    }
    await inbox.put(connection, notification.rxId);
    parts.onHint();
    return new Response(null, { status: 204 });
  }

  const declared = { path: '/v1/callbacks/:token', auth: 'open', handle } as const;
  return [
    rawEndpoint({ ...declared, method: 'post', summary: 'Align tells that a case is ready or changed' }),
    rawEndpoint({ ...declared, method: 'get', summary: 'The same as a query: the real verb is not public' }),
  ];
}

function readBody(request: Request): Promise<string> | string {
  if (request.method === 'GET' || request.method === 'HEAD') return '';
  const declared = Number(request.headers.get('content-length') ?? Infinity);
  // The HTTP parser holds the sender to the length it declared; without one the reading itself is bounded.
  return declared <= BODY_LIMIT ? request.text() : readText(request, BODY_LIMIT);
}
