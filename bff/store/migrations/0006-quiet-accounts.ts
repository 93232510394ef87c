import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Accounts that upstream asked to leave alone for a time (Retry-After): a row of their own, which no lease or plan overwrites. */
export const quietAccounts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('quiet_accounts')
      .addColumn('environment', 'text', (c) => c.notNull())
      .addColumn('account_id', 'text', (c) => c.notNull())
      .addColumn('quiet_since', 'bigint', (c) => c.notNull())
      .addColumn('quiet_until', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('quiet_accounts_key', ['environment', 'account_id'])
      .execute();
  },
};
