import type { Store } from '../store/index.ts';
import type { ConnectionRow, LoginRow } from '../store/schema.ts';

/** Everybody who signed in for this connection, oldest first. */
export function loginsOf(db: Store['db'], connection: ConnectionRow): Promise<LoginRow[]> {
  return db
    .selectFrom('logins')
    .selectAll()
    .where('vendor', '=', connection.vendor)
    .where('tenant', '=', connection.tenant)
    .where('connection_id', '=', connection.id)
    .orderBy('created_at')
    .orderBy('user_id')
    .execute();
}
