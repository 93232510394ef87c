import type { Hono } from 'hono';
import { AlignFault, createAlign, type AlignPort } from './align/index.ts';
import type { ProcessSettings } from './config.ts';
import type { AlignSource } from './config-source.ts';
import type { Activity, Clock, Fetch, Log, Random } from './deps.ts';
import { createFeatures } from './features.ts';
import { createHourly } from './hourly.ts';
import { createAuthenticator } from './http/authenticate.ts';
import { routeKey } from './http/call-json.ts';
import type { AtOnce } from './http/at-once.ts';
import type { Endpoint } from './http/endpoint.ts';
import type { Env } from './http/env.ts';
import { createIdempotency } from './http/idempotency.ts';
import { createHttp, createShortWays, type HttpParts } from './http/index.ts';
import { createMetrics, type Metrics } from './http/metrics.ts';
import { Draining, listen, listenPlain, type Listener } from './http/server.ts';
import { partnerTokensOf } from './pairing/callback-partner.ts';
import { toProblemError } from './pairing/to-problem-error.ts';
import { createRecovery } from './recovery.ts';
import { findVendorByKey } from './session/vendor-keys.ts';
import { openStore, type Store } from './store/index.ts';
import { createVendors } from './vendors.ts';
import { readVersion } from './version.ts';

export interface BffOptions {
  readonly settings: ProcessSettings;
  readonly align: AlignSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: Fetch;
  readonly log: Log;
  /** Folder of the built embed module. */
  readonly embedDirectory: string;
  /** Figures of the process itself among the metrics. */
  readonly processMetrics?: boolean;
  /** Tests only: an answer that misses its declared schema is a fault. */
  readonly verifyAnswers?: boolean;
  /** Tests only: the database's clock, moved by hand. */
  readonly databaseNow?: (() => number) | undefined;
  /** Tests only: told of whatever runs. */
  readonly activity?: Activity | undefined;
}

export interface Bff {
  readonly app: Hono<Env>;
  /** The short ways that stand in front of it. */
  readonly atOnce: AtOnce;
  /** The table that OpenAPI and the generated tenant tests are made from. */
  readonly endpoints: readonly Endpoint[];
  readonly store: Store;
  readonly align: AlignPort;
  /** Background work, then the port. @param options.listen false: somebody else serves `app` */
  start(options?: { listen?: boolean }): Promise<{ url: string; port: number }>;
  /** Turns new work away, ends streams, finishes what runs, closes the store; asked twice, it stops once. */
  stop(): Promise<void>;
}

/** Running answers get so long to finish after a stop was asked for (ms). */
const GRACE_MS = 10_000;
/** To store what a call upstream has answered (ms). */
const STORE_MS = 15_000;

/** Builds every part and wires them in the order of the flow. Nothing runs until `start`. */
export async function createBff(options: BffOptions): Promise<Bff> {
  const { settings, clock, random, log, activity } = options;
  const { publicUrl } = settings;
  const version = readVersion();
  const vendors = createVendors(settings.vendors);
  const align = createAlign({ settings: () => options.align.current(), fetch: options.fetch, clock, log, activity });
  const store = counted(
    await openStore({ url: settings.store, clock, log, databaseNow: options.databaseNow }),
    activity,
  );
  const { encryptionKeys, dataDir } = settings;
  const metrics = createMetrics({ process: options.processMetrics ?? false, clock });
  const features = createFeatures({
    store,
    align,
    vendors,
    encryptionKeys,
    publicUrl,
    dataDir,
    clock,
    random,
    log,
    activity,
    partnerTokens: () => partnerTokensOf(options.align.current()),
    meter: metrics.flow,
  });
  const { endpoints, sessions } = features;

  const onceRoutes = endpoints.filter(isOnce).map(routeKey);
  const idempotency = createIdempotency(store, clock, {
    onceRoutes,
    isClear: (error) => error instanceof AlignFault && !error.maybeApplied,
    log,
  });
  for (const figure of features.figures) metrics.figure(figure);
  metrics.gauge('itero_streams_open', 'Open event streams', () => features.stream.size);
  metrics.counter('itero_intake_failures_total', 'Notifications refused because they could not be stored', () =>
    features.intakeFailures(),
  );
  const draining = new Draining();
  const http: HttpParts = {
    endpoints,
    authenticator: createAuthenticator({
      sessions,
      vendors,
      findVendorByKey: (key) => findVendorByKey(vendors, key),
      environment: () => options.align.current().environment,
    }),
    idempotency,
    vendors,
    store,
    metrics,
    openMetrics: settings.metricsPort === undefined,
    draining,
    map: (error) => (error instanceof AlignFault ? toProblemError(error) : null),
    clock,
    random,
    log,
    publicUrl,
    version,
    embedDirectory: options.embedDirectory,
    verifyAnswers: options.verifyAnswers ?? false,
  };
  const app = createHttp(http);
  const atOnce = createShortWays({ pictures: features.ready, callbacks: features.callbacks }, http);

  const hourly = createHourly({ clock, log, tasks: { ...features.prune, idempotency: () => idempotency.prune() } });
  const recovery = createRecovery({
    store,
    clock,
    log,
    // Discovery, refresh, call, and both again after a 401; then time to store.
    longestCall: () => 5 * align.environment().timings.requestTimeout + 60_000,
    tasks: {
      requests: (begunUntil) => features.recover(begunUntil),
      idempotency: (begunUntil) => idempotency.recover(onceRoutes, begunUntil),
    },
  });
  const background = [...features.background, hourly, recovery];
  const listeners: Listener[] = [];
  let stopped: Promise<void> | null = null;

  async function openPorts(): Promise<number> {
    const { host, port, metricsPort } = settings;
    const main = await listen(app, { port, host, clock }, atOnce);
    listeners.push(main);
    if (metricsPort !== undefined) listeners.push(await listenForMetrics(metrics, metricsPort, host, clock));
    return main.port;
  }

  return {
    app,
    atOnce,
    endpoints,
    store,
    align,
    async start({ listen: open = true } = {}) {
      const startedAt = clock.now();
      // The port first: a second process that was started by mistake must not touch what the first one is doing.
      const port = open ? await openPorts() : 0;
      await recovery.run(startedAt);
      for (const part of background) part.start();
      return { url: publicUrl, port };
    },
    stop: () => (stopped ??= stop()),
  };

  async function stop(): Promise<void> {
    draining.active = true;
    const closed = listeners.map((listener) => listener.close(GRACE_MS));
    for (const part of background) await part.stop();
    await Promise.all(closed);
    // What still runs has no reader any more, but may be a call upstream whose outcome must be stored: a refresh token that
    // rotates was used up by asking, and without the new one the clinic must sign in again (RFC 9700 §4.14).
    const longest = align.environment().timings.requestTimeout + STORE_MS;
    const enough = new AbortController();
    await Promise.race([draining.idle(), clock.sleep(longest, enough.signal).catch(() => undefined)]);
    enough.abort();
    await Promise.all([features.finish(), idempotency.stop()]);
    await store.close();
  }
}

function counted(store: Store, activity: Activity | undefined): Store {
  if (activity === undefined) return store;
  return { ...store, write: (work, tenant) => activity.run(() => store.write(work, tenant)) };
}

function isOnce(endpoint: Endpoint): boolean {
  return endpoint.kind === 'json' && endpoint.idempotent === 'once';
}

function listenForMetrics(metrics: Metrics, port: number, host: string | undefined, clock: Clock): Promise<Listener> {
  return listenPlain(
    (request, response) => {
      if (request.url !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      metrics.text().then(
        (text) => response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    },
    { port, host, clock },
  );
}
