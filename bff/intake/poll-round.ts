import {
  AlignFault,
  type AlignPort,
  type OrderPage,
  type UnreadableOrder,
  type UpstreamOrder,
} from '../align/index.ts';
import type { Clock, Log } from '../deps.ts';
import type { Merge } from '../scans/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import type { Vault } from '../vault/vault.ts';
import type { PollLeases } from './poll-lease.ts';

const DAY_MS = 86_400_000;
const PAGE_SIZE = 100;
/** Upstream counts every call (align-api §6): the round goes on after the pause it asks for, so often per page. */
const PATIENCE = 3;
/** A listing that does not end. */
const MAX_PAGES = 20_000;

export interface Round {
  readonly window: PollWindow;
  /** Cases that were listed. */
  readonly count: number;
  /** False when the listing moved while it was read: the window is listed again before the cursor moves. */
  readonly complete: boolean;
  /** Where the cursor must stop, before the oldest order that could not be read (ms since the epoch); null: nowhere. */
  readonly heldAt: number | null;
}

export interface PollWindow {
  /** By upstream's modification time, ms since the epoch; absent: from the beginning. */
  readonly from: number | undefined;
  /** Frozen at the start of the round. */
  readonly to: number;
  readonly first: boolean;
}

export function toWindow(
  connection: Pick<ConnectionRow, 'cursor_at' | 'backfilled_at'>,
  now: number,
  timings: { overlap: number; backfillDays: number | null },
): PollWindow {
  if (connection.backfilled_at !== null && connection.cursor_at !== null) {
    return { from: connection.cursor_at - timings.overlap, to: now, first: false };
  }
  const { backfillDays } = timings;
  return { from: backfillDays === null ? undefined : now - backfillDays * DAY_MS, to: now, first: true };
}

/** One listing of an account from the first page to the last, each page merged as it comes. */
export async function runRound(
  parts: {
    vault: Vault;
    align: Pick<AlignPort, 'environment' | 'orders'>;
    merge: Merge;
    leases: PollLeases;
    clock: Clock;
    log: Log;
  },
  connection: ConnectionRow,
  signal: AbortSignal,
): Promise<Round> {
  const { vault, align, merge, leases, clock, log } = parts;
  const { timings } = align.environment();
  const window = toWindow(connection, clock.now(), timings);
  const seen = new Set<string>();
  let total: number | null = null;
  let fetched = 0;
  let steady = true;
  let heldAt: number | null = null;

  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const answer = await readPage(page, page === 1 ? 0 : timings.pageSpacing);
    steady &&= (total ?? answer.total) === answer.total;
    total = answer.total;
    const listed = answer.orders.length + answer.unreadable.length;
    fetched += listed;
    for (const { orderId } of answer.orders) {
      steady &&= !seen.has(orderId);
      seen.add(orderId);
    }
    // All at once: they share one commit.
    await Promise.all(answer.orders.map(take));
    if (answer.unreadable.length > 0) heldAt = Math.min(heldAt ?? window.to, passOver(answer.unreadable));
    const isLast = fetched >= answer.total || listed === 0;
    if (isLast) return { window, count: seen.size, complete: steady && fetched >= answer.total, heldAt };
  }
  return { window, count: seen.size, complete: false, heldAt };

  /** The others of the clinic go on; these are listed again until they can be read. @returns the oldest one's time */
  function passOver(unreadable: readonly UnreadableOrder[]): number {
    const properties = [...new Set(unreadable.map(({ property }) => property.replace(/^orders\[\d+\]\.?/, '')))];
    log.warn(
      {
        connection: connection.id,
        count: unreadable.length,
        orders: unreadable.slice(0, 10).flatMap(({ orderId }) => orderId ?? []),
        properties: properties.slice(0, 10),
      },
      'orders were listed that cannot be read; the others were taken, and these are listed again',
    );
    // Without a time of its own it may be any of the window.
    const oldest = connection.cursor_at ?? window.from ?? 0;
    return Math.min(...unreadable.map(({ modifiedAt }) => modifiedAt ?? oldest));
  }

  async function take(order: UpstreamOrder): Promise<void> {
    if (order.accountId !== connection.account_id) {
      return log.warn({ connection: connection.id }, 'upstream listed an order of another account; it was left out');
    }
    // What was changed after the clinic was connected is news, also when the first listing finds it. And one that the
    // first listing could not read is history when it can be read at last (both clocks within the overlap).
    const history = window.first ? connection.last_pair_at : connection.created_at - timings.overlap;
    const backfill = order.modifiedAt <= history;
    await merge.merge({ connection, order, learntBy: 'poll', backfill });
  }

  async function readPage(page: number, spacing: number): Promise<OrderPage> {
    let pause = spacing;
    for (let tries = 1; ; tries += 1) {
      await leases.extend(connection, pause);
      if (pause > 0) await clock.sleep(pause, signal);
      signal.throwIfAborted();
      try {
        return await vault.withToken({ connection }, (token) =>
          align.orders(token, {
            ...(window.from !== undefined && { from: window.from }),
            to: window.to,
            page,
            pageSize: PAGE_SIZE,
          }),
        );
      } catch (error) {
        const limited = error instanceof AlignFault && error.kind === 'rate_limited';
        if (!limited || page === 1 || tries > PATIENCE) throw error;
        pause = Math.max(error.retryAfterMs ?? 0, timings.pollFloor, spacing);
      }
    }
  }
}
