import type { AlignTimings } from '../align/index.ts';
import type { ConnectionRow, UnreadableOrderRow } from '../store/schema.ts';
import type { Place } from './poll-listing.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/**
 * How far upstream's clock may be off ours before a round misses what is new (ms): wrong zones and wrong summer times are
 * within it. Beyond it the daily sweep, which has no upper bound, still finds everything.
 */
export const SKEW_MS = 26 * HOUR_MS;
/** An order that cannot be read is looked for in every round for so long (ms); afterwards the daily sweep does. */
const HOLD_MS = DAY_MS;
/** So far back a sweep goes at least, however short the history (ms): further than the one before it can lie. */
const LEAST_SWEEP_MS = 3 * DAY_MS;
/** Sweeps of clinics that were connected together do not stay together (ms). */
const SWEEP_SPREAD_MS = 2 * HOUR_MS;

/** A stretch of upstream's modification times, in its own time (ms since the epoch), both ends inclusive. */
export interface PollWindow {
  /** Absent: from the beginning. */
  readonly from: number | undefined;
  /** Frozen while it is listed. Absent: to the end. */
  readonly to: number | undefined;
  /** The first listing of the connection: what it brings is history. */
  readonly first: boolean;
}

type Progress = Pick<
  ConnectionRow,
  'id' | 'created_at' | 'cursor_at' | 'backfilled_at' | 'last_sweep_at' | 'sweep_from' | 'sweep_page'
>;

/**
 * What a round lists. The lower bound counts from the newest change that was seen upstream, so that a clock there that is
 * slow hides nothing; and never from later than our own time, so that neither does one order with a time in the future.
 * An order that could not be read does not widen it (`held`): new cases come last in a listing, and would wait for all of it.
 */
export function toWindow(
  connection: Progress,
  now: number,
  timings: Pick<AlignTimings, 'overlap' | 'backfillDays'>,
): PollWindow {
  const { cursor_at: cursor, created_at: connectedAt } = connection;
  const first = connection.backfilled_at === null;
  const to = now + SKEW_MS;
  // Until the first case was seen, from where the first listing began: what comes meanwhile is behind our now.
  if (cursor === null) return { from: backTo(Math.min(now, connectedAt), timings), to, first };
  return { from: Math.min(cursor, now) - timings.overlap, to, first };
}

/** Times at which a round looks for orders that could not be read and that its window did not show (ms), oldest first. */
export function held(
  unreadable: readonly Pick<UnreadableOrderRow, 'modified_at' | 'first_seen_at' | 'last_seen_at'>[],
  startedAt: number,
): number[] {
  const due = unreadable.filter(
    (row) => row.modified_at > 0 && startedAt - row.first_seen_at < HOLD_MS && row.last_seen_at !== startedAt,
  );
  return [...new Set(due.map((row) => row.modified_at))].sort((a, b) => a - b);
}

/** Where the sweep that is under way goes on, or the one that is due begins; null: none is. */
export function toSweepPlace(
  connection: Progress,
  now: number,
  timings: Pick<AlignTimings, 'overlap' | 'backfillDays'>,
): Place | null {
  const { sweep_page: page, sweep_from: from } = connection;
  if (page !== null) return { from: from ?? undefined, page };
  const last = connection.last_sweep_at ?? connection.backfilled_at;
  // Further ahead than a day: the clock was set back since.
  if (last === null || Math.abs(now - last) < DAY_MS + spreadOf(connection.id)) return null;
  const history = backTo(now, timings);
  const begin = backTo(Math.min(now, connection.created_at), timings);
  if (history === undefined || begin === undefined) return { from: undefined, page: 1 };
  return { from: Math.min(history, Math.max(now - LEAST_SWEEP_MS, begin)), page: 1 };
}

function backTo(at: number, timings: Pick<AlignTimings, 'overlap' | 'backfillDays'>): number | undefined {
  const { overlap, backfillDays } = timings;
  return backfillDays === null ? undefined : at - backfillDays * DAY_MS - overlap;
}

function spreadOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return Math.floor((sum / 1_000_003) * SWEEP_SPREAD_MS);
}
