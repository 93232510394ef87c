import type { Tx } from '../store/index.ts';
import type { ConnectionRow, UnreadableOrderRow } from '../store/schema.ts';
import type { DatedUnreadable } from './poll-listing.ts';

/** Of one account: an upstream that writes all of them otherwise has one fault, not thousands. */
const KEPT = 500;

type Account = Pick<ConnectionRow, 'vendor' | 'tenant' | 'environment' | 'account_id'>;

/** Orders that were listed and could not be read. They are looked for again and hold nothing up meanwhile. */
export function unreadableOf(db: Pick<Tx, 'selectFrom'>, account: Account): Promise<UnreadableOrderRow[]> {
  return db
    .selectFrom('unreadable_orders')
    .selectAll()
    .where((eb) => eb.and(keyOf(account)))
    .orderBy('modified_at')
    .limit(KEPT)
    .execute();
}

/** Ids of those that the first listing met, all of them: a page may show more than are looked for at once. */
export async function historyOf(db: Pick<Tx, 'selectFrom'>, account: Account): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('unreadable_orders')
    .select('order_key')
    .where((eb) => eb.and({ ...keyOf(account), history: 1 }))
    .execute();
  return new Set(rows.map((row) => row.order_key));
}

/** @param history the first listing met them */
export async function rememberUnreadable(
  tx: Tx,
  account: Account,
  orders: readonly DatedUnreadable[],
  now: number,
  history: boolean,
): Promise<void> {
  // The last of them: with the pages before they were remembered already (`reached`).
  for (const order of orders.slice(-KEPT)) {
    await tx
      .insertInto('unreadable_orders')
      .values({
        ...keyOf(account),
        order_key: toKey(order),
        modified_at: order.notBefore,
        first_seen_at: now,
        last_seen_at: now,
        history: Number(history),
      })
      .onConflict((conflict) =>
        conflict
          .columns(['vendor', 'tenant', 'environment', 'account_id', 'order_key'])
          .doUpdateSet({ last_seen_at: now, modified_at: order.notBefore }),
      )
      .execute();
  }
}

/**
 * Forgets those that could be read, and those that a complete listing did not show any more.
 * @param listed which of them the listing must have shown
 * @returns how many are left
 */
export async function forgetReadable(
  tx: Tx,
  account: Account,
  read: ReadonlySet<string>,
  listed: (row: UnreadableOrderRow) => boolean,
): Promise<number> {
  const rows = await unreadableOf(tx, account);
  const gone = rows.filter((row) => read.has(row.order_key) || listed(row));
  if (gone.length > 0) {
    await tx
      .deleteFrom('unreadable_orders')
      .where((eb) => eb.and(keyOf(account)))
      .where(
        'order_key',
        'in',
        gone.map((row) => row.order_key),
      )
      .execute();
  }
  return rows.length - gone.length;
}

/** Known by its time alone: nobody can tell it among those that were read, only that it is not listed any more. */
export function isNameless({ order_key: key }: Pick<UnreadableOrderRow, 'order_key'>): boolean {
  return key.includes(' ');
}

function toKey({ orderId, modifiedAt, property }: DatedUnreadable): string {
  return orderId ?? `${modifiedAt ?? 'unknown'} ${toProperty(property)}`;
}

/** Without its place in the page, which changes. */
export function toProperty(property: string): string {
  return property.replace(/^orders\[\d+\]\.?/, '').slice(0, 80);
}

function keyOf({ vendor, tenant, environment, account_id }: Account) {
  return { vendor, tenant, environment, account_id };
}
