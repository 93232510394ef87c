import type { Pairing } from '../../shared/pairing.ts';
import type { LearntBy } from '../../shared/scan.ts';
import type { EventLog } from '../events/index.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';

type Summary = Pairing['ledger'];

/** Summaries that are kept at once. */
const KEPT = 1000;

/**
 * Cases, and versions by how they were learnt, of the account that is shown. Counted anew only after the clinic's newest
 * event has changed: every version brings one, and a clinic with many cases must not be counted at every page load.
 */
export function createLedgerSummary(parts: {
  store: Store;
  events: EventLog;
}): (connection: ConnectionRow) => Promise<Summary> {
  const { store, events } = parts;
  const kept = new Map<string, { last: number; summary: Summary }>();

  async function count(connection: ConnectionRow): Promise<Summary> {
    const { vendor, tenant, environment, account_id: accountId } = connection;
    const versions = await store.db
      .selectFrom('scan_versions')
      .select((eb) => ['learnt_by', eb.fn.countAll<number>().as('count')])
      .where('vendor', '=', vendor)
      .where('tenant', '=', tenant)
      .where('environment', '=', environment)
      .where('account_id', '=', accountId)
      .groupBy('learnt_by')
      .execute();
    const counter = await store.db
      .selectFrom('scan_counters')
      .select('total')
      .where('vendor', '=', vendor)
      .where('tenant', '=', tenant)
      .where('environment', '=', environment)
      .where('account_id', '=', accountId)
      .executeTakeFirst();
    const waiting = await store.db
      .selectFrom('scans')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('vendor', '=', vendor)
      .where('tenant', '=', tenant)
      .where('environment', '=', environment)
      .where('account_id', '=', accountId)
      .where('missing_since', 'is not', null)
      .executeTakeFirstOrThrow();
    const pending = await store.db
      .selectFrom('hints')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('connection_id', '=', connection.id)
      .where('state', '=', 'waiting')
      .executeTakeFirstOrThrow();
    const by = (way: LearntBy): number => versions.find((row) => row.learnt_by === way)?.count ?? 0;
    return {
      cases: counter?.total ?? 0,
      byNotification: by('notification'),
      recovered: by('poll') + by('recheck'),
      backfilled: by('backfill'),
      waiting: waiting.count,
      pending: pending.count,
      provedUntil: connection.cursor_at === null ? null : new Date(connection.cursor_at).toISOString(),
      behind: connection.last_full_check_at === null,
    };
  }

  return async (connection) => {
    // Asked before counting: what comes in between is counted again next time.
    const { last } = await events.bounds(connection);
    const known = kept.get(connection.id);
    if (known?.last === last) return known.summary;
    const summary = await count(connection);
    if (kept.size >= KEPT) kept.clear();
    kept.set(connection.id, { last, summary });
    return summary;
  };
}
