import type { OrderPage, UnreadableOrder, UpstreamOrder } from '../align/index.ts';

/** A listing that does not end. */
const MAX_PAGES = 20_000;

/** What was listed, from the first page that was read to the last. */
export interface Listing {
  /** It went to its end, and did not move while it was read: no order fell between two pages. */
  readonly complete: boolean;
  /** Newest modification time that was listed (ms since the epoch). */
  readonly newest: number | null;
  readonly unreadable: readonly DatedUnreadable[];
  readonly orderIds: ReadonlySet<string>;
}

export interface DatedUnreadable extends UnreadableOrder {
  /** The earliest that it may have been modified (ms); 0: nobody knows. */
  readonly notBefore: number;
}

/** Everything up to here was listed for sure: whoever goes on from here misses nothing. */
export interface ListingProgress {
  /** By upstream's modification time (ms), inclusive; null where upstream does not sort: only the page tells. */
  readonly to: number | null;
  readonly page: number;
}

/**
 * Reads pages, oldest modification first (align-api §9), until the listing ends. When `total` changes or an order comes
 * twice, others may have slid past a page: what was read is taken, but no progress is told any more.
 * @param options.from lower bound of the window (ms)
 */
export async function readListing(
  parts: {
    read(page: number): Promise<OrderPage>;
    take(orders: readonly UpstreamOrder[]): Promise<void>;
    /** After each page but the last, as long as nothing moves. */
    progress(progress: ListingProgress): Promise<void>;
  },
  options: { from: number | undefined; page?: number; pages?: number; stopWhenMoved?: boolean },
): Promise<Listing> {
  const { from, page: start = 1, pages = MAX_PAGES } = options;
  const seen = new Set<string>();
  const unreadable: DatedUnreadable[] = [];
  let total: number | null = null;
  let steady = true;
  let sorted = true;
  let newest: number | null = null;
  let fetched = 0;

  for (let page = start; page < start + pages; page += 1) {
    const answer = await parts.read(page);
    if (page === start) fetched = (start - 1) * answer.pageSize;
    steady &&= (total ?? answer.total) === answer.total;
    total = answer.total;
    for (const { orderId, modifiedAt } of answer.orders) {
      steady &&= !seen.has(orderId);
      seen.add(orderId);
      // Not oldest first: nobody knows what lies before a place.
      sorted &&= modifiedAt >= (newest ?? modifiedAt);
    }
    const before = newest ?? from ?? 0;
    for (const order of answer.unreadable) unreadable.push({ ...order, notBefore: order.modifiedAt ?? before });
    await parts.take(answer.orders);
    newest = [...answer.orders, ...answer.unreadable].reduce<number | null>(latest, newest);

    const listed = answer.orders.length + answer.unreadable.length;
    fetched += listed;
    if (fetched >= answer.total || listed === 0) {
      return { complete: steady && fetched >= answer.total, newest, unreadable, orderIds: seen };
    }
    if (!steady && options.stopWhenMoved === true) break;
    if (steady) await parts.progress({ to: sorted ? newest : null, page });
  }
  return { complete: false, newest, unreadable, orderIds: seen };
}

function latest(newest: number | null, { modifiedAt }: { readonly modifiedAt: number | null }): number | null {
  return modifiedAt === null ? newest : Math.max(newest ?? modifiedAt, modifiedAt);
}
