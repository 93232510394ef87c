import { toEndpoints, type DirectRoute } from '../http/direct.ts';
import type { Endpoint } from '../http/endpoint.ts';
import type { Connections } from '../pairing/connections.ts';
import type { Rechecks } from '../scans/index.ts';
import { createBackgroundHealth } from './background-health.ts';
import { createCallbackRoutes } from './callback-endpoint.ts';
import { createHintInbox } from './hint-inbox.ts';
import { createHintLoop } from './hint-loop.ts';
import { pruneHints } from './hints.ts';
import { createNotificationNotes } from './notification-notes.ts';
import { createPollLoop, type PollParts } from './poll-loop.ts';
import { createRecheckLoop } from './recheck-loop.ts';
import { createUpstreamBreaker, type UpstreamBreaker } from './upstream-breaker.ts';

/** The three ways in: notifications, polls, rechecks. Each ends in scans/merge. */
export interface Intake {
  readonly endpoints: readonly Endpoint[];
  /** The same, to stand in front of the router. */
  readonly callbacks: readonly DirectRoute[];
  /** Notifications refused since the start because they could not be stored. */
  failures(): number;
  /** For the metrics: whether background calls are held back, and of how many clinics. */
  upstream(): ReturnType<UpstreamBreaker['figures']>;
  start(): void;
  /** Begins nothing more; resolves when what runs has ended. */
  stop(): Promise<void>;
  /** To be run hourly. */
  prune(): Promise<void>;
}

type CallbackRouting = 'routeCallback' | 'partnerEnvironment' | 'routePartnerCallback' | 'noteNotification';

const KEEP_HINTS_MS = 30 * 86_400_000;

export function createIntake(
  parts: Omit<PollParts, 'health' | 'breaker' | 'connections'> & {
    connections: Pick<Connections, 'byId' | 'active' | CallbackRouting>;
    rechecks: Rechecks;
  },
): Intake {
  const breaker = createUpstreamBreaker({ ...parts, onChange: () => wakeAll() });
  const shared = { ...parts, breaker, health: createBackgroundHealth(parts.store) };
  const hints = createHintLoop(shared);
  const rechecks = createRecheckLoop(shared);
  const polls = createPollLoop(shared);
  const loops = [hints, rechecks, polls];
  const notes = createNotificationNotes(parts);
  const inbox = createHintInbox({
    ...parts,
    onStored(ids) {
      hints.told(ids);
      notes.note(ids);
    },
  });
  const callbacks = createCallbackRoutes({ ...parts, inbox });
  let unsubscribe = (): void => {};

  function wakeAll(): void {
    for (const loop of loops) loop.wake();
  }

  return {
    endpoints: callbacks.flatMap(toEndpoints),
    callbacks,
    failures: () => inbox.failures,
    upstream: () => breaker.figures(),
    start() {
      const unhear = parts.store.onWake((topic) => {
        if (topic === 'hints') hints.wake();
      });
      const unlisten = parts.events.onCommitted(({ type }) => {
        // A clinic that was just connected is listed at once; a new case may wait for a file.
        if (type === 'pairing.created') polls.wake();
        if (type === 'scan.received' || type === 'scan.updated') rechecks.wake();
      });
      unsubscribe = () => {
        unhear();
        unlisten();
      };
      for (const loop of loops) loop.start();
    },
    async stop() {
      unsubscribe();
      await Promise.all([...loops.map((loop) => loop.stop()), notes.stop()]);
    },
    prune: () => pruneHints(parts.store, parts.clock.now() - KEEP_HINTS_MS),
  };
}
