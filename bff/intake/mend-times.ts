import { LONGEST_WAIT_MS } from '../align/index.ts';
import type { Store } from '../store/index.ts';

/** Nothing is ever put off for longer than the longest pause that upstream may name, and some (ms). */
const LONGEST_MS = 2 * LONGEST_WAIT_MS;

/**
 * Hints and missing files whose next look lies further ahead than anybody puts one: it was planned while the clock was ahead,
 * and would not come until that time. They are due now. Leases have their own (`PollLeases.mend`).
 */
export async function mendDueTimes(store: Store, environment: string): Promise<void> {
  const now = await store.now();
  await store.write((tx) =>
    tx
      .updateTable('hints')
      .set({ next_at: now })
      .where('environment', '=', environment)
      .where('state', '=', 'waiting')
      .where('next_at', '>', now + LONGEST_MS)
      .execute(),
  );
  await store.write((tx) =>
    tx
      .updateTable('scans')
      .set({ recheck_at: now })
      .where('environment', '=', environment)
      .where('recheck_at', '>', now + LONGEST_MS)
      .execute(),
  );
}
