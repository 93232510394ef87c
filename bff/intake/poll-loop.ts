import type { Random } from '../deps.ts';
import type { EventLog } from '../events/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import { faultFields, isPassing, retryAfterOf, toBackgroundProblem } from './background-health.ts';
import { createDueLoop, soonest, toLocal, type DueLoop, type Rest, type Slots } from './due-loop.ts';
import type { IntakeParts } from './intake-parts.ts';
import { duePolls, nextPoll, type Which } from './poll-due.ts';
import { mendDueTimes } from './mend-times.ts';
import { createPollLeases } from './poll-lease.ts';
import { createPollProgress } from './poll-progress.ts';
import { runRound, type Round } from './poll-round.ts';
import { toOutcome, type Leave } from './upstream-breaker.ts';

const CONCURRENT = 8;
/** Clinics whose calls fail or hang leave slots for the others. */
const FOR_TROUBLED = 3;
/** Looked at beyond the free slots: some of them may be held back. */
const MORE = 50;
/** Clinics that failed lately, left out of a query: more of them do not fit into one. */
const MOST_TROUBLED = 5000;
/** Times that lie in the future because a clock was set back are looked for so often (ms). */
const MEND_EVERY_MS = 600_000;
/** Spreads the clinics; it only adds to the floor. */
const JITTER = 0.05;

export interface PollParts extends IntakeParts {
  readonly events: EventLog;
  readonly random: Random;
  /** Told after each round, e.g. to repeat Pair when the callback is suspect. Must not reject. */
  readonly afterRound?: (connection: ConnectionRow) => Promise<void>;
}

/** Lists every paired account again and again: what no notification told comes in so (align-api §8). */
export function createPollLoop(parts: PollParts): DueLoop {
  const { store, align, health, breaker, quiet, clock, log, random, meter } = parts;
  const leases = createPollLeases({
    store,
    clock,
    holder: Buffer.from(random.bytes(12)).toString('base64url'),
  });
  const roundParts = {
    ...parts,
    leases,
    progress: createPollProgress(parts),
    unbounded: new Set<string>(),
    lookedUpTo: new Map<string, number>(),
  };
  const troubled = new Set<string>();
  let toldDown = false;
  let mendedAt = -Infinity;

  async function roundUnder(leave: Leave, connection: ConnectionRow, signal: AbortSignal, rest: Rest): Promise<Round> {
    try {
      const answered = (): void => leave.end({ kind: 'answered' });
      return await runRound(roundParts, connection, { signal, rest, answered });
    } catch (error) {
      leave.end(toOutcome(error));
      throw error;
    }
  }

  async function poll(connection: ConnectionRow, leave: Leave, signal: AbortSignal, rest: Rest): Promise<void> {
    // Of its own environment, also when another one is switched to meanwhile: its floor is not another's.
    const { timings } = align.environment();
    if (!(await leases.take(connection, timings))) return;
    // Told to a look, or to another instance, that died before it could put the account's next round off.
    const silentFor = await quiet.left(connection);
    if (silentFor > 0) return leases.release(connection, silentFor);
    let retryAfter = 0;
    try {
      const { complete, unreadable } = await roundUnder(leave, connection, signal, rest);
      meter?.poll(complete ? 'complete' : 'moved');
      if (!complete) {
        log.info({ connection: connection.id }, 'the listing moved while it was read; the rest is listed next round');
      }
      await health.note(connection, unreadable === 0 ? null : 'upstream_wrong_shape');
    } catch (error) {
      retryAfter = retryAfterOf(error) ?? 0;
      if (!signal.aborted) {
        await quiet.keep(connection, retryAfter);
        await tell(connection, error);
      }
    } finally {
      const { pollFloor } = timings;
      const floor = pollFloor + Math.floor(random.fraction() * JITTER * pollFloor);
      await leases.release(connection, Math.max(floor, retryAfter, await quiet.left(connection)));
    }
    await parts.afterRound?.(connection);
  }

  async function tell(connection: ConnectionRow, error: unknown): Promise<void> {
    const problem = toBackgroundProblem(error) ?? 'internal';
    meter?.poll(problem === 'rate_limited' ? 'limited' : 'failed');
    const fields = { ...faultFields(connection, problem, error), ...(problem === 'internal' && { error }) };
    // The breaker tells once that upstream is away.
    if (isPassing(problem)) log.debug(fields, 'a check failed');
    else log.warn(fields, 'a check failed');
    await health.note(connection, problem);
  }

  async function mendTimes(environment: string): Promise<void> {
    if (clock.now() - mendedAt < MEND_EVERY_MS && clock.now() >= mendedAt) return;
    mendedAt = clock.now();
    await leases.mend(environment, align.environment().timings);
    await mendDueTimes(store, environment);
  }

  /** A clinic that is not even asked for is told why, once. */
  async function tellDown(environment: string): Promise<void> {
    const isDown = breaker.isDown();
    if (isDown && !toldDown) await health.noteDown(environment);
    toldDown = isDown;
  }

  function launch(slots: Slots, connection: ConnectionRow): void {
    const { id } = connection;
    const isTroubled = breaker.isTroubled(id);
    if (isTroubled && troubled.size >= FOR_TROUBLED) return;
    const leave = breaker.enter(id, true);
    if (leave === null) return;
    if (isTroubled) troubled.add(id);
    slots.launch(id, async (signal, rest) => {
      try {
        await poll(connection, leave, signal, rest);
      } finally {
        leave.end({ kind: 'nothing' });
        troubled.delete(id);
      }
    });
  }

  /** @param kept slots that stay free */
  async function begin(slots: Slots, environment: string, now: number, kept: number, which: Which): Promise<void> {
    for (const connection of await duePolls(store, environment, now, slots.free() + MORE, which)) {
      if (slots.free() <= kept || !breaker.admitsAnybody()) return;
      if (!slots.has(connection.id)) launch(slots, connection);
    }
  }

  return createDueLoop({
    name: 'polls',
    clock,
    log,
    limit: CONCURRENT,
    activity: parts.activity,
    async pass(slots) {
      const environment = align.environment().name;
      await mendTimes(environment);
      const now = await store.now();
      await tellDown(environment);
      // Those that find no slot, or are held back, are looked at again when a round has ended. Clinics that fail are due for
      // longer than the others, and must not stand in front of them; nor the others always in front of them.
      const failing = breaker.troubled().slice(0, MOST_TROUBLED);
      const kept = failing.length > 0 && troubled.size === 0 ? 1 : 0;
      await begin(slots, environment, now, kept, { but: failing });
      if (failing.length > 0) await begin(slots, environment, now, 0, { only: failing });
      return soonest(toLocal(clock, now, await nextPoll(store, environment, now)), breaker.nextChange());
    },
  });
}
