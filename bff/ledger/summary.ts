import type { LedgerSummary } from '../../shared/ledger.ts';
import type { AlignPort, AlignTimings } from '../align/index.ts';
import type { Clock } from '../deps.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';

/** The sum of one account (shared/ledger). Nothing is counted but what waits: the merge keeps the counts. */
export type SumUp = (connection: ConnectionRow) => Promise<LedgerSummary>;

/** A round is at most this much longer than the floor (its jitter), and two may fail to end before people are told. */
const ROUND = 1.05;
const ROUNDS = 2;
/** Pauses that an ordinary round has where pages are spaced: for a second page of its window, and one of the sweep. */
const PAUSES = 2;
/** A clinic's whole history may be long (ms). */
export const FIRST_LISTING_MS = 3_600_000;

export function createLedgerSummary(parts: {
  store: Store;
  align: Pick<AlignPort, 'environment'>;
  clock: Clock;
}): SumUp {
  const { store, align, clock } = parts;

  return async (connection) => {
    const { vendor, tenant, environment, account_id: accountId } = connection;
    const kept = await store.db
      .selectFrom('scan_counters')
      .select(['total', 'by_notification', 'recovered', 'waiting'])
      .where('vendor', '=', vendor)
      .where('tenant', '=', tenant)
      .where('environment', '=', environment)
      .where('account_id', '=', accountId)
      .executeTakeFirst();
    const pending = await store.db
      .selectFrom('hints')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('environment', '=', environment)
      .where('connection_id', '=', connection.id)
      .where('state', '=', 'waiting')
      .executeTakeFirstOrThrow();
    const unreadable = await store.db
      .selectFrom('unreadable_orders')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('vendor', '=', vendor)
      .where('tenant', '=', tenant)
      .where('environment', '=', environment)
      .where('account_id', '=', accountId)
      .executeTakeFirstOrThrow();
    const { total, by_notification, recovered, waiting } = kept ?? NOTHING;
    return {
      cases: total,
      byNotification: by_notification,
      recovered,
      backfilled: total - by_notification - recovered,
      waiting,
      pending: pending.count,
      unreadable: unreadable.count,
      provedUntil: connection.proved_until === null ? null : new Date(connection.proved_until).toISOString(),
      behind: isBehind(connection, clock.now(), align.environment().timings),
    };
  };
}

const NOTHING = { total: 0, by_notification: 0, recovered: 0, waiting: 0 };

/**
 * Whether a complete listing is overdue. An account that was un-paired here is not expected to be listed; one that was lost,
 * or where nobody is signed in, falls behind: cases may be there that nobody learns of. Pure.
 * @param now ms since the epoch
 */
export function isBehind(
  connection: Pick<ConnectionRow, 'state' | 'last_full_check_at' | 'last_pair_at'>,
  now: number,
  timings: RoundTimings,
): boolean {
  if (connection.state === 'unpaired') return false;
  const checked = connection.last_full_check_at;
  if (checked === null) return now - connection.last_pair_at > FIRST_LISTING_MS;
  // A time that is still to come was written while the clock was ahead: nobody knows when the check was.
  if (checked > now + overdueAfter(timings)) return true;
  // One that was just connected again has its time to be listed, like everybody.
  const since = connection.state === 'paired' ? Math.max(checked, connection.last_pair_at) : checked;
  return now - since > overdueAfter(timings);
}

/** ms */
export function overdueAfter({ pollFloor, pageSpacing, requestTimeout }: RoundTimings): number {
  return ROUNDS * (pollFloor * ROUND + requestTimeout + PAUSES * pageSpacing);
}

type RoundTimings = Pick<AlignTimings, 'pollFloor' | 'pageSpacing' | 'requestTimeout'>;
