/** The event stream behind a real HTTP server; the bearer is the principal itself, as JSON. */
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { createEventLog, createEventStream, type EventEntry } from '../../../bff/events/index.ts';
import type { Env } from '../../../bff/http/env.ts';
import type { RawEndpoint } from '../../../bff/http/endpoint.ts';
import type { Principal } from '../../../bff/tenancy.ts';
import type { Store } from '../../../bff/store/index.ts';
import { SCOPES } from '../../../shared/session.ts';
import { handClock, openTestStore, silent, START } from './fixtures.ts';

export const person: Principal = {
  vendor: 'acme',
  tenant: 'clinic',
  environment: 'sandbox',
  userId: 'u1',
  userName: 'Dentist',
  clinicName: null,
  sessionId: 's1',
  scopes: SCOPES,
  patient: null,
  expiresAt: START + 3_600_000,
};

export async function startStreamServer(options: { store?: Store } = {}) {
  const clock = handClock();
  const store = options.store ?? (await openTestStore(clock));
  const events = createEventLog({ store, clock });
  const revoked = new Set<(sessionId: string) => void>();
  const environment = { name: 'sandbox' };
  const sessions = {
    onRevoked: (listener: (sessionId: string) => void) => {
      revoked.add(listener);
      return () => revoked.delete(listener);
    },
  };
  const stream = createEventStream({ events, sessions, environment: () => environment.name, clock, log: silent });
  const app = new Hono<Env>();
  app.get('/v1/events', (context) => {
    const bearer = context.req.header('authorization')?.slice('Bearer '.length) ?? '{}';
    context.set('principal', { ...person, ...(JSON.parse(bearer) as Partial<Principal>) });
    context.env.outgoing.setHeader('Access-Control-Allow-Origin', 'https://dpms.example');
    return (stream.endpoints[0] as RawEndpoint).handle(context);
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  stream.start();
  return {
    clock,
    store,
    events,
    stream,
    environment,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    revoke: (sessionId: string) => {
      for (const listener of revoked) listener(sessionId);
    },
    append: (entry: Partial<EventEntry> = {}) =>
      store.write((tx) =>
        events.append(tx, {
          vendor: 'acme',
          tenant: 'clinic',
          environment: 'sandbox',
          type: 'scan.received',
          data: { orderId: '1' },
          ...entry,
        }),
      ),
    close: async () => {
      stream.stop();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      if (options.store === undefined) await store.close();
    },
  };
}
