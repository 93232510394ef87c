import type { Kysely, Selectable } from 'kysely';
import type { LedgerEntry } from '../../shared/ledger.ts';
import type { LearntBy, Phase } from '../../shared/scan.ts';
import type { ScanVersionTable, Schema } from '../store/schema.ts';
import type { TenantKey } from '../tenancy.ts';

export type VersionRow = Selectable<ScanVersionTable>;

/** The row a page begins after: when it was seen (ms), account, order, version. */
export type Place = readonly [seenAt: number, accountId: string, orderId: string, version: string];

export interface EntryFilter {
  /** When they became visible: ms since the epoch, both inclusive. */
  readonly from: number | null;
  readonly to: number | null;
}

/** Newest first, along one index: a page costs the same wherever it begins and however many there are. */
export function readEntries(
  db: Kysely<Schema>,
  key: TenantKey,
  { from, to }: EntryFilter,
  after: Place | null,
  limit: number,
): Promise<VersionRow[]> {
  let query = db
    .selectFrom('scan_versions')
    .selectAll()
    .where('vendor', '=', key.vendor)
    .where('tenant', '=', key.tenant)
    .where('environment', '=', key.environment);
  if (from !== null) query = query.where('seen_at', '>=', from);
  if (to !== null) query = query.where('seen_at', '<=', to);
  if (after !== null) {
    query = query.where((eb) =>
      eb(eb.refTuple('seen_at', 'account_id', 'order_id', 'version'), '<', eb.tuple(...after)),
    );
  }
  return query
    .orderBy('seen_at', 'desc')
    .orderBy('account_id', 'desc')
    .orderBy('order_id', 'desc')
    .orderBy('version', 'desc')
    .limit(limit)
    .execute();
}

export function placeOf(row: VersionRow): Place {
  return [row.seen_at, row.account_id, row.order_id, row.version];
}

export function toEntry(row: VersionRow): LedgerEntry & { accountId: string } {
  return {
    accountId: row.account_id,
    orderId: row.order_id,
    version: row.version,
    number: row.number,
    status: row.status,
    phase: row.phase as Phase,
    learntBy: row.learnt_by as LearntBy,
    dueAt: iso(row.due_at),
    notifiedAt: row.notified_at === null ? null : iso(row.notified_at),
    seenAt: iso(row.seen_at),
    // The two clocks are not one.
    delaySeconds: Math.max(0, row.seen_at - row.due_at) / 1000,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
