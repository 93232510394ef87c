import type { Clock, Log } from '../deps.ts';
import type { Store } from '../store/index.ts';

const DAY = 86_400_000;
export const KEEP_MS = 7 * DAY;
const PAUSE_MS = 3_600_000;
const CHUNK = 2000;

/** Removes events older than seven days, hourly. Readers that come back later are told `stream.reset`. */
export function createEventRetention(parts: { store: Store; clock: Clock; log: Log }): { start(): void; stop(): void } {
  const { clock, log } = parts;
  let cancel: (() => void) | null = null;
  const schedule = (): void => {
    cancel = clock.after(PAUSE_MS, () => {
      schedule();
      pruneEvents(parts.store, clock.now() - KEEP_MS).catch((error: unknown) => {
        log.error({ error }, 'old events could not be removed; tried again in an hour');
      });
    });
  };
  return { start: schedule, stop: () => cancel?.() };
}

/** @param before ms since the epoch */
export async function pruneEvents(store: Store, before: number): Promise<void> {
  const stale = await store.db
    .selectFrom('events')
    .select((eb) => ['vendor', 'tenant', eb.fn.max('id').as('upTo'), eb.fn.min('id').as('from')])
    .where('created_at', '<', before)
    .groupBy(['vendor', 'tenant'])
    .execute();
  for (const { vendor, tenant, from, upTo } of stale) {
    for (let start = from; start <= upTo; start += CHUNK) {
      const end = Math.min(start + CHUNK - 1, upTo);
      // In chunks, so that no writer waits for a large deletion.
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
