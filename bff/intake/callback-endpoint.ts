import type { Clock } from '../deps.ts';
import { readText } from '../http/body.ts';
import { rawEndpoint, type Endpoint } from '../http/endpoint.ts';
import type { HttpContext } from '../http/env.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { Connections } from '../pairing/connections.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import { parseNotification } from './notification.ts';

const BODY_LIMIT = 8192;
/** A burst of notifications looks up its connection once per second and notes its time once per second. */
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
  const { store, connections, clock } = parts;
  const routes = new Map<string, { connection: ConnectionRow; at: number; notedAt: number }>();

  async function route(token: string, now: number) {
    const known = routes.get(token);
    if (known !== undefined && now - known.at < FRESH_MS && now >= known.at) return known;
    routes.delete(token);
    const connection = await connections.routeCallback(token);
    // The same answer for a token that never was, one that is over, and one of another clinic.
    if (connection === null) throw new ProblemError('not_found');
    if (routes.size >= MAX_ROUTES) routes.clear();
    const fresh = { connection, at: now, notedAt: 0 };
    routes.set(token, fresh);
    return fresh;
  }

  async function handle(context: HttpContext): Promise<Response> {
    const now = clock.now();
    const routed = await route(context.req.param('token') ?? '', now);
    const { request, url } = { request: context.req.raw, url: context.req.url };
    const notification = parseNotification({
      contentType: request.headers.get('content-type') ?? '',
      body: request.method === 'GET' || request.method === 'HEAD' ? '' : await readText(request, BODY_LIMIT),
      query: new URL(url).searchParams,
    });
    if (notification === null) {
      throw new ProblemError('invalid_request', { errors: [{ path: 'rxId', expected: 'the id of an RX' }] });
    }
    const { connection } = routed;
    if (notification.accountNumber !== null && notification.accountNumber !== connection.account_id) {
      // Kept all the same: what it leads to is asked for under this connection alone, whatever the payload says.
      context.get('log').warn({ connection: connection.id }, 'a notification names another account than its address');
    }
    const note = now - routed.notedAt >= FRESH_MS;
    await store.write(async (tx) => {
      await tx
        .insertInto('hints')
        .values({
          vendor: connection.vendor,
          tenant: connection.tenant,
          environment: connection.environment,
          connection_id: connection.id,
          rx_id: notification.rxId,
          received_at: now,
          state: 'waiting',
          attempts: 0,
          next_at: now,
          outcome: null,
        })
        .execute();
      if (note) await connections.noteNotification(tx, connection.id);
    });
    if (note) routed.notedAt = now;
    parts.onHint();
    return new Response(null, { status: 204 });
  }

  const declared = { path: '/v1/callbacks/:token', auth: 'open', handle } as const;
  return [
    rawEndpoint({ ...declared, method: 'post', summary: 'Align tells that a case is ready or changed' }),
    rawEndpoint({ ...declared, method: 'get', summary: 'The same as a query: the real verb is not public' }),
  ];
}
