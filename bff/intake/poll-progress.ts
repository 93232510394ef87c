import type { Clock } from '../deps.ts';
import type { EventLog } from '../events/index.ts';
import type { Store, Tx } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import type { DatedUnreadable, Listing, Place } from './poll-listing.ts';
import { forgetReadable, isNameless, rememberUnreadable } from './poll-unreadable.ts';
import type { PollWindow } from './poll-window.ts';

/** How far an account was listed, on disk: a round that is cut off goes on where it was, not at its beginning. */
export interface PollProgress {
  /**
   * In the middle of a window.
   * @param surely everything that was modified before was listed (ms); absent: nobody knows
   * @param unreadable of the page
   */
  reached(
    connection: ConnectionRow,
    surely: number | undefined,
    unreadable: readonly DatedUnreadable[],
    window: PollWindow,
    startedAt: number,
  ): Promise<void>;
  /** @param startedAt of the round (ms) @returns orders that cannot be read yet */
  windowListed(connection: ConnectionRow, window: PollWindow, listing: Listing, startedAt: number): Promise<number>;
  /**
   * A stretch in which one was looked for that could not be read before. It moves no cursor.
   * @param time of that one (ms), where the stretch began
   * @param window that the round listed, and whether it did to its end
   * @returns orders that cannot be read yet
   */
  heldListed(
    connection: ConnectionRow,
    time: number,
    found: Listing,
    window: PollWindow & Pick<Listing, 'complete'>,
    startedAt: number,
  ): Promise<number>;
  sweepReached(
    connection: ConnectionRow,
    place: Place,
    unreadable: readonly DatedUnreadable[],
    startedAt: number,
  ): Promise<void>;
  /** The sweep, or this stretch of it. @returns orders that cannot be read yet */
  sweepListed(connection: ConnectionRow, listing: Listing, startedAt: number): Promise<number>;
}

export function createPollProgress(parts: { store: Store; events: EventLog; clock: Clock }): PollProgress {
  const { store, events, clock } = parts;

  const change = (tx: Tx, connection: ConnectionRow, values: Partial<ConnectionRow>) =>
    tx.updateTable('connections').set(values).where('id', '=', connection.id).execute();

  /**
   * Never backwards: an old order that is read at last is no reason to list everything after it again. Never beyond the round's own
   * beginning: an order with a time in the future must not hide what changes until then, should nobody list for hours.
   */
  const advance = (tx: Tx, connection: ConnectionRow, seen: number, startedAt: number) => {
    const to = Math.min(seen, startedAt);
    return tx
      .updateTable('connections')
      .set({ cursor_at: to })
      .where('id', '=', connection.id)
      .where((eb) => eb.or([eb('cursor_at', 'is', null), eb('cursor_at', '<', to), eb('cursor_at', '>', startedAt)]))
      .execute();
  };

  /** In the transaction that ends the first listing: told once, whatever happens to this process. */
  async function tellBackfilled(tx: Tx, connection: ConnectionRow): Promise<void> {
    const { vendor, tenant, environment, account_id: accountId } = connection;
    const first = await tx
      .updateTable('connections')
      .set({ backfilled_at: clock.now() })
      .where('id', '=', connection.id)
      .where('backfilled_at', 'is', null)
      .executeTakeFirst();
    if (first.numUpdatedRows !== 1n) return;
    const counted = await tx
      .selectFrom('scan_counters')
      .select(['total', 'arrived'])
      .where('vendor', '=', vendor)
      .where('tenant', '=', tenant)
      .where('environment', '=', environment)
      .where('account_id', '=', accountId)
      .executeTakeFirst();
    const count = (counted?.total ?? 0) - (counted?.arrived ?? 0);
    await events.append(tx, { vendor, tenant, environment, type: 'pairing.backfilled', data: { count } });
  }

  return {
    reached: (connection, surely, unreadable, window, startedAt) =>
      store.write(async (tx) => {
        await rememberUnreadable(tx, connection, unreadable, startedAt, window.first);
        if (surely !== undefined) await advance(tx, connection, surely, startedAt);
      }, connection),

    windowListed: (connection, window, listing, startedAt) =>
      store.write(async (tx) => {
        const { complete, newest, surely, unreadable, orderIds } = listing;
        await rememberUnreadable(tx, connection, unreadable, startedAt, window.first);
        const from = window.from ?? -Infinity;
        const left = await forgetReadable(
          tx,
          connection,
          orderIds,
          (row) => complete && row.modified_at >= from && row.last_seen_at < startedAt,
        );
        if (!complete) {
          if (surely !== undefined) await advance(tx, connection, surely, startedAt);
          return left;
        }
        if (newest !== null) await advance(tx, connection, newest, startedAt);
        // What cannot be read is missing here: nothing is proved while there is such a one.
        const proved = left === 0 ? { proved_until: startedAt } : {};
        await change(tx, connection, { ...proved, last_full_check_at: clock.now() });
        if (window.first) await tellBackfilled(tx, connection);
        return left;
      }, connection),

    heldListed: (connection, time, found, window, startedAt) =>
      store.write(async (tx) => {
        await rememberUnreadable(tx, connection, found.unreadable, startedAt, window.first);
        const left = await forgetReadable(
          tx,
          connection,
          found.orderIds,
          // Not shown is gone only where the stretch went to the end. One without an id is known by nothing else.
          (row) =>
            row.last_seen_at < startedAt &&
            (found.complete
              ? row.modified_at >= time
              : isNameless(row) && row.modified_at === time && time < found.until),
        );
        // It was the last that was missing from what this round listed.
        if (window.complete && left === 0) await change(tx, connection, { proved_until: startedAt });
        return left;
      }, connection),

    sweepReached: (connection, { from, page }, unreadable, startedAt) =>
      store.write(async (tx) => {
        await rememberUnreadable(tx, connection, unreadable, startedAt, false);
        const since = connection.sweep_started_at ?? startedAt;
        await change(tx, connection, { sweep_started_at: since, sweep_from: from ?? null, sweep_page: page });
      }, connection),

    sweepListed: (connection, listing, startedAt) =>
      store.write(async (tx) => {
        await rememberUnreadable(tx, connection, listing.unreadable, startedAt, false);
        const since = connection.sweep_started_at ?? startedAt;
        const left = await forgetReadable(
          tx,
          connection,
          listing.orderIds,
          (row) => listing.complete && row.last_seen_at < since,
        );
        if (listing.complete) {
          const over = { sweep_started_at: null, sweep_from: null, sweep_page: null };
          await change(tx, connection, { last_sweep_at: clock.now(), ...over });
        }
        return left;
      }, connection),
  };
}
