import { sql } from 'kysely';
import type { LearntBy } from '../../shared/scan.ts';
import type { Clock } from '../deps.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { Store, Tx } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import type { TenantKey } from '../tenancy.ts';
import { nextCallbackHealth } from './callback-health.ts';
import type { PartnerCallbacks } from './callback-partner.ts';
import type { CallbackTokens } from './callback-tokens.ts';
import { CONNECTED } from './connection-state.ts';
import { currentConnection } from './current-connection.ts';

/** The clinic's connection to its Align account (rules.md "Connection and logins"). */
export interface Connections {
  /** State `paired` only. */
  active(key: TenantKey): Promise<ConnectionRow | null>;
  /** The newest, whatever its state: after an un-pair the stored list stays readable. */
  current(key: TenantKey): Promise<ConnectionRow | null>;
  byId(id: string): Promise<ConnectionRow | null>;
  /** Paired connections of this environment: what the poller works through. */
  pollable(environment: string): Promise<ConnectionRow[]>;
  /** @throws ProblemError `unpaired`, `needs_login` or `pairing_lost`. */
  requireActive(key: TenantKey): Promise<ConnectionRow>;
  /** The connection behind a callback URL, unless it was un-paired; former tokens stay valid for seven days. */
  routeCallback(token: string): Promise<ConnectionRow | null>;
  /** The environment that this partner-level token was configured for; null for any other text. */
  partnerEnvironment(token: string): string | null;
  /** The connection to this account: at most one tenant of an environment has it (rules.md "Connection and logins"). */
  routePartnerCallback(environment: string, accountId: string): Promise<ConnectionRow | null>;
  /** A notification came: the callback is confirmed. */
  noteNotification(tx: Tx, connectionId: string): Promise<void>;
  /** In the merge's transaction: two versions in a row learnt by poll alone make the callback suspect. */
  noteVersionLearnt(tx: Tx, connectionId: string, by: LearntBy): Promise<void>;
  /**
   * Called once per poll round: repeats Pair when the callback is suspect, once a day at most. Never rejects: a fault is
   * logged and tried again the day after.
   */
  repairCallback(connectionId: string): Promise<void>;
}

/** The time of a connection's last notification is noted once in so long (ms): a burst tells the same again and again. */
export const NOTED_EVERY_MS = 1000;

export function createConnections(parts: {
  store: Store;
  clock: Clock;
  callbackTokens: CallbackTokens;
  partnerCallbacks: PartnerCallbacks;
  repairCallback: (connectionId: string) => Promise<void>;
}): Connections {
  const { store, clock, callbackTokens, partnerCallbacks } = parts;

  const current = (key: TenantKey): Promise<ConnectionRow | null> => currentConnection(store.db, key);

  async function byId(id: string): Promise<ConnectionRow | null> {
    const row = await store.db.selectFrom('connections').selectAll().where('id', '=', id).executeTakeFirst();
    return row ?? null;
  }

  async function noteNotification(tx: Tx, id: string): Promise<void> {
    const { state, polledInARow } = nextCallbackHealth({ state: 'none', polledInARow: 0 }, { kind: 'notified' });
    const now = clock.now();
    // One statement that guards itself, without a lock; of several instances that tell the same, one changes it.
    await sql`update connections
      set callback_state = ${state}, polled_in_a_row = ${polledInARow}, last_notification_at = ${now}
      where id = ${id} and state <> 'unpaired' and (callback_state <> ${state} or polled_in_a_row <> ${polledInARow}
        or last_notification_at is null or last_notification_at <= ${now - NOTED_EVERY_MS})`.execute(tx);
  }

  async function noteVersionLearnt(tx: Tx, id: string, by: LearntBy): Promise<void> {
    const row = await tx
      .selectFrom('connections')
      .select(['callback_state', 'polled_in_a_row'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return;
    const before = { state: row.callback_state, polledInARow: row.polled_in_a_row };
    const after = nextCallbackHealth(before, { kind: 'learnt', by });
    if (after.state === before.state && after.polledInARow === before.polledInARow) return;
    await tx
      .updateTable('connections')
      .set({ callback_state: after.state, polled_in_a_row: after.polledInARow })
      .where('id', '=', id)
      // A notification that another instance stored since the look counts for more than this poll.
      .where('callback_state', '=', before.state)
      .where('polled_in_a_row', '=', before.polledInARow)
      .execute();
  }

  return {
    current,
    byId,

    async active(key) {
      const row = await current(key);
      return row?.state === 'paired' ? row : null;
    },

    pollable: (environment) =>
      store.db
        .selectFrom('connections')
        .selectAll()
        .where('environment', '=', environment)
        .where('state', '=', 'paired')
        .orderBy('id')
        .execute(),

    async requireActive(key) {
      const row = await current(key);
      if (row === null) throw new ProblemError('unpaired');
      switch (row.state) {
        case 'paired':
          return row;
        case 'needs_login':
          throw new ProblemError('needs_login');
        case 'lost':
          throw new ProblemError('pairing_lost');
        case 'unpaired':
          throw new ProblemError('unpaired');
        default:
          return row.state satisfies never;
      }
    },

    repairCallback: (connectionId) => parts.repairCallback(connectionId),

    async routeCallback(token) {
      const id = await callbackTokens.find(token);
      return id === null ? null : byId(id);
    },

    partnerEnvironment: (token) => partnerCallbacks.environmentOf(token),

    async routePartnerCallback(environment, accountId) {
      const row = await store.db
        .selectFrom('connections')
        .selectAll()
        .where('environment', '=', environment)
        .where('account_id', '=', accountId)
        .where('state', 'in', CONNECTED)
        .executeTakeFirst();
      return row ?? null;
    },

    noteNotification,
    noteVersionLearnt,
  };
}
