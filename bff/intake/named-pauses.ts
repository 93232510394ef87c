import { isOn, type Pause } from '../pause.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';

type Account = Pick<ConnectionRow, 'id' | 'environment' | 'account_id'>;

/**
 * Upstream asked to be left alone for a time (Retry-After). The breaker keeps it for this process; here it is put on disk, so
 * that neither another instance nor a restart asks for the account before.
 */
export interface NamedPauses {
  /** @param ms from now; null: upstream named none */
  keep(account: Account, ms: number | null): Promise<void>;
  /** How much of it is left (ms). */
  left(account: Account): Promise<number>;
}

export function createNamedPauses(store: Store): NamedPauses {
  /** By connection, by the database's clock: a burst that is refused puts one pause on disk. */
  const kept = new Map<string, Pause>();

  return {
    async keep(account, ms) {
      if (ms === null || ms <= 0) return;
      const since = await store.now();
      const until = since + ms;
      const before = kept.get(account.id);
      // Refused together: their pauses end together.
      if (before !== undefined && isOn(before, since) && until <= before.until + 1000) return;
      kept.set(account.id, { since, until });
      const { id, environment, account_id } = account;
      await store.write((tx) =>
        tx
          .updateTable('poll_leases')
          .set({ not_before: until })
          .where('environment', '=', environment)
          .where('account_id', '=', account_id)
          .where('not_before', '<', until)
          .execute(),
      );
      await store.write((tx) =>
        tx
          .updateTable('hints')
          .set({ next_at: until })
          .where('environment', '=', environment)
          .where('connection_id', '=', id)
          .where('state', '=', 'waiting')
          .where('next_at', '<', until)
          .execute(),
      );
      await store.write((tx) =>
        tx
          .updateTable('scans')
          .set({ recheck_at: until })
          .where('environment', '=', environment)
          .where('connection_id', '=', id)
          .where('recheck_at', '<', until)
          .execute(),
      );
    },

    async left({ id }) {
      const pause = kept.get(id);
      if (pause === undefined) return 0;
      const now = await store.now();
      if (isOn(pause, now)) return pause.until - now;
      // Another one may have come in the meantime.
      if (kept.get(id) === pause) kept.delete(id);
      return 0;
    },
  };
}
