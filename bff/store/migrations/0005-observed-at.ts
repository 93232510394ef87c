import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** When upstream was asked for what is kept of a case, so that an answer which is late takes nothing back. */
export const observedAt: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // Null where it is not known: rows from before, and those of the release before that runs beside.
    await db.schema.alterTable('scans').addColumn('observed_at', 'bigint').execute();
  },
};
