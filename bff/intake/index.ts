import type { Endpoint } from '../http/endpoint.ts';
import type { Connections } from '../pairing/connections.ts';
import type { Rechecks } from '../scans/index.ts';
import { createBackgroundHealth } from './background-health.ts';
import { createCallbackEndpoints } from './callback-endpoint.ts';
import type { IntakeParts } from './hint-loop.ts';
import { createHintLoop } from './hint-loop.ts';
import { pruneHints } from './hints.ts';
import { createPollLoop, type PollParts } from './poll-loop.ts';
import { createRecheckLoop } from './recheck-loop.ts';

/** The three ways in: notifications, polls, rechecks. Each ends in scans/merge. */
export interface Intake {
  readonly endpoints: readonly Endpoint[];
  start(): void;
  /** Begins nothing more; resolves when what runs has ended. */
  stop(): Promise<void>;
  /** To be run hourly. */
  prune(): Promise<void>;
}

const KEEP_HINTS_MS = 30 * 86_400_000;

export function createIntake(
  parts: Omit<IntakeParts, 'health' | 'connections'> &
    Omit<PollParts, 'health' | 'connections'> & {
      connections: Pick<Connections, 'byId' | 'active' | 'pollable' | 'routeCallback' | 'noteNotification'>;
      rechecks: Rechecks;
    },
): Intake {
  const shared = { ...parts, health: createBackgroundHealth(parts.store) };
  const hints = createHintLoop(shared);
  const rechecks = createRecheckLoop(shared);
  const polls = createPollLoop(shared);
  const loops = [hints, rechecks, polls];
  let unsubscribe = (): void => {};

  return {
    endpoints: createCallbackEndpoints({ ...parts, onHint: () => hints.wake() }),
    start() {
      unsubscribe = parts.events.onCommitted(({ type }) => {
        // A clinic that was just connected is listed at once; a new case may wait for a file.
        if (type === 'pairing.created') polls.wake();
        if (type === 'scan.received' || type === 'scan.updated') rechecks.wake();
      });
      for (const loop of loops) loop.start();
    },
    async stop() {
      unsubscribe();
      await Promise.all(loops.map((loop) => loop.stop()));
    },
    prune: () => pruneHints(parts.store, parts.clock.now() - KEEP_HINTS_MS),
  };
}
