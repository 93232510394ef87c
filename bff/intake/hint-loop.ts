import { AlignFault } from '../align/index.ts';
import { isPassing, retryAfterOf, toBackgroundProblem } from './background-health.ts';
import { createDueLoop, soonest, toLocal, type DueLoop, type Slots } from './due-loop.ts';
import { claimHints, closeHints, dueHints, nextHint, postponeHints, type HintGroup } from './hints.ts';
import type { IntakeParts } from './intake-parts.ts';
import { callUnder, type Leave } from './upstream-breaker.ts';

const CONCURRENT = 6;
/** A clinic's burst leaves slots for the others. */
const PER_CLINIC = 4;
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 300_000;
/** One look may take a refresh and a merge beside its call (ms). */
const CLAIM_SLACK_MS = 30_000;
const ASK_EVERY_MS = 1000;
/**
 * A clinic's burst wakes the loop at every commit, and looking past it reads all that waits: behind one that has its share
 * the others are looked for so often (ms).
 */
const PAST_BURST_EVERY_MS = 250;
/** Queries of one pass: each leaves out more clinics that cannot go on now. */
const QUERIES = 20;

/** Looks at what notifications pointed to. A hint stays due until upstream gave a clear answer. */
export function createHintLoop(parts: IntakeParts): DueLoop {
  const { store, connections, vault, align, merge, health, breaker, clock, log } = parts;
  /** What is being looked at, by clinic. */
  const running = new Map<string, Set<string>>();
  let askedAt = -Infinity;
  /** Only what is held back was found, until one ends or this time comes. */
  let crowdedUntil = -Infinity;
  let lookedPastAt = -Infinity;

  async function answer(group: HintGroup, leave: Leave): Promise<void> {
    const connection = await connections.byId(group.connectionId);
    if (connection === null || connection.state === 'unpaired' || connection.state === 'lost') {
      // The first listing after the clinic is connected again brings what this pointed to.
      return closeHints(store, group, 'gone', 'not_connected');
    }
    try {
      const order = await callUnder(leave, () =>
        vault.withToken({ connection }, (token) => align.orderByRxId(token, group.rxId)),
      );
      if (order.accountId !== connection.account_id) return await closeHints(store, group, 'gone', 'other_account');
      const toldAt = group.firstReceivedAt;
      const { outcome } = await merge.merge({ connection, order, learntBy: 'notification', toldAt });
      await closeHints(store, group, 'done', outcome);
      await health.noteAnswer(connection);
    } catch (error) {
      const problem = toBackgroundProblem(error);
      if (problem === null) throw error;
      const until = nextTry(group, error, await store.now());
      if (until === null) return closeHints(store, group, 'gone', problem);
      await postponeHints(store, group, until, problem);
      if (problem === 'not_found') return;
      const fields = { connection: connection.id, problem };
      // The breaker tells once that upstream is away.
      if (isPassing(problem)) log.debug(fields, 'a notification could not be followed yet');
      else log.warn(fields, 'a notification could not be followed yet');
      await health.note(connection, problem);
    }
  }

  /** Unknown upstream: at 40 s and 80 s, then with pauses that double, like missing files and for as long. Anything else: growing pauses, without end. */
  function nextTry(group: HintGroup, error: unknown, now: number): number | null {
    const { recheckSteps, recheckMax, recheckFor } = align.environment().timings;
    if (error instanceof AlignFault && error.kind === 'not_found') {
      // Noted by the clock of the instance that took it, which may be ahead.
      const since = Math.min(group.firstReceivedAt, now);
      if (now - since >= recheckFor) return null;
      const step = recheckSteps.find((after) => since + after > now);
      return step === undefined ? now + Math.min(now - since, recheckMax) : since + step;
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(group.attempts, 20), LONGEST_PAUSE_MS);
    return now + Math.max(pause, retryAfterOf(error) ?? 0);
  }

  /** False: the clinic cannot go on now. */
  async function begin(slots: Slots, group: HintGroup, now: number): Promise<boolean> {
    const { connectionId, rxId } = group;
    const mine = running.get(connectionId) ?? new Set<string>();
    if (mine.size >= PER_CLINIC) return false;
    const leave = breaker.enter(connectionId);
    if (leave === null) return false;
    mine.add(rxId);
    running.set(connectionId, mine);
    const end = (): void => {
      crowdedUntil = -Infinity;
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

  function mayLookPast(): boolean {
    const now = clock.now();
    if (now - lookedPastAt < PAST_BURST_EVERY_MS) return false;
    lookedPastAt = now;
    return true;
  }

  async function work(slots: Slots, environment: string, now: number): Promise<{ held: boolean }> {
    const held = new Set<string>();
    let past: boolean | null = null;
    for (let query = 0; query < QUERIES; query += 1) {
      if (held.size > 0 && !(past ??= mayLookPast())) break;
      const rxIds = new Set([...running.values()].flatMap((ids) => [...ids]));
      const groups = await dueHints(store, environment, now, { connections: held, rxIds });
      let found = false;
      for (const group of groups) {
        if (slots.free() <= 0 || !breaker.admitsAnybody()) return { held: true };
        if (held.has(group.connectionId) || slots.has(group.key)) continue;
        found = true;
        if (!(await begin(slots, group, now))) held.add(group.connectionId);
      }
      if (!found) break;
    }
    return { held: held.size > 0 };
  }

  return createDueLoop({
    name: 'hints',
    clock,
    log,
    limit: CONCURRENT,
    activity: parts.activity,
    async pass(slots) {
      // A burst wakes the loop at every notification: nothing is read that cannot be begun. Looked at again when one has ended.
      if (slots.free() <= 0) {
        askOthers();
        return null;
      }
      if (clock.now() < crowdedUntil) return crowdedUntil;
      const environment = align.environment().name;
      const now = await store.now();
      const { held } = await work(slots, environment, now);
      const crowded = held && running.size > 0;
      if (crowded) crowdedUntil = clock.now() + PAST_BURST_EVERY_MS;
      const next = toLocal(clock, now, await nextHint(store, environment, now));
      return held ? soonest(next, breaker.nextChange(), crowded ? crowdedUntil : null) : next;
    },
  });
}

function rethrowAfter(task: () => void): (error: unknown) => never {
  return (error) => {
    task();
    throw error;
  };
}
