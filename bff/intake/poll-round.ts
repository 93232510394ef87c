import {
  AlignFault,
  type AlignPort,
  type OrderPage,
  type UnreadableOrder,
  type UpstreamOrder,
} from '../align/index.ts';
import type { Log } from '../deps.ts';
import type { Merge } from '../scans/index.ts';
import type { QuietAccounts } from '../pairing/quiet-accounts.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import type { Vault } from '../vault/vault.ts';
import type { PollLeases } from './poll-lease.ts';
import { readListing, type DatedUnreadable, type Place } from './poll-listing.ts';
import type { PollProgress } from './poll-progress.ts';
import { historyOf, toProperty, unreadableOf } from './poll-unreadable.ts';
import { held, SKEW_MS, toSweepPlace, toWindow } from './poll-window.ts';

const PAGE_SIZE = 100;
/** Upstream counts every call (align-api §6): the round goes on after the pause it asks for, so often per page. */
const PATIENCE = 3;
/** Pages of the sweep in one round: the next window must not wait for a clinic's whole history. */
const SWEEP_PAGES = 10;
/** Pages of one round in which orders are looked for that could not be read: neither must it wait for them. */
const HELD_PAGES = 10;

export interface RoundParts {
  readonly store: Store;
  readonly vault: Vault;
  readonly align: Pick<AlignPort, 'environment' | 'orders'>;
  readonly merge: Merge;
  readonly leases: PollLeases;
  readonly quiet: QuietAccounts;
  readonly progress: PollProgress;
  /** Environments whose upstream refused a listing with an upper bound: theirs have none. */
  readonly unbounded: Set<string>;
  /** By connection: up to where orders were looked for that could not be read (upstream's time, ms); the next come next. */
  readonly lookedUpTo: Map<string, number>;
  readonly log: Log;
}

/** What a round is told by its turn, and tells. */
export interface Turn {
  readonly signal: AbortSignal;
  /** The pause between two pages: it may be minutes, and others go on meanwhile. */
  readonly rest: (ms: number) => Promise<void>;
  /** After each page: the round may last for hours, and others wait for what upstream says. */
  readonly answered: () => void;
}

export interface Round {
  /** False when the listing moved while it was read: the rest is listed again next round. */
  readonly complete: boolean;
  /** Orders that were listed, today or before, and cannot be read yet. */
  readonly unreadable: number;
}

/**
 * One round of an account: its window from the first page to the last, each page merged as it comes; then a few pages where
 * orders could not be read before; then, once a day, a stretch of the sweep over everything.
 */
export async function runRound(parts: RoundParts, connection: ConnectionRow, turn: Turn): Promise<Round> {
  const { store, vault, align, merge, leases, quiet, progress, unbounded, lookedUpTo, log } = parts;
  const { timings } = align.environment();
  const now = await store.now();
  const wasHistory = await historyOf(store.db, connection);
  let calls = 0;
  /** Upstream counts every call, and nobody configured it. */
  let isSlowed = false;
  /** When upstream was asked for the page that is being taken. */
  let askedAt = now;
  const window = toWindow(connection, now, timings);
  // Until the first case was seen every window is as long as the first one.
  const isLong = connection.cursor_at === null;
  const listing = await readListing(
    {
      read: (place) => readPage(place, unbounded.has(connection.environment) ? undefined : window.to),
      take: (orders) =>
        takeAll(orders, (order) => window.first || wasHistory.has(order.orderId) || (isLong && isOlder(order))),
      reached: (_, unread, surely) => progress.reached(connection, surely, unread, window, now),
    },
    { from: window.from, page: 1 },
  );
  tellUnreadable(listing.unreadable);
  let unreadable = await progress.windowListed(connection, window, listing, now);
  unreadable = await lookForHeld(unreadable);
  const place = listing.complete ? toSweepPlace(connection, now, timings) : null;
  if (place !== null) unreadable = await sweep(place);
  return { complete: listing.complete, unreadable };

  async function heldTimes(): Promise<number[]> {
    return held(await unreadableOf(store.db, connection), now);
  }

  /**
   * Each at its own place and not by a longer window, so that nothing new waits for them. A page is read from there on,
   * whatever else is on it: where upstream wrote a whole history otherwise it is caught up with by the page, not by the
   * order; and of one that came without its time nothing is known but where its page began.
   * @returns orders that cannot be read yet, `left` where none was looked for
   */
  async function lookForHeld(left: number): Promise<number> {
    let times = await heldTimes();
    if (times.length === 0) lookedUpTo.delete(connection.id);
    const looked = new Set<number>();
    for (let pages = timings.pageSpacing > 0 ? 1 : HELD_PAGES; pages > 0;) {
      const before = lookedUpTo.get(connection.id) ?? -Infinity;
      const time = times.find((one) => one > before) ?? times[0];
      if (time === undefined) break;
      // Before the call: one whose page is never answered must not keep the others from their turn.
      lookedUpTo.set(connection.id, time);
      looked.add(time);
      const already = calls;
      const found = await readListing(
        {
          read: (next) => readPage(next, unbounded.has(connection.environment) ? undefined : window.to),
          take: (orders) => takeAll(orders, (order) => window.first || wasHistory.has(order.orderId) || isOlder(order)),
          reached: () => Promise.resolve(),
        },
        // A millisecond earlier: as where a listing goes on (poll-listing).
        { from: time - 1, page: 1 },
        { pages: isSlowed ? 1 : pages, past: time },
      );
      pages = isSlowed ? 0 : pages - (calls - already);
      left = await progress.heldListed(connection, time, found, { ...window, complete: listing.complete }, now);
      // Those that the pages showed, too, have had their turn.
      times = (await heldTimes()).filter((one) => !looked.has(one));
      const next = times.find((one) => one > time) ?? Infinity;
      lookedUpTo.set(connection.id, Math.max(time, Math.min(next, found.until) - 1));
    }
    return left;
  }

  async function sweep(start: Place): Promise<number> {
    const found = await readListing(
      {
        read: (next) => readPage(next, undefined),
        take: (orders) => takeAll(orders, (order) => wasHistory.has(order.orderId) || isOlder(order)),
        reached: (next, unread) => progress.sweepReached(connection, next, unread, now),
      },
      start,
      { pages: timings.pageSpacing > 0 ? 1 : SWEEP_PAGES },
    );
    return progress.sweepListed(connection, found, now);
  }

  /** It was upstream all along: a longer `backfillDays` than before brings it, nobody scanned it now. */
  function isOlder({ modifiedAt }: UpstreamOrder): boolean {
    return modifiedAt < connection.created_at - SKEW_MS;
  }

  /** The others of the clinic go on; these are looked for in every round for a day, then swept for, until they can be read. */
  function tellUnreadable(orders: readonly DatedUnreadable[]): void {
    if (orders.length === 0) return;
    log.warn(
      {
        connection: connection.id,
        count: orders.length,
        orders: orders.slice(0, 10).flatMap(({ orderId }) => orderId ?? []),
        properties: [...new Set(orders.map(({ property }) => toProperty(property)))].slice(0, 10),
      },
      'orders were listed that cannot be read; the others were taken, and these are looked for again',
    );
  }

  async function takeAll(
    orders: readonly UpstreamOrder[],
    isHistory: (order: UpstreamOrder) => boolean,
  ): Promise<UnreadableOrder[]> {
    const refused: UnreadableOrder[] = [];
    let fault: unknown;
    // All at once: they share one commit.
    await Promise.all(
      orders.map(async (order) => {
        if (order.accountId !== connection.account_id) {
          return log.warn(
            { connection: connection.id },
            'upstream listed an order of another account; it was left out',
          );
        }
        // What was changed after the clinic was connected is news, also when the first listing finds it. Connected is when it
        // first was: pairing again, before that listing ended, makes nothing of the time between silent history.
        const backfill = isHistory(order) && order.modifiedAt < connection.created_at;
        try {
          await merge.merge({ connection, order, learntBy: 'poll', backfill, askedAt });
        } catch (error) {
          // One that the database does not take must not hold up all that is listed after it. Is it the database itself, then
          // it does not take either that this one is remembered, and the round ends where it was.
          fault ??= error;
          refused.push({ orderId: order.orderId, modifiedAt: order.modifiedAt, property: 'what the store refuses' });
        }
      }),
    );
    if (refused.length > 0) {
      const ids = refused.slice(0, 10).map(({ orderId }) => orderId);
      log.error(
        { error: fault, connection: connection.id, count: refused.length, orders: ids },
        'orders could not be kept',
      );
    }
    return refused;
  }

  /** And for as long as upstream asked for meanwhile, when somebody else called it for this account. */
  async function restFor(pause: number): Promise<void> {
    for (let ms = Math.max(pause, await quiet.left(connection)); ; ms = await quiet.left(connection)) {
      await leases.extend(connection, ms);
      if (ms <= 0) return;
      await turn.rest(ms);
    }
  }

  async function readPage({ from, page }: Place, to: number | undefined): Promise<OrderPage> {
    calls += 1;
    const isFirst = calls === 1;
    let pause = isFirst ? 0 : timings.pageSpacing;
    for (let tries = 1; ; tries += 1) {
      await restFor(pause);
      turn.signal.throwIfAborted();
      try {
        const answer = await vault.withToken({ connection }, async (token) => {
          // Here, and not before: the token may have been refreshed first, or this may be its next try.
          await leases.hold(connection);
          askedAt = await store.now();
          return align.orders(token, {
            ...(from !== undefined && { from }),
            ...(to !== undefined && { to }),
            page,
            pageSize: PAGE_SIZE,
          });
        });
        turn.answered();
        return answer;
      } catch (error) {
        // Our now and a margin lie in upstream's future: told by its refusal, and obeyed from the next round on.
        if (to !== undefined && error instanceof AlignFault && error.kind === 'invalid_request') {
          unbounded.add(connection.environment);
        }
        const limited = error instanceof AlignFault && error.kind === 'rate_limited';
        if (!limited || isFirst || tries > PATIENCE) throw error;
        isSlowed = true;
        await quiet.keep(connection, error.retryAfterMs ?? null);
        pause = Math.max(error.retryAfterMs ?? 0, timings.pollFloor, timings.pageSpacing);
      }
    }
  }
}
