import { LONGEST_WAIT_MS, type AlignTimings } from '../align/index.ts';
import type { Clock } from '../deps.ts';
import type { Store, Tx } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';

type Account = Pick<ConnectionRow, 'environment' | 'account_id'>;

/** Longest that one page may take beside the call itself: merging it (ms). */
const SLACK_MS = 60_000;
/** A process that was stopped for longer between its claim and its call claims anew (ms). */
const STALE_MS = 2000;

/**
 * The right to list one account, held in the database and counted by its clock: over all instances, whatever their own
 * clocks say, and over an un-pair, two rounds of an account are never closer than the floor (product.md promise 2).
 */
export interface PollLeases {
  /** @returns whether this process may begin a round now */
  take(account: Account, timings: AlignTimings): Promise<boolean>;
  /**
   * Before each call of a round: a process that dies in the middle leaves a floor behind that counts from the latest time
   * at which its call may have ended.
   * @param pause how long this process waits before the call (ms)
   * @throws Error when another instance took over
   */
  extend(account: Account, pause: number): Promise<void>;
  /** Right before the call, after the pause. */
  hold(account: Account): Promise<void>;
  /** The round ended now. @param wait until the next one (ms), the floor at least */
  release(account: Account, wait: number): Promise<void>;
  /**
   * The database's clock was set back: what was written before is in its future, and would hold an account for as long as it
   * was ahead. Such a wait begins anew now; no floor is ever shortened by it. To be run now and then.
   */
  mend(environment: string, timings: AlignTimings): Promise<void>;
}

export function createPollLeases(parts: {
  store: Store;
  clock: Clock;
  /** Names this process among all instances. */
  holder: string;
}): PollLeases {
  const { store, clock, holder } = parts;
  /** Rounds under way: what they go by, whatever is configured meanwhile, and until when, by our own clock, the call must have begun. */
  const rounds = new Map<string, { readonly timings: AlignTimings; begunBy: number }>();

  // The database's time is always read before the statement that uses it: a stop in between makes it stricter, never looser.
  const after = (now: number, pause: number, { requestTimeout, pollFloor }: AlignTimings) => {
    // It may begin so much later than it was claimed for (`hold`).
    const callEnds = now + pause + STALE_MS + requestTimeout;
    return { held_until: callEnds + SLACK_MS, not_before: callEnds + pollFloor };
  };
  const held = (account: Account, change: Partial<Record<string, number | string | null>>) =>
    store.write((tx) =>
      tx
        .updateTable('poll_leases')
        .set(change)
        .where('environment', '=', account.environment)
        .where('account_id', '=', account.account_id)
        .where('holder', '=', holder)
        .executeTakeFirst(),
    );

  async function extend(account: Account, pause: number): Promise<void> {
    const startedAt = clock.now();
    const round = rounds.get(keyOf(account));
    if (round === undefined) throw new Error('no round of the account is under way');
    const { numUpdatedRows } = await held(account, after(await store.now(), pause, round.timings));
    // Another instance took over because this one was stuck for too long: it must not call any more.
    if (numUpdatedRows !== 1n) throw new Error('the poll lease was lost');
    round.begunBy = startedAt + pause + STALE_MS;
  }

  return {
    async take(account, timings) {
      const { environment, account_id } = account;
      const now = await store.now();
      const { numUpdatedRows } = await store.write(async (tx) => {
        await tx
          .insertInto('poll_leases')
          .values({ environment, account_id, holder: null, held_until: 0, last_ended_at: null, not_before: 0 })
          .onConflict((conflict) => conflict.columns(['environment', 'account_id']).doNothing())
          .execute();
        return tx
          .updateTable('poll_leases')
          .set({ holder, ...after(now, 0, timings) })
          .where('environment', '=', environment)
          .where('account_id', '=', account_id)
          .where('not_before', '<=', now)
          .where((eb) => eb.or([eb('holder', 'is', null), eb('held_until', '<=', now)]))
          .executeTakeFirst();
      });
      if (numUpdatedRows !== 1n) return false;
      rounds.set(keyOf(account), { timings, begunBy: 0 });
      return true;
    },

    extend,

    async hold(account) {
      const until = rounds.get(keyOf(account))?.begunBy ?? 0;
      if (clock.now() > until) await extend(account, 0);
    },

    async release(account, wait) {
      rounds.delete(keyOf(account));
      const now = await store.now();
      await held(account, { holder: null, held_until: 0, last_ended_at: now, not_before: now + wait });
    },

    async mend(environment, { pollFloor, requestTimeout, pageSpacing }) {
      const now = await store.now();
      await store.write((tx) => beginAnew(tx, environment, now));
      // Of a process that died in the middle of a round there is no end: no wait that anybody may set is longer than this.
      const longest = LONGEST_WAIT_MS + requestTimeout + Math.max(pollFloor, pageSpacing) * 2 + SLACK_MS;
      await store.write((tx) =>
        tx
          .updateTable('poll_leases')
          .set({ holder: null, held_until: 0, not_before: now + requestTimeout + pollFloor })
          .where('environment', '=', environment)
          .where('not_before', '>', now + longest)
          .execute(),
      );
    },
  };
}

/** Ended in the future: as long as they were to wait then, they wait from now. */
function beginAnew(tx: Tx, environment: string, now: number) {
  return tx
    .updateTable('poll_leases')
    .set((eb) => ({ last_ended_at: now, not_before: eb(eb('not_before', '-', eb.ref('last_ended_at')), '+', now) }))
    .where('environment', '=', environment)
    .where('holder', 'is', null)
    .where('last_ended_at', '>', now + SLACK_MS)
    .execute();
}

function keyOf({ environment, account_id }: Account): string {
  return `${environment}\0${account_id}`;
}
