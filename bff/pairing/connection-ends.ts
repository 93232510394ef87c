import type { Audit } from '../audit/index.ts';
import type { Clock, Log } from '../deps.ts';
import type { EventLog } from '../events/index.ts';
import type { Store, Tx } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import type { TenantRef } from '../tenancy.ts';
import type { TokenSets } from '../vault/token-sets.ts';
import type { VaultEvents } from '../vault/vault.ts';
import { nextConnectionState } from './connection-state.ts';

export interface ConnectionEnds extends VaultEvents {
  /** After logins were taken away: without a healthy one the connection needs a login. */
  settleLogins(tx: Tx, connectionId: string): Promise<void>;
}

/** How a connection ends without anybody here un-pairing it. Each is told once, in the transaction that records it. */
export function createConnectionEnds(parts: {
  store: Store;
  sets: TokenSets;
  events: EventLog;
  audit: Audit;
  clock: Clock;
  log: Log;
}): ConnectionEnds {
  const { store, sets, events, audit, clock, log } = parts;

  const find = (tx: Tx, id: string): Promise<ConnectionRow | undefined> =>
    tx.selectFrom('connections').selectAll().where('id', '=', id).executeTakeFirst();

  async function settleLogins(tx: Tx, connectionId: string): Promise<void> {
    const connection = await find(tx, connectionId);
    if (connection === undefined) return;
    const { vendor, tenant, environment } = connection;
    const healthy = await tx
      .selectFrom('logins')
      .select('id')
      .where('connection_id', '=', connectionId)
      .where('state', '=', 'healthy')
      .executeTakeFirst();
    if (healthy !== undefined) return;
    const state = nextConnectionState(connection.state, 'last_login_gone');
    if (state === connection.state) return;
    await tx.updateTable('connections').set({ state, problem: 'needs_login' }).where('id', '=', connectionId).execute();
    await events.append(tx, {
      vendor,
      tenant,
      environment,
      type: 'pairing.removed',
      data: { reason: 'needs_login' },
    });
    store.afterCommit(tx, () => {
      log.warn({ connection: connectionId }, 'nobody is signed in to this connection any more');
    });
  }

  async function refuse(tx: Tx, tokenId: string, { vendor, tenant }: TenantRef): Promise<void> {
    const logins = await tx
      .updateTable('logins')
      .set({ state: 'failing', changed_at: clock.now() })
      .where('vendor', '=', vendor)
      .where('tenant', '=', tenant)
      .where('token_id', '=', tokenId)
      .where('state', '=', 'healthy')
      .returning('connection_id')
      .execute();
    for (const id of new Set(logins.map((login) => login.connection_id))) await settleLogins(tx, id);
  }

  return {
    settleLogins,

    async lost(connectionId, through) {
      await store.write(async (tx) => {
        const logins = await tx
          .selectFrom('logins')
          .select(['id', 'state', 'created_at'])
          .where('connection_id', '=', connectionId)
          .execute();
        // A late answer to a login of a former pairing, or somebody paired since: an un-pair ends what was there before it.
        if (!logins.some(({ id }) => id === through.id)) return;
        const since = logins.some(({ state, created_at: at }) => state === 'healthy' && at > through.created_at);
        if (since) return refuse(tx, through.token_id, through);
        const connection = await find(tx, connectionId);
        if (connection === undefined) return;
        const state = nextConnectionState(connection.state, 'lost');
        if (state === connection.state) return;
        const { vendor, tenant, environment, account_id: accountId } = connection;
        await tx
          .updateTable('connections')
          .set({ state, ended_at: clock.now(), problem: 'pairing_lost' })
          .where('id', '=', connectionId)
          .execute();
        // align-api §3: an un-pair hits every user. Were a login kept, its next refused call would end a newer pairing.
        const gone = await tx
          .deleteFrom('logins')
          .where('connection_id', '=', connectionId)
          .returning('token_id')
          .execute();
        await sets.dropUnused(
          tx,
          gone.map((login) => login.token_id),
        );
        await events.append(tx, { vendor, tenant, environment, type: 'pairing.removed', data: { reason: 'lost' } });
        const system = { vendor, tenant, environment, userId: 'system', sessionId: null };
        await audit.record(tx, system, 'pairing.lost', accountId, 'ok');
        store.afterCommit(tx, () => log.warn({ connection: connectionId }, 'the account was un-paired elsewhere'));
      }, through);
    },

    async tokenRefused(tokenId) {
      // One clinic as a rule: an account belongs to one.
      const clinics = await store.db
        .selectFrom('logins')
        .select(['vendor', 'tenant'])
        .distinct()
        .where('token_id', '=', tokenId)
        .execute();
      for (const clinic of clinics) await store.write((tx) => refuse(tx, tokenId, clinic), clinic);
    },
  };
}
