import type { Kysely } from 'kysely';
import type { ConnectionRow, Schema } from '../store/schema.ts';
import type { TenantKey } from '../tenancy.ts';
import { CONNECTED } from './connection-state.ts';

/** The connected one (a tenant has one at most), else the one that was paired last: it decides whose cases a clinic sees. */
export async function currentConnection(db: Kysely<Schema>, key: TenantKey): Promise<ConnectionRow | null> {
  const row = await db
    .selectFrom('connections')
    .selectAll()
    .where('vendor', '=', key.vendor)
    .where('tenant', '=', key.tenant)
    .where('environment', '=', key.environment)
    .orderBy((eb) => eb.case().when('state', 'in', CONNECTED).then(0).else(1).end())
    .orderBy('last_pair_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}
