import type { Clock } from '../deps.ts';
import type { DirectCall, DirectRoute } from '../http/direct.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { Connections } from '../pairing/connections.ts';
import type { ConnectionRow } from '../store/schema.ts';
import type { HintInbox } from './hint-inbox.ts';
import { parseNotification, type Notification } from './notification.ts';

/** A burst of notifications looks up its connection once in so long (ms). */
const FRESH_MS = 1000;
const MAX_ROUTES = 1000;

type Routes = Map<string, { connection: ConnectionRow; at: number }>;

/** `POST|GET /v1/callbacks/{token}` and `…/partner/{token}`: answers 2xx only after the hint is on disk (product.md promise 1). */
export function createCallbackRoutes(parts: {
  inbox: HintInbox;
  connections: Pick<Connections, 'routeCallback' | 'partnerEnvironment' | 'routePartnerCallback'>;
  clock: Clock;
}): DirectRoute[] {
  const { inbox, connections, clock } = parts;
  // Two, for a token that is made to look like an account's key must find none of its entries.
  const byToken: Routes = new Map();
  const byAccount: Routes = new Map();

  function fresh(found: Routes, address: string): ConnectionRow | null {
    const known = found.get(address);
    const now = clock.now();
    return known !== undefined && now - known.at < FRESH_MS && now >= known.at ? known.connection : null;
  }

  async function look(found: Routes, address: string, lookup: Promise<ConnectionRow | null>): Promise<ConnectionRow> {
    found.delete(address);
    const connection = await lookup.catch((error: unknown) => {
      inbox.noteRefused(error);
      throw error;
    });
    // The same answer for a token that never was, one that is over, and an account that is not connected here.
    if (connection === null) throw new ProblemError('not_found');
    if (found.size >= MAX_ROUTES) found.clear();
    found.set(address, { connection, at: clock.now() });
    return connection;
  }

  return [
    {
      path: '/v1/callbacks/:token',
      methods: {
        post: 'Align tells that a case is ready or changed',
        get: 'The same as a query: the real verb is not public',
      },
      async handle(call) {
        const token = call.parameter;
        const connection = fresh(byToken, token) ?? (await look(byToken, token, connections.routeCallback(token)));
        const { rxId, accountNumber } = read(call);
        if (accountNumber !== null && accountNumber !== connection.account_id) {
          // Kept all the same: what it leads to is asked for under this connection alone, whatever the payload says.
          call.log.warn({ connection: connection.id }, 'a notification names another account than its address');
        }
        await inbox.put(connection, rxId);
      },
    },
    {
      path: '/v1/callbacks/partner/:token',
      methods: {
        post: 'The same at the address of the partner registration: routed by its account number',
        get: 'The same as a query',
      },
      async handle(call) {
        const environment = connections.partnerEnvironment(call.parameter);
        if (environment === null) throw new ProblemError('not_found');
        const { rxId, accountNumber } = read(call);
        if (accountNumber === null) throw missing('accountNumber', 'the number of an account');
        const address = `${environment} ${accountNumber}`;
        const lookup = (): Promise<ConnectionRow | null> =>
          connections.routePartnerCallback(environment, accountNumber);
        await inbox.put(fresh(byAccount, address) ?? (await look(byAccount, address, lookup())), rxId);
      },
    },
  ];
}

function read({ contentType, body, query }: DirectCall): Notification {
  const notification = parseNotification({ contentType, body, query });
  if (notification === null) throw missing('rxId', 'the id of an RX');
  return notification;
}

function missing(path: string, expected: string): ProblemError {
  return new ProblemError('invalid_request', { errors: [{ path, expected }] });
}
