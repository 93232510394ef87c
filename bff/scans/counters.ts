import type { Tx } from '../store/index.ts';
import type { ScanRow } from '../store/schema.ts';

/** Columns of the kept counts that one change of a case moves. */
export interface CountChange {
  readonly total: number;
  readonly unmatched: number;
  readonly arrived: number;
  readonly by_notification: number;
  readonly recovered: number;
  readonly waiting: number;
}

type CaseKey = Pick<ScanRow, 'vendor' | 'tenant' | 'environment' | 'account_id' | 'order_id'>;
type Counted = Pick<ScanRow, 'unmatched' | 'backfilled' | 'came_by' | 'missing_since'>;

export function countChange(before: Counted | null, after: Counted): CountChange {
  const moved = (count: (row: Counted) => boolean): number =>
    Number(count(after)) - Number(before !== null && count(before));
  return {
    total: moved(() => true),
    unmatched: moved((row) => row.unmatched === 1),
    arrived: moved((row) => row.backfilled === 0),
    by_notification: moved((row) => row.came_by === 'notification'),
    recovered: moved((row) => row.came_by === 'recovered'),
    waiting: moved((row) => row.missing_since !== null),
  };
}

export async function applyCountChange(tx: Tx, key: CaseKey, change: CountChange): Promise<void> {
  if (Object.values(change).every((by) => by === 0)) return;
  const { vendor, tenant, environment, account_id } = key;
  await tx
    .insertInto('scan_counters')
    .values({ vendor, tenant, environment, account_id, ...change })
    .onConflict((conflict) =>
      conflict.columns(['vendor', 'tenant', 'environment', 'account_id']).doUpdateSet((eb) => ({
        total: eb('scan_counters.total', '+', change.total),
        unmatched: eb('scan_counters.unmatched', '+', change.unmatched),
        arrived: eb('scan_counters.arrived', '+', change.arrived),
        by_notification: eb('scan_counters.by_notification', '+', change.by_notification),
        recovered: eb('scan_counters.recovered', '+', change.recovered),
        waiting: eb('scan_counters.waiting', '+', change.waiting),
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
