import type { OrderPage, UnreadableOrder, UpstreamOrder } from '../align/index.ts';

/** A listing that does not end. */
const MAX_PAGES = 20_000;

/** What was listed, from the first page that was read to the last. */
export interface Listing {
  /** It went to its end, and did not move while it was read. */
  readonly complete: boolean;
  /** Newest modification time that was listed (ms since the epoch). */
  readonly newest: number | null;
  /** From its beginning everything that was modified before this was listed (ms); -Infinity: nobody knows. */
  readonly until: number;
  /** Everything that was modified before this was listed, surely (ms); absent: nobody knows. Another round may go on there. */
  readonly surely: number | undefined;
  readonly unreadable: readonly DatedUnreadable[];
  /** Of those that were read and kept. */
  readonly orderIds: ReadonlySet<string>;
}

export interface DatedUnreadable extends UnreadableOrder {
  /** The earliest that it may have been modified (ms); 0: nobody knows. */
  readonly notBefore: number;
}

/** Where a listing goes on: everything before it was listed. */
export interface Place {
  /** By upstream's modification time (ms), inclusive; absent: from the beginning. */
  readonly from: number | undefined;
  /** Counted from `from`. */
  readonly page: number;
}

/**
 * Lists to the end, oldest modification first (align-api §9). Each page begins at the time where the last one ended, not at
 * its number: an order that changes meanwhile moves to the end and would pull another one over the edge of a numbered page,
 * unseen. Numbers are counted on only within one moment, and where upstream does not sort: whether anything moved there is not
 * known before the end, where what moved is listed again. What was listed is counted, not what upstream calls the size of its
 * pages.
 */
export async function readListing(
  parts: {
    read(place: Place): Promise<OrderPage>;
    /** @returns those that could not be kept: they count as unreadable */
    take(orders: readonly UpstreamOrder[]): Promise<readonly UnreadableOrder[]>;
    /** After each page but the last. @param unreadable of this page @param surely as in {@link Listing} */
    reached(place: Place, unreadable: readonly DatedUnreadable[], surely: number | undefined): Promise<void>;
  },
  start: Place,
  /** @param limits.past it may end where everything that was modified up to then was listed (ms) */
  limits: { pages?: number; past?: number } = {},
): Promise<Listing> {
  const seen = new Map<string, number>();
  const unreadable: DatedUnreadable[] = [];
  const unkept = new Set<string>();
  let place = start;
  let steady = true;
  let sorted = true;
  let newest: number | null = null;
  let until = -Infinity;
  /** What `total` must be if nothing moved; null: nobody knows. */
  let expected: number | null = null;
  /** Since the place began; null: its first pages were read by another round. */
  let sinceTimes: number[] | null = start.page === 1 ? [] : null;
  let sinceListed = 0;
  const numbered = watchNumbers(start);

  const end = (complete: boolean, surely: number | undefined): Listing => {
    const orderIds = new Set([...seen.keys()].filter((id) => !unkept.has(id)));
    return { complete, newest, until: complete ? Infinity : until, surely, unreadable, orderIds };
  };

  for (let pages = 0; pages < (limits.pages ?? MAX_PAGES); pages += 1) {
    const answer = await parts.read(place);
    if ((expected ?? answer.total) !== answer.total) {
      steady = false;
      numbered.totalMoved(place);
    }
    let last = place.from ?? null;
    for (const { orderId, modifiedAt } of answer.orders) {
      if ((seen.get(orderId) ?? modifiedAt) !== modifiedAt) {
        steady = false;
        numbered.moved(orderId);
      }
      seen.set(orderId, modifiedAt);
      sorted &&= modifiedAt >= (last ?? modifiedAt);
      last = modifiedAt;
    }
    const refused = await parts.take(answer.orders);
    const ofPage = [...answer.unreadable, ...refused].map((order) => ({
      ...order,
      notBefore: order.modifiedAt ?? place.from ?? 0,
    }));
    unreadable.push(...ofPage);
    for (const { orderId } of refused) if (orderId !== null) unkept.add(orderId);
    const times = [...answer.orders, ...answer.unreadable].flatMap(({ modifiedAt }) => modifiedAt ?? []);
    const latest = times.reduce<number | null>((most, time) => Math.max(most ?? time, time), null);
    if (latest !== null) newest = Math.max(newest ?? latest, latest);
    until = sorted ? (newest ?? -Infinity) : -Infinity;

    const listed = answer.orders.length + answer.unreadable.length;
    if (sinceTimes === null && sinceListed === 0) sinceListed = (place.page - 1) * answer.pageSize;
    sinceListed += listed;
    sinceTimes?.push(...times);
    const fetched = sinceListed;
    if (fetched >= answer.total || listed === 0) {
      return end(steady && fetched >= answer.total, numbered.surely(place, true));
    }
    if (until > (limits.past ?? Infinity)) break;
    const next = nextPlace(place, sorted ? latest : null);
    if (next.page > 1) expected = answer.total;
    else {
      // Whether one without a time lies before the next place is not known.
      const before = sinceTimes?.filter((time) => time < (next.from ?? -Infinity)).length;
      expected = before !== undefined && sinceTimes?.length === sinceListed ? answer.total - before : null;
      sinceTimes = [];
      sinceListed = 0;
    }
    numbered.listed(
      place,
      answer.orders.map(({ orderId }) => orderId),
      next,
    );
    place = next;
    await parts.reached(place, ofPage, numbered.surely(place, false));
  }
  return end(false, numbered.surely(place, false));
}

/** Watches the stretches of a listing in which pages are counted on by their numbers. */
function watchNumbers(start: Place) {
  /** Where the first of them began. */
  let first: { readonly from: number | undefined } | null = start.page > 1 ? start : null;
  /** What was on their pages, but the last of each: after it nothing is counted on. */
  const counted = new Set<string>();
  // What was on the pages before is not known: another round read them.
  let disturbed = start.page > 1;
  return {
    /** @param orderIds of the page at `place` @param next where the listing goes on */
    listed(place: Place, orderIds: readonly string[], next: Place): void {
      if (next.page === 1) return;
      first ??= place;
      for (const id of orderIds) counted.add(id);
    },
    totalMoved(place: Place): void {
      disturbed ||= place.page > 1;
    },
    moved(orderId: string): void {
      disturbed ||= counted.has(orderId);
    },
    /** To where everything is listed. @param ended whatever moved has shown itself */
    surely(place: Place, ended: boolean): number | undefined {
      return first === null || (ended && !disturbed) ? place.from : first.from;
    },
  };
}

function nextPlace({ from, page }: Place, latest: number | null): Place {
  // A millisecond earlier: align-api §9 does not say whether `fromDate` itself is part of the answer.
  const next = latest === null ? -Infinity : latest - 1;
  return next > (from ?? -Infinity) ? { from: next, page: 1 } : { from, page: page + 1 };
}
