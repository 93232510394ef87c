import { AlignFault, type AlignPort } from '../align/index.ts';
import type { Activity, Clock, Log } from '../deps.ts';
import type { Connections } from '../pairing/connections.ts';
import type { Merge } from '../scans/index.ts';
import type { Store } from '../store/index.ts';
import type { Vault } from '../vault/vault.ts';
import { retryAfterOf, toBackgroundProblem, type BackgroundHealth } from './background-health.ts';
import { createDueLoop, type DueLoop } from './due-loop.ts';
import { closeHints, dueHints, nextHint, postponeHints, type HintGroup } from './hints.ts';

const CONCURRENT = 6;
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 300_000;

export interface IntakeParts {
  readonly store: Store;
  readonly connections: Pick<Connections, 'byId' | 'active' | 'pollable'>;
  readonly vault: Vault;
  readonly align: Pick<AlignPort, 'environment' | 'orders' | 'orderByRxId'>;
  readonly merge: Merge;
  readonly health: BackgroundHealth;
  readonly clock: Clock;
  readonly log: Log;
  readonly activity?: Activity | undefined;
}

/** Looks at what notifications pointed to. A hint stays due until upstream gave a clear answer. */
export function createHintLoop(parts: IntakeParts): DueLoop {
  const { store, connections, vault, align, merge, health, clock, log } = parts;

  async function answer(group: HintGroup): Promise<void> {
    const connection = await connections.byId(group.connectionId);
    if (connection === null || connection.state === 'unpaired' || connection.state === 'lost') {
      // The first listing after the clinic is connected again brings what this pointed to.
      return closeHints(store, group, 'gone', 'not_connected');
    }
    try {
      const order = await vault.withToken({ connection }, (token) => align.orderByRxId(token, group.rxId));
      if (order.accountId !== connection.account_id) return await closeHints(store, group, 'gone', 'other_account');
      const { outcome } = await merge.merge({ connection, order, learntBy: 'notification' });
      await closeHints(store, group, 'done', outcome);
      await health.noteAnswer(connection);
    } catch (error) {
      const problem = toBackgroundProblem(error);
      if (problem === null) throw error;
      const until = nextTry(group, error);
      if (until === null) return closeHints(store, group, 'gone', problem);
      await postponeHints(store, group, until, problem);
      if (problem === 'not_found') return;
      log.warn({ connection: connection.id, problem }, 'a notification could not be followed yet');
      await health.note(connection, problem);
    }
  }

  /** Unknown upstream: at 40 s and 80 s, then with pauses that double, like missing files and for as long. Anything else: growing pauses, without end. */
  function nextTry(group: HintGroup, error: unknown): number | null {
    const now = clock.now();
    const { recheckSteps, recheckMax, recheckFor } = align.environment().timings;
    if (error instanceof AlignFault && error.kind === 'not_found') {
      if (now - group.firstReceivedAt >= recheckFor) return null;
      const since = group.firstReceivedAt;
      const step = recheckSteps.find((after) => since + after > now);
      return step === undefined ? now + Math.min(now - since, recheckMax) : since + step;
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(group.attempts, 20), LONGEST_PAUSE_MS);
    return now + Math.max(pause, retryAfterOf(error) ?? 0);
  }

  return createDueLoop({
    name: 'hints',
    clock,
    log,
    limit: CONCURRENT,
    activity: parts.activity,
    async pass(slots) {
      // A burst wakes the loop at every notification: nothing is read that cannot be begun.
      if (slots.free() <= 0) return null;
      const environment = align.environment().name;
      const now = clock.now();
      // In a burst the slots are taken and taking notifications in goes first: looked at again when one has ended.
      if (slots.free() <= 0) return null;
      for (const group of await dueHints(store, environment, now)) {
        if (slots.free() <= 0) return null;
        if (!slots.has(group.key)) slots.launch(group.key, () => answer(group));
      }
      return nextHint(store, environment, now);
    },
  });
}
