import { isOn, SET_RIGHT_MS, type Pause } from '../pause.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';

type Account = Pick<ConnectionRow, 'environment' | 'account_id'>;

/**
 * Accounts that upstream asked to leave alone for a time (Retry-After). The breaker keeps it for this process; here it is put on
 * disk, so that neither another instance nor a restart asks before. All times by the database's clock (ms).
 */
export interface QuietAccounts {
  /** @param ms from now; null: upstream named none. What is on already is never made shorter. */
  keep(connection: Account & Pick<ConnectionRow, 'id'>, ms: number | null): Promise<void>;
  /** How much of it is left (ms). */
  left(account: Account): Promise<number>;
  /** Ids of all connections to such accounts, and until when. Mostly there are none. */
  connections(environment: string, now: number): Promise<ReadonlyMap<string, number>>;
}

export function createQuietAccounts(store: Store): QuietAccounts {
  /** By account: a burst that is refused puts one pause on disk. */
  const kept = new Map<string, Pause>();

  return {
    async keep(connection, ms) {
      if (ms === null || ms <= 0) return;
      const { id, environment, account_id } = connection;
      const quiet_since = await store.now();
      const quiet_until = quiet_since + ms;
      const key = `${environment}\0${account_id}`;
      const before = kept.get(key);
      // Refused together: their pauses end together.
      if (before !== undefined && isOn(before, quiet_since) && quiet_until <= before.until + 1000) return;
      kept.set(key, { since: quiet_since, until: quiet_until });
      await store.write((tx) =>
        tx
          .insertInto('quiet_accounts')
          .values({ environment, account_id, quiet_since, quiet_until })
          .onConflict((conflict) =>
            conflict
              .columns(['environment', 'account_id'])
              .doUpdateSet({ quiet_since, quiet_until })
              // One that began in the future is of before the clock was set back.
              .where((eb) =>
                eb.or([
                  eb('quiet_accounts.quiet_until', '<', quiet_until),
                  eb('quiet_accounts.quiet_since', '>', quiet_since + SET_RIGHT_MS),
                ]),
              ),
          )
          .execute(),
      );
      // What waits is not overdue meanwhile.
      await store.write((tx) =>
        tx
          .updateTable('hints')
          .set({ next_at: quiet_until })
          .where('environment', '=', environment)
          .where('connection_id', '=', id)
          .where('state', '=', 'waiting')
          .where('next_at', '<', quiet_until)
          .execute(),
      );
      await store.write((tx) =>
        tx
          .updateTable('scans')
          .set({ recheck_at: quiet_until })
          .where('environment', '=', environment)
          .where('connection_id', '=', id)
          .where('recheck_at', '<', quiet_until)
          .execute(),
      );
    },

    async left({ environment, account_id }) {
      const now = await store.now();
      const row = await store.db
        .selectFrom('quiet_accounts')
        .select(['quiet_since as since', 'quiet_until as until'])
        .where('environment', '=', environment)
        .where('account_id', '=', account_id)
        .executeTakeFirst();
      return row !== undefined && isOn(row, now) ? row.until - now : 0;
    },

    async connections(environment, now) {
      const rows = await store.db
        .selectFrom('quiet_accounts')
        .innerJoin('connections', (join) =>
          join
            .onRef('connections.environment', '=', 'quiet_accounts.environment')
            .onRef('connections.account_id', '=', 'quiet_accounts.account_id'),
        )
        .select(['connections.id', 'quiet_since as since', 'quiet_until as until'])
        .where('quiet_accounts.environment', '=', environment)
        .where('quiet_until', '>', now)
        .execute();
      return new Map(rows.filter((row) => isOn(row, now)).map(({ id, until }) => [id, until]));
    },
  };
}
