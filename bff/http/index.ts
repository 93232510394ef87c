import { randomUUID } from 'node:crypto';
import type { Hono } from 'hono';
import type { Clock, Log, Random } from '../deps.ts';
import type { Store } from '../store/index.ts';
import type { Vendors } from '../vendors.ts';
import type { Authenticator } from './authenticate.ts';
import { createAtOnce, type AtOnce, type ReadyRoute } from './at-once.ts';
import { createCors } from './cors.ts';
import { createDirect, firstOf, type DirectRoute } from './direct.ts';
import { createEmbedRoute } from './embed.ts';
import type { Endpoint } from './endpoint.ts';
import type { Env } from './env.ts';
import type { Idempotency } from './idempotency.ts';
import type { Metrics } from './metrics.ts';
import { createOpenApiRoute } from './openapi.ts';
import { createMetricsRoute, createProbes } from './probes.ts';
import type { PipelineParts } from './pipeline.ts';
import type { FaultMapper } from './problems.ts';
import { createRouter } from './router.ts';
import type { Draining } from './server.ts';

export interface HttpParts {
  readonly endpoints: readonly Endpoint[];
  readonly authenticator: Authenticator;
  readonly idempotency: Idempotency;
  readonly vendors: Vendors;
  readonly store: Store;
  readonly metrics: Metrics;
  /** `/metrics` is served here and not on a port of its own. */
  readonly openMetrics: boolean;
  readonly draining: Draining;
  readonly map: FaultMapper;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly publicUrl: string;
  readonly version: string;
  readonly embedDirectory: string;
  /** Tests only: an answer that misses its declared schema is a fault. */
  readonly verifyAnswers: boolean;
}

/** A store that does not answer within this is not ready (ms). */
const PROBE_MS = 2_000;

/** Everything the process answers, on one app. */
export function createHttp(parts: HttpParts): Hono<Env> {
  const { endpoints, store, metrics, draining, publicUrl, version } = parts;
  const open = [
    ...createProbes({ draining, isWritable: () => isWritable(store, parts.clock) }),
    createOpenApiRoute(endpoints, { version, publicUrl }),
    createEmbedRoute({ directory: parts.embedDirectory, version }),
    ...(parts.openMetrics ? [createMetricsRoute(metrics)] : []),
  ];
  return createRouter(endpoints, open, toPipelineParts(parts));
}

/** The short ways to some of its routes, to stand in front of the app. */
export function createShortWays(
  routes: { pictures: ReadyRoute; callbacks: readonly DirectRoute[] },
  parts: HttpParts,
): AtOnce {
  const around = toPipelineParts(parts);
  return firstOf(createDirect(routes.callbacks, around), createAtOnce(routes.pictures, around));
}

function toPipelineParts(parts: HttpParts): PipelineParts {
  return { ...parts, cors: createCors(parts.vendors), secure: parts.publicUrl.startsWith('https:') };
}

/**
 * Writes a row, takes it back, and commits: what changes nothing would pass on a full disk. After a fault the store is
 * ready again when this has reached the disk.
 */
async function isWritable(store: Store, clock: Clock): Promise<boolean> {
  const abort = new AbortController();
  const late = clock.sleep(PROBE_MS, abort.signal).then(
    () => false,
    () => false,
  );
  const key = randomUUID();
  // As large as a burst of notifications: a row that finds room in a page says nothing of the disk.
  const probe = { vendor: '', tenant: '', user_id: '', route: 'GET /readyz', key, body_hash: '-'.repeat(8192) };
  const write = store
    .write(async (tx) => {
      await tx
        .insertInto('idempotency')
        .values({ ...probe, status: null, response: null, created_at: clock.now() })
        .execute();
      await tx.deleteFrom('idempotency').where('key', '=', key).where('route', '=', probe.route).execute();
    })
    .then(
      () => true,
      () => false,
    );
  const outcome = await Promise.race([write, late]);
  abort.abort();
  return outcome;
}
