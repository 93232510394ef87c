import type { Phase } from '../../shared/scan.ts';
import type { AlignPort } from '../align/index.ts';
import type { EventLog } from '../events/index.ts';
import type { Store } from '../store/index.ts';
import type { ScanRow } from '../store/schema.ts';
import { scanEvent } from './merge-events.ts';
import { missingFiles, planNextLook } from './missing-files.ts';
import { createTeller } from './teller.ts';
import { parseAssets } from './version.ts';

/** Cases that wait for a file. The schedule is in the database, so that a restart forgets none. */
export interface Rechecks {
  /** Oldest first. @param until ms by the database's clock @param but connections that cannot go on now */
  due(environment: string, until: number, limit: number, but?: ReadonlySet<string>): Promise<ScanRow[]>;
  /**
   * Of several instances one looks: the claim moves the time of the next look, so that an instance which dies leaves it to the
   * others soon. @returns null: another one has it
   */
  claim(scan: ScanRow, until: number): Promise<ScanRow | null>;
  /** When the next one falls due after `now` (ms since the epoch); null when none waits. */
  nextDue(environment: string, now: number): Promise<number | null>;
  /** Somebody looked and the files are still missing: plans the next look, and tells people when the window is over. */
  noteStillMissing(scan: ScanRow): Promise<void>;
  /** No look was possible: again at this time, without counting it as one. */
  postpone(scan: ScanRow, until: number): Promise<void>;
}

export function createRechecks(parts: {
  store: Store;
  events: EventLog;
  align: Pick<AlignPort, 'environment'>;
}): Rechecks {
  const { store, events, align } = parts;

  return {
    due(environment, until, limit, but = new Set()) {
      let query = store.db
        .selectFrom('scans')
        .selectAll()
        .where('environment', '=', environment)
        .where('recheck_at', 'is not', null)
        .where('recheck_at', '<=', until);
      if (but.size > 0) query = query.where('connection_id', 'not in', [...but]);
      return query.orderBy('recheck_at').limit(limit).execute();
    },

    async claim(scan, until) {
      const { numUpdatedRows } = await store.write((tx) =>
        byKey(tx.updateTable('scans').set({ recheck_at: until }), scan)
          .where('recheck_at', '=', scan.recheck_at)
          .executeTakeFirst(),
      );
      return numUpdatedRows === 1n ? { ...scan, recheck_at: until } : null;
    },

    async nextDue(environment, now) {
      const row = await store.db
        .selectFrom('scans')
        .select('recheck_at')
        .where('environment', '=', environment)
        .where('recheck_at', 'is not', null)
        .where('recheck_at', '>', now)
        .orderBy('recheck_at')
        .limit(1)
        .executeTakeFirst();
      return row?.recheck_at ?? null;
    },

    async noteStillMissing(scan) {
      // It falls due by the database's clock; ours may be minutes off.
      const now = await store.now();
      await store.write(async (tx) => {
        const row = await byKey(tx.selectFrom('scans').selectAll(), scan).executeTakeFirst();
        // A merge in the meantime planned anew: its plan holds.
        if (row === undefined || row.missing_since === null || row.recheck_at !== scan.recheck_at) return;
        const plan = planNextLook(row, now, align.environment().timings);
        await byKey(tx.updateTable('scans').set(plan), scan).execute();
        if (row.missing_told_at !== null || plan.missing_told_at === null) return;
        const tell = createTeller(tx, events, row);
        const event = scanEvent(row);
        for (const asset of missingFiles(row.phase as Phase, parseAssets(row.assets))) {
          await tell({ ...event, type: 'scan.asset_missing', data: { ...event.data, asset } });
        }
      }, scan);
    },

    postpone: (scan, until) =>
      store.write(async (tx) => {
        await byKey(tx.updateTable('scans').set({ recheck_at: until }), scan)
          .where('recheck_at', '=', scan.recheck_at)
          .execute();
      }),
  };
}

interface Filterable<Q> {
  where(column: 'vendor' | 'tenant' | 'environment' | 'account_id' | 'order_id', operator: '=', value: string): Q;
}

function byKey<Q extends Filterable<Q>>(query: Q, scan: ScanRow): Q {
  return query
    .where('vendor', '=', scan.vendor)
    .where('tenant', '=', scan.tenant)
    .where('environment', '=', scan.environment)
    .where('account_id', '=', scan.account_id)
    .where('order_id', '=', scan.order_id);
}
