import type { EventEntry, EventLog } from '../events/index.ts';
import { CONNECTED } from '../pairing/connection-state.ts';
import type { Tx } from '../store/index.ts';
import type { ScanRow } from '../store/schema.ts';

/** Whose cases. A connection is one, too. */
type Account = Pick<ScanRow, 'vendor' | 'tenant' | 'environment' | 'account_id'>;

export type Tell = (entry: EventEntry) => Promise<void>;

/**
 * Tells of an account's cases in this transaction, for as long as the clinic sees them: an answer may land, and a wait end,
 * after the clinic was connected to another account, and whoever heard of it could not open it (product.md "HTTP").
 * Looked up once, before the first event, by the transaction's own read: what tells nothing costs nothing.
 */
export function createTeller(tx: Tx, events: EventLog, account: Account): Tell {
  let shown: Promise<boolean> | null = null;
  return async (entry) => {
    shown ??= isShown(tx, account);
    if (await shown) await events.append(tx, entry);
  };
}

/** As `Connections.current` has it, which decides what a clinic may GET: un-paired it sees the cases of its last account. */
async function isShown(tx: Tx, { vendor, tenant, environment, account_id: accountId }: Account): Promise<boolean> {
  const current = await tx
    .selectFrom('connections')
    .select('account_id')
    .where('vendor', '=', vendor)
    .where('tenant', '=', tenant)
    .where('environment', '=', environment)
    .orderBy((eb) => eb.case().when('state', 'in', CONNECTED).then(0).else(1).end())
    .orderBy('last_pair_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return current?.account_id === accountId;
}
