import type { AlignTimings } from '../align/index.ts';
import type { Clock } from '../deps.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';

type Account = Pick<ConnectionRow, 'environment' | 'account_id'>;

/** Longest that one page may take beside the call itself: merging it (ms). */
const SLACK_MS = 60_000;

/**
 * The right to list one account, held in the database: over all instances, and over an un-pair, two rounds of an account
 * are never closer than the floor (product.md promise 2).
 */
export interface PollLeases {
  /** @returns when the account may be listed next (ms since the epoch); a new account at once */
  notBefore(account: Account): Promise<number>;
  /** @returns whether this process may begin a round now */
  take(account: Account): Promise<boolean>;
  /**
   * Before each call of a round: a process that dies in the middle leaves a floor behind that counts from the latest time
   * at which its call may have ended.
   * @param pause how long this process waits before the call (ms)
   */
  extend(account: Account, pause: number): Promise<void>;
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

  const after = (pause: number): { held_until: number; not_before: number } => {
    const { requestTimeout, pollFloor } = timings();
    const callEnds = clock.now() + pause + requestTimeout;
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

  return {
    async notBefore({ environment, account_id }) {
      const find = () =>
        store.db
          .selectFrom('poll_leases')
          .select(['not_before', 'held_until', 'holder'])
          .where('environment', '=', environment)
          .where('account_id', '=', account_id)
          .executeTakeFirst();
      const row = await find();
      if (row !== undefined) return row.holder === null ? row.not_before : Math.max(row.not_before, row.held_until);
      await store.write((tx) =>
        tx
          .insertInto('poll_leases')
          .values({ environment, account_id, holder: null, held_until: 0, last_ended_at: null, not_before: 0 })
          .onConflict((conflict) => conflict.columns(['environment', 'account_id']).doNothing())
          .execute(),
      );
      return 0;
    },

    async take({ environment, account_id }) {
      const now = clock.now();
      const { numUpdatedRows } = await store.write((tx) =>
        tx
          .updateTable('poll_leases')
          .set({ holder, ...after(0) })
          .where('environment', '=', environment)
          .where('account_id', '=', account_id)
          .where('not_before', '<=', now)
          .where((eb) => eb.or([eb('holder', 'is', null), eb('held_until', '<=', now)]))
          .executeTakeFirst(),
      );
      return numUpdatedRows === 1n;
    },

    async extend(account, pause) {
      const { numUpdatedRows } = await held(account, after(pause));
      // Another instance took over because this one was stuck for too long: it must not call any more.
      if (numUpdatedRows !== 1n) throw new Error('the poll lease was lost');
    },

    async release(account, wait) {
      const now = clock.now();
      await held(account, { holder: null, held_until: 0, last_ended_at: now, not_before: now + wait });
    },
  };
}
