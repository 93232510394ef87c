/**
 * Our stream on its real path: events are appended to the log in the store's transactions (SQLite file, synchronous=FULL)
 * and go after the commit, through session, hub and reader, to the connections. Only what makes events is missing.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { createAudit } from '../../../bff/audit/index.ts';
import { createSystemClock, createSystemRandom } from '../../../bff/clock.ts';
import { createEventLog, createEventStream } from '../../../bff/events/index.ts';
import { createAuthenticator } from '../../../bff/http/authenticate.ts';
import { createIdempotency } from '../../../bff/http/idempotency.ts';
import { createHttp } from '../../../bff/http/index.ts';
import { createMetrics } from '../../../bff/http/metrics.ts';
import { Draining, listen } from '../../../bff/http/server.ts';
import { createSessions } from '../../../bff/session/sessions.ts';
import { createSessionTokens } from '../../../bff/session/token.ts';
import { findVendorByKey } from '../../../bff/session/vendor-keys.ts';
import { openStore } from '../../../bff/store/index.ts';
import { createVendors } from '../../../bff/vendors.ts';
import { answerBroadcasts } from './broadcast.ts';
import { answer, machineTime, ready } from './reply.ts';
import { benchConfig, benchLog, ENVIRONMENT, TENANT, VENDOR, VENDOR_KEY } from './settings.ts';

const { process: settings } = benchConfig(process.env['BENCH_DIR'] ?? '');
const { encryptionKeys, publicUrl } = settings;
const [clock, random, log] = [createSystemClock(), createSystemRandom(), benchLog()];
const store = await openStore({ url: settings.store, clock, log });
const vendors = createVendors(settings.vendors);
const environment = { name: ENVIRONMENT, livemode: false };
const tokens = createSessionTokens({ issuer: publicUrl, encryptionKeys, now: () => clock.now() });
const sessions = createSessions({ store, tokens, audit: createAudit(clock), clock, random, log });
const events = createEventLog({ store, clock });
const stream = createEventStream({ events, sessions, environment: () => ENVIRONMENT, clock, log });
const app = createHttp({
  endpoints: stream.endpoints,
  authenticator: createAuthenticator({
    sessions,
    vendors,
    findVendorByKey: (key) => findVendorByKey(vendors, key),
    environment: () => ENVIRONMENT,
  }),
  idempotency: createIdempotency(store, clock),
  vendors,
  store,
  metrics: createMetrics({ process: true, clock }),
  openMetrics: true,
  draining: new Draining(),
  map: () => null,
  clock,
  random,
  log,
  publicUrl,
  version: '0.0.0',
  embedDirectory: '/nowhere',
  verifyAnswers: false,
});

answerBroadcasts(
  (text) =>
    store.write((tx) =>
      events.append(tx, {
        vendor: VENDOR,
        tenant: TENANT,
        environment: ENVIRONMENT,
        type: 'scan.updated',
        data: { orderId: text },
      }),
    ),
  () => stream.size,
);

/** Watches what the stream itself does not tell: when a connection's socket took nothing any more, and when it was cut. */
const full = new Map<Socket, number>();
const WATCH_MS = 50;
const waits: number[] = [];
const open = new Set<Socket>();

function look(): void {
  for (const socket of open) {
    const since = full.get(socket);
    if (socket.destroyed) {
      if (since !== undefined) waits.push(machineTime() - since);
      open.delete(socket);
      full.delete(socket);
    } else if (!socket.writableNeedDrain) full.delete(socket);
    else if (since === undefined) full.set(socket, machineTime());
  }
}

answer({
  /** Begins to watch; costs a look at every connection each time, so only where it is asked for. */
  watch: () => {
    subscribe('net.server.socket', (message) => open.add((message as { socket: Socket }).socket));
    setInterval(look, WATCH_MS).unref();
  },
  /** How long each connection that was cut had taken nothing (ms). */
  waits: () => {
    look();
    return waits;
  },
});

stream.start();
const vendor = vendors.find(VENDOR);
if (vendor === undefined) throw new Error('no vendor');
const wish = {
  tenant: TENANT,
  user: { id: 'u1', displayName: 'Dr. Day' },
  components: { pair: { enabled: true }, scan_request: { enabled: true }, scan_inbox: { enabled: true } },
  expiresIn: 3600,
};
const { session_token: token } = await sessions.mint(vendor, wish, environment);
const { port } = await listen(app, { port: 0, host: '127.0.0.1', clock });
ready(port, { token, vendorKey: VENDOR_KEY });
