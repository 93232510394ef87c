import type { Clock } from '../deps.ts';
import type { Store } from '../store/index.ts';
import type { TenantRef } from '../tenancy.ts';

/** Events are kept for so long (ms); readers that come back later are told `stream.reset`. */
export const KEEP_EVENTS_MS = 7 * 86_400_000;
/** And at most so many of one tenant: a busy clinic makes some thousand a week. What is above waits for the next hour. */
export const KEEP_EVENTS = 20_000;
const CHUNK = 2000;

interface Stale extends TenantRef {
  /** The oldest id that is there, or a lower one. */
  readonly from: number;
  /** The newest that goes. */
  readonly upTo: number;
}

/** Removes what is too old or too much, in chunks, so that no writer waits for a large deletion. To be run hourly. */
export async function pruneEvents(parts: { store: Store; clock: Clock }): Promise<void> {
  const { store, clock } = parts;
  for (const stale of await tooOld(store, clock.now())) await remove(store, stale);
  for (const stale of await tooMany(store)) await remove(store, stale);
}

function tooOld({ db }: Store, now: number): Promise<Stale[]> {
  return db
    .selectFrom('events')
    .select((eb) => ['vendor', 'tenant', eb.fn.max('id').as('upTo'), eb.fn.min('id').as('from')])
    .where('created_at', '<', now - KEEP_EVENTS_MS)
    .groupBy(['vendor', 'tenant'])
    .execute();
}

/** Ids have no holes, so that the counter says how many there are. */
async function tooMany({ db }: Store): Promise<Stale[]> {
  const rows = await db
    .selectFrom('event_counters')
    .select(['vendor', 'tenant', 'last_id', 'pruned_to'])
    .where((eb) => eb(eb('last_id', '-', eb.ref('pruned_to')), '>', KEEP_EVENTS))
    .execute();
  return rows.map((row) => ({
    vendor: row.vendor,
    tenant: row.tenant,
    from: row.pruned_to + 1,
    upTo: row.last_id - KEEP_EVENTS,
  }));
}

async function remove(store: Store, { vendor, tenant, from, upTo }: Stale): Promise<void> {
  for (let start = from; start <= upTo; start += CHUNK) {
    const end = Math.min(start + CHUNK - 1, upTo);
    await store.write(async (tx) => {
      await tx
        .deleteFrom('events')
        .where('vendor', '=', vendor)
        .where('tenant', '=', tenant)
        .where('id', '<=', end)
        .execute();
      await tx
        .updateTable('event_counters')
        .set({ pruned_to: end })
        .where('vendor', '=', vendor)
        .where('tenant', '=', tenant)
        .where('pruned_to', '<', end)
        .execute();
    });
  }
}
