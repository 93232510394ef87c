import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

const SWEEP = ['proved_until', 'last_sweep_at', 'sweep_started_at', 'sweep_from', 'sweep_page'];

/** The daily sweep goes on where it was cut off, and an order that cannot be read holds nothing up for good. */
export const reconciliation: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const column of SWEEP) await db.schema.alterTable('connections').addColumn(column, 'bigint').execute();
    await db.schema
      .createTable('unreadable_orders')
      .addColumn('vendor', 'text', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('environment', 'text', (c) => c.notNull())
      .addColumn('account_id', 'text', (c) => c.notNull())
      .addColumn('order_key', 'text', (c) => c.notNull())
      .addColumn('modified_at', 'bigint', (c) => c.notNull())
      .addColumn('first_seen_at', 'bigint', (c) => c.notNull())
      .addColumn('last_seen_at', 'bigint', (c) => c.notNull())
      .addColumn('history', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('unreadable_orders_key', ['vendor', 'tenant', 'environment', 'account_id', 'order_key'])
      .execute();
  },
};
