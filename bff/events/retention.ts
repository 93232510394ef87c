import type { Clock } from '../deps.ts';
import type { Store } from '../store/index.ts';

/** Events are kept for so long (ms); readers that come back later are told `stream.reset`. */
export const KEEP_EVENTS_MS = 7 * 86_400_000;
const CHUNK = 2000;

/** Removes what is too old, in chunks, so that no writer waits for a large deletion. To be run hourly. */
export async function pruneEvents(parts: { store: Store; clock: Clock }): Promise<void> {
  const { store, clock } = parts;
  const stale = await store.db
    .selectFrom('events')
    .select((eb) => ['vendor', 'tenant', eb.fn.max('id').as('upTo'), eb.fn.min('id').as('from')])
    .where('created_at', '<', clock.now() - KEEP_EVENTS_MS)
    .groupBy(['vendor', 'tenant'])
    .execute();
  for (const { vendor, tenant, from, upTo } of stale) {
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
}
