import type { Clock } from '../deps.ts';
import type { Store, Tx } from '../store/index.ts';
import type { ScanRow } from '../store/schema.ts';
import { adjustUnread, markEffect } from './counters.ts';

/**
 * Marks one version of a case as read or unread for one user (rules.md "Read marks"). Repeating it changes nothing.
 * @returns false when this version of the case was never seen here
 */
export function markRead(
  store: Store,
  clock: Clock,
  input: { scan: ScanRow; userId: string; version: string; read: boolean },
): Promise<boolean> {
  return store.write((tx) => markIn(tx, clock.now(), input), input.scan);
}

async function markIn(
  tx: Tx,
  now: number,
  { scan, userId, version, read }: { scan: ScanRow; userId: string; version: string; read: boolean },
): Promise<boolean> {
  const { vendor, tenant, environment, account_id, order_id } = scan;
  const key = { vendor, tenant, environment, account_id, order_id };
  // Read anew: a version may have come since the page was read.
  const present = await tx
    .selectFrom('scans')
    .select(['version', 'backfilled'])
    .where((eb) => eb.and(key))
    .executeTakeFirst();
  const known = await tx
    .selectFrom('scan_versions')
    .select('version')
    .where((eb) => eb.and({ ...key, version }))
    .executeTakeFirst();
  if (present === undefined || known === undefined) return false;
  const mark = await tx
    .selectFrom('reads')
    .select('read')
    .where((eb) => eb.and({ ...key, version, user_id: userId }))
    .executeTakeFirst();
  await tx
    .insertInto('reads')
    .values({ ...key, version, user_id: userId, read: Number(read), read_at: now })
    .onConflict((conflict) =>
      conflict
        .columns(['vendor', 'tenant', 'environment', 'account_id', 'order_id', 'version', 'user_id'])
        .doUpdateSet({ read: Number(read), read_at: now }),
    )
    .execute();
  if (version === present.version) {
    const before = markEffect(mark?.read ?? null, present.backfilled);
    await adjustUnread(tx, key, userId, markEffect(Number(read), present.backfilled) - before);
  }
  return true;
}
