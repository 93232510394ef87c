import type { Kysely } from 'kysely';
import type { TenantKey } from '../tenancy.ts';
import type { Schema } from './schema.ts';

/**
 * What "known under their chart number" means (rules.md "Whose scan is it"): this tenant's DPMS has named exactly this
 * chart number, by a patient-bound session or by a scan request. A case alone does not make its chart number known: any
 * case would make itself known.
 */
export async function isKnownChart(db: Kysely<Schema>, key: TenantKey, chartNumber: string): Promise<boolean> {
  const noted = await db
    .selectFrom('known_charts')
    .select('first_seen_at')
    .where('vendor', '=', key.vendor)
    .where('tenant', '=', key.tenant)
    .where('environment', '=', key.environment)
    .where('chart_number', '=', chartNumber)
    .executeTakeFirst();
  if (noted !== undefined) return true;
  const requested = await db
    .selectFrom('scan_requests')
    .select('id')
    .where('vendor', '=', key.vendor)
    .where('tenant', '=', key.tenant)
    .where('environment', '=', key.environment)
    .where('chart_number', '=', chartNumber)
    .limit(1)
    .executeTakeFirst();
  return requested !== undefined;
}

/**
 * To be called in the transaction that mints a patient-bound session or stores a scan request. Cases that waited in the
 * unmatched tray under this chart number leave it.
 * @param now ms since the epoch
 */
export async function noteKnownChart(
  tx: Kysely<Schema>,
  key: TenantKey,
  chartNumber: string,
  now: number,
): Promise<void> {
  const { vendor, tenant, environment } = key;
  const noted = await tx
    .insertInto('known_charts')
    .values({ vendor, tenant, environment, chart_number: chartNumber, first_seen_at: now })
    .onConflict((conflict) => conflict.columns(['vendor', 'tenant', 'environment', 'chart_number']).doNothing())
    .executeTakeFirst();
  if (noted.numInsertedOrUpdatedRows === 0n) return;
  const accounts = await tx
    .selectFrom('scan_counters')
    .select('account_id')
    .where('vendor', '=', vendor)
    .where('tenant', '=', tenant)
    .where('environment', '=', environment)
    .execute();
  for (const { account_id } of accounts) {
    const { numUpdatedRows } = await tx
      .updateTable('scans')
      .set({ unmatched: 0 })
      .where('vendor', '=', vendor)
      .where('tenant', '=', tenant)
      .where('environment', '=', environment)
      .where('account_id', '=', account_id)
      .where('chart_number', '=', chartNumber)
      .where('unmatched', '=', 1)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) continue;
    await tx
      .updateTable('scan_counters')
      .set((eb) => ({ unmatched: eb('unmatched', '-', Number(numUpdatedRows)) }))
      .where('vendor', '=', vendor)
      .where('tenant', '=', tenant)
      .where('environment', '=', environment)
      .where('account_id', '=', account_id)
      .execute();
  }
}
