import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What several instances ask each other through the database. */
export const instances: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createIndex('sessions_revoked')
      .on('sessions')
      .column('revoked_at')
      .where(sql<boolean>`revoked_at is not null`)
      .execute();
    // Pictures are pruned and swept by their file.
    await db.schema.createIndex('pictures_file').on('pictures').column('file').execute();
  },
};
