import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';

/** When the connection's account may be listed next (ms since the epoch); null: it is not listed, or was not yet. */
export async function nextCheckOf(store: Store, connection: ConnectionRow): Promise<number | null> {
  if (connection.state !== 'paired') return null;
  const lease = await store.db
    .selectFrom('poll_leases')
    .select('not_before')
    .where('environment', '=', connection.environment)
    .where('account_id', '=', connection.account_id)
    .executeTakeFirst();
  return lease?.not_before ?? null;
}
