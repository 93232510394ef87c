import type { Random } from '../deps.ts';
import type { EventLog } from '../events/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import { retryAfterOf, toBackgroundProblem } from './background-health.ts';
import { createDueLoop, type DueLoop } from './due-loop.ts';
import type { IntakeParts } from './hint-loop.ts';
import { createPollLeases } from './poll-lease.ts';
import { runRound, type Round } from './poll-round.ts';

const CONCURRENT = 4;
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
  const { store, connections, align, health, clock, log, random, events } = parts;
  const leases = createPollLeases({
    store,
    clock,
    timings: () => align.environment().timings,
    holder: Buffer.from(random.bytes(12)).toString('base64url'),
  });

  async function poll(connection: ConnectionRow, signal: AbortSignal): Promise<void> {
    if (!(await leases.take(connection))) return;
    let retryAfter = 0;
    try {
      const round = await runRound({ ...parts, leases }, connection, signal);
      await finish(connection, round);
    } catch (error) {
      retryAfter = retryAfterOf(error) ?? 0;
      const problem = signal.aborted ? null : (toBackgroundProblem(error) ?? 'internal');
      if (problem !== null) {
        log.warn({ connection: connection.id, problem, ...(problem === 'internal' && { error }) }, 'a check failed');
        await health.note(connection, problem);
      }
    } finally {
      const { pollFloor } = align.environment().timings;
      const floor = pollFloor + Math.floor(random.fraction() * JITTER * pollFloor);
      await leases.release(connection, Math.max(floor, retryAfter));
    }
    await parts.afterRound?.(connection);
  }

  async function finish(connection: ConnectionRow, round: Round): Promise<void> {
    const { heldAt } = round;
    await health.note(connection, heldAt === null ? null : 'upstream_wrong_shape');
    if (!round.complete) {
      log.info({ connection: connection.id }, 'the listing moved while it was read; it is listed again next round');
      return;
    }
    const { window, count } = round;
    const now = clock.now();
    await store.write(async (tx) => {
      await tx
        .updateTable('connections')
        .set({
          // Never past an order that could not be read: no case may be lost for that.
          cursor_at: Math.min(window.to, heldAt ?? window.to),
          ...(heldAt === null && { last_full_check_at: now }),
          ...(window.first && { backfilled_at: now }),
        })
        .where('id', '=', connection.id)
        .execute();
      if (!window.first) return;
      const { vendor, tenant, environment } = connection;
      await events.append(tx, { vendor, tenant, environment, type: 'pairing.backfilled', data: { count } });
    });
  }

  return createDueLoop({
    name: 'polls',
    clock,
    log,
    limit: CONCURRENT,
    activity: parts.activity,
    async pass(slots) {
      let soonest: number | null = null;
      for (const connection of await connections.pollable(align.environment().name)) {
        if (slots.has(connection.id)) continue;
        const due = await leases.notBefore(connection);
        if (due > clock.now()) soonest = Math.min(soonest ?? due, due);
        // Those that find no slot are looked at again when a round has ended.
        else if (slots.free() > 0) slots.launch(connection.id, (signal) => poll(connection, signal));
      }
      return soonest;
    },
  });
}
