import type { Tx } from '../store/index.ts';
import type { ScanRow } from '../store/schema.ts';

/** Columns of the kept counts that one change of a case moves. */
export interface CountChange {
  readonly total: number;
  readonly unmatched: number;
  readonly arrived: number;
}

type CaseKey = Pick<ScanRow, 'vendor' | 'tenant' | 'environment' | 'account_id' | 'order_id'>;
type Counted = Pick<ScanRow, 'unmatched' | 'backfilled'>;

export function countChange(before: Counted | null, after: Counted): CountChange {
  const arrived = (row: Counted): number => (row.backfilled === 1 ? 0 : 1);
  return {
    total: before === null ? 1 : 0,
    unmatched: after.unmatched - (before?.unmatched ?? 0),
    arrived: arrived(after) - (before === null ? 0 : arrived(before)),
  };
}

export async function applyCountChange(tx: Tx, key: CaseKey, change: CountChange): Promise<void> {
  if (change.total === 0 && change.unmatched === 0 && change.arrived === 0) return;
  const { vendor, tenant, environment, account_id } = key;
  await tx
    .insertInto('scan_counters')
    .values({ vendor, tenant, environment, account_id, ...change })
    .onConflict((conflict) =>
      conflict.columns(['vendor', 'tenant', 'environment', 'account_id']).doUpdateSet((eb) => ({
        total: eb('scan_counters.total', '+', change.total),
        unmatched: eb('scan_counters.unmatched', '+', change.unmatched),
        arrived: eb('scan_counters.arrived', '+', change.arrived),
      })),
    )
    .execute();
}

/** What a user's mark on a version adds to that user's unread count while the version is the present one. */
export function markEffect(read: number | null, backfilled: number): number {
  const unreadUnmarked = backfilled === 1 ? 0 : 1;
  const unread = read === null ? unreadUnmarked : 1 - read;
  return unread - unreadUnmarked;
}

export async function adjustUnread(tx: Tx, key: CaseKey, userId: string, by: number): Promise<void> {
  if (by === 0) return;
  const { vendor, tenant, environment, account_id } = key;
  await tx
    .insertInto('read_counters')
    .values({ vendor, tenant, environment, account_id, user_id: userId, adjust: by })
    .onConflict((conflict) =>
      conflict
        .columns(['vendor', 'tenant', 'environment', 'account_id', 'user_id'])
        .doUpdateSet((eb) => ({ adjust: eb('read_counters.adjust', '+', by) })),
    )
    .execute();
}

/** Marks count for the present version only: those of `before` stop to count, those of `after` (seen earlier) count again. */
export async function moveMarks(
  tx: Tx,
  key: CaseKey,
  before: { readonly version: string; readonly backfilled: number },
  after: { readonly version: string; readonly backfilled: number },
): Promise<void> {
  const marks = await tx
    .selectFrom('reads')
    .select(['user_id', 'version', 'read'])
    .where('vendor', '=', key.vendor)
    .where('tenant', '=', key.tenant)
    .where('environment', '=', key.environment)
    .where('account_id', '=', key.account_id)
    .where('order_id', '=', key.order_id)
    .where('version', 'in', [before.version, after.version])
    .execute();
  for (const mark of marks) {
    const effect =
      mark.version === before.version
        ? -markEffect(mark.read, before.backfilled)
        : markEffect(mark.read, after.backfilled);
    await adjustUnread(tx, key, mark.user_id, effect);
  }
}
