import { AlignFault } from '../align/index.ts';
import { pauseAfter } from '../growing-pauses.ts';
import { faultFields, isLasting, isPassing, retryAfterOf, toBackgroundProblem } from './background-health.ts';
import { createDueLoop, soonest, toLocal, type DueLoop, type Slots } from './due-loop.ts';
import {
  claimHints,
  closeHints,
  dueHints,
  postponeHints,
  waitingClinics,
  type HintGroup,
  type WaitingClinic,
} from './hints.ts';
import type { IntakeParts } from './intake-parts.ts';
import { callUnder, type Leave } from './upstream-breaker.ts';

const CONCURRENT = 6;
/** A clinic's burst leaves slots for the others. */
const PER_CLINIC = 4;
const PAUSES = { first: 2000, longest: 300_000 };
/** One look may take a refresh and a merge beside its call (ms). */
const CLAIM_SLACK_MS = 30_000;
const MOST_TURNS = 10_000;
const ASK_EVERY_MS = 1000;
/** Nobody of the clinic is signed in: then and when (ms). */
const WITHOUT_LOGIN_MS = 600_000;

export interface HintLoop extends DueLoop {
  /** Hints of these clinics were stored: a burst of one that has its share already changes nothing. @param ids of connections */
  told(ids: ReadonlySet<string>): void;
}

/** Looks at what notifications pointed to. A hint stays due until upstream gave a clear answer. */
export function createHintLoop(parts: IntakeParts): HintLoop {
  const { store, connections, vault, align, merge, health, breaker, quiet, clock, log } = parts;
  /** What is being looked at, by clinic. */
  const running = new Map<string, Set<string>>();
  /** Whose turn was last, so that a few clinics with much do not take all turns. */
  const turns = new Map<string, number>();
  let turn = 0;
  let askedAt = -Infinity;
  const runningOf = (connectionId: string): number => running.get(connectionId)?.size ?? 0;

  async function answer(group: HintGroup, leave: Leave): Promise<void> {
    const connection = await connections.byId(group.connectionId);
    if (connection === null || connection.state === 'unpaired' || connection.state === 'lost') {
      // The first listing after the clinic is connected again brings what this pointed to.
      return closeHints(store, group, 'gone', 'not_connected');
    }
    if (connection.state === 'needs_login') {
      leave.end({ kind: 'nothing' });
      return postponeHints(store, group, (await store.now()) + WITHOUT_LOGIN_MS, 'needs_login');
    }
    try {
      const askedAt = await store.now();
      const order = await callUnder(leave, () =>
        vault.withToken({ connection }, (token) => align.orderByRxId(token, group.rxId)),
      );
      if (order.accountId !== connection.account_id) return await closeHints(store, group, 'gone', 'other_account');
      const toldAt = group.firstReceivedAt;
      const { outcome } = await merge.merge({ connection, order, learntBy: 'notification', toldAt, askedAt });
      await closeHints(store, group, 'done', outcome);
      await health.noteAnswer(connection);
    } catch (error) {
      const problem = toBackgroundProblem(error);
      if (problem === null) throw error;
      const until = nextTry(group, error, await store.now());
      if (until === null) return closeHints(store, group, 'gone', problem);
      await postponeHints(store, group, until, problem);
      await quiet.keep(connection, retryAfterOf(error));
      if (problem === 'not_found') return;
      const fields = faultFields(connection, problem, error);
      // The breaker tells once that upstream is away.
      if (isPassing(problem)) log.debug(fields, 'a notification could not be followed yet');
      else log.warn(fields, 'a notification could not be followed yet');
      await health.note(connection, problem);
    }
  }

  /**
   * Unknown upstream, or no id to it: at 40 s and 80 s, then with pauses that double, like missing files and for as long. Anything else
   * that upstream says of this RX: growing pauses for as long; the listing finds its case, if there is one. What ends by
   * itself: growing pauses, without end.
   */
  function nextTry(group: HintGroup, error: unknown, now: number): number | null {
    const { recheckSteps, recheckMax, recheckFor } = align.environment().timings;
    // Noted by the clock of the instance that took it, which may be ahead.
    const since = Math.min(group.firstReceivedAt, now);
    if (isLasting(error) && now - since >= recheckFor) return null;
    if (error instanceof AlignFault && (error.kind === 'not_found' || error.kind === 'invalid_request')) {
      const step = recheckSteps.find((after) => since + after > now);
      return step === undefined ? now + Math.min(now - since, recheckMax) : since + step;
    }
    const pause = pauseAfter(PAUSES, group.attempts);
    return now + Math.max(pause, retryAfterOf(error) ?? 0);
  }

  /** False: the clinic cannot go on now. */
  async function begin(slots: Slots, group: HintGroup, now: number): Promise<boolean> {
    const { connectionId, rxId } = group;
    const mine = running.get(connectionId) ?? new Set<string>();
    const leave = breaker.enter(connectionId, false, rxId);
    if (leave === null) return false;
    mine.add(rxId);
    running.set(connectionId, mine);
    const end = (): void => {
      leave.end({ kind: 'nothing' });
      mine.delete(rxId);
      if (mine.size === 0) running.delete(connectionId);
    };
    const until = now + align.environment().timings.requestTimeout + CLAIM_SLACK_MS;
    const claimed = store.shared ? await claimHints(store, group, now, until).catch(rethrowAfter(end)) : group;
    if (claimed === null) end();
    else slots.launch(group.key, () => answer(claimed, leave).finally(end));
    return true;
  }

  /** Another instance may have its hands free. */
  function askOthers(): void {
    const now = clock.now();
    if (!store.shared || now - askedAt < ASK_EVERY_MS) return;
    askedAt = now;
    store.wake('hints');
  }

  /** Clinic by clinic, one of each before the second of any: a burst takes what the others leave. */
  async function work(slots: Slots, environment: string, now: number, clinics: readonly WaitingClinic[]) {
    const found = new Map<string, HintGroup[]>();
    let due = clinics
      .filter(({ connectionId, dueAt }) => dueAt <= now && breaker.admits(connectionId))
      .toSorted((a, b) => turnOf(a) - turnOf(b) || a.dueAt - b.dueAt);
    if (turns.size > MOST_TURNS) turns.clear();
    for (let share = 1; share <= PER_CLINIC && due.length > 0; share += 1) {
      for (const { connectionId } of due) {
        if (slots.free() <= 0 || !breaker.admitsAnybody()) return;
        if (runningOf(connectionId) >= share) continue;
        const groups =
          found.get(connectionId) ?? (await dueHints(store, environment, connectionId, now, rxIdsOf(connectionId)));
        found.set(connectionId, groups);
        const group = groups.shift();
        if (group === undefined || slots.has(group.key)) continue;
        turns.set(connectionId, (turn += 1));
        if (!(await begin(slots, group, now))) groups.length = 0;
      }
      due = due.filter(({ connectionId }) => found.get(connectionId)?.length !== 0);
    }
  }

  function turnOf({ connectionId }: WaitingClinic): number {
    return turns.get(connectionId) ?? 0;
  }

  function rxIdsOf(connectionId: string): ReadonlySet<string> {
    return running.get(connectionId) ?? new Set();
  }

  const loop = createDueLoop({
    name: 'hints',
    clock,
    log,
    limit: CONCURRENT,
    activity: parts.activity,
    async pass(slots) {
      // Nothing is read that cannot be begun. Looked at again when one has ended.
      if (slots.free() <= 0) {
        askOthers();
        return null;
      }
      const environment = align.environment().name;
      const now = await store.now();
      const silent = await quiet.connections(environment, now);
      const waiting = await waitingClinics(store, environment, now);
      await work(
        slots,
        environment,
        now,
        waiting.filter(({ connectionId }) => !silent.has(connectionId)),
      );
      // What is due and was not begun is looked at again when one has ended, or the breaker lets its clinic go on.
      const next = soonest(...waiting.map(({ connectionId, laterAt }) => silent.get(connectionId) ?? laterAt));
      return soonest(toLocal(clock, now, next), breaker.nextChange());
    },
  });

  return {
    ...loop,
    told(ids) {
      if ([...ids].some((id) => runningOf(id) < PER_CLINIC)) loop.wake();
      else askOthers();
    },
  };
}

function rethrowAfter(task: () => void): (error: unknown) => never {
  return (error) => {
    task();
    throw error;
  };
}
