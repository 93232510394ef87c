import type { EventEntry, EventLog } from '../events/index.ts';
import { currentConnection } from '../pairing/current-connection.ts';
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

/** Un-paired, a clinic sees the cases of its last account. */
async function isShown(tx: Tx, account: Account): Promise<boolean> {
  const current = await currentConnection(tx, account);
  return current?.account_id === account.account_id;
}
