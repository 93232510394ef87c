import type { AlignTimings } from '../align/index.ts';
import type { Clock } from '../deps.ts';
import type { Store } from '../store/index.ts';
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
  take(account: Account): Promise<boolean>;
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
}

export function createPollLeases(parts: {
  store: Store;
  clock: Clock;
  timings: () => AlignTimings;
  /** Names this process among all instances. */
  holder: string;
}): PollLeases {
  const { store, clock, timings, holder } = parts;
  /** By our own clock: until when the call must have begun. */
  const begunBy = new Map<string, number>();

  // The database's time is always read before the statement that uses it: a stop in between makes it stricter, never looser.
  const after = (now: number, pause: number): { held_until: number; not_before: number } => {
    const { requestTimeout, pollFloor } = timings();
    const callEnds = now + pause + requestTimeout;
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
    const { numUpdatedRows } = await held(account, after(await store.now(), pause));
    // Another instance took over because this one was stuck for too long: it must not call any more.
    if (numUpdatedRows !== 1n) throw new Error('the poll lease was lost');
    begunBy.set(keyOf(account), startedAt + pause + STALE_MS);
  }

  return {
    async take({ environment, account_id }) {
      const now = await store.now();
      const { numUpdatedRows } = await store.write(async (tx) => {
        await tx
          .insertInto('poll_leases')
          .values({ environment, account_id, holder: null, held_until: 0, last_ended_at: null, not_before: 0 })
          .onConflict((conflict) => conflict.columns(['environment', 'account_id']).doNothing())
          .execute();
        return tx
          .updateTable('poll_leases')
          .set({ holder, ...after(now, 0) })
          .where('environment', '=', environment)
          .where('account_id', '=', account_id)
          .where('not_before', '<=', now)
          .where((eb) => eb.or([eb('holder', 'is', null), eb('held_until', '<=', now)]))
          .executeTakeFirst();
      });
      return numUpdatedRows === 1n;
    },

    extend,

    async hold(account) {
      const until = begunBy.get(keyOf(account)) ?? 0;
      if (clock.now() > until) await extend(account, 0);
    },

    async release(account, wait) {
      begunBy.delete(keyOf(account));
      const now = await store.now();
      await held(account, { holder: null, held_until: 0, last_ended_at: now, not_before: now + wait });
    },
  };
}

function keyOf({ environment, account_id }: Account): string {
  return `${environment}\0${account_id}`;
}
