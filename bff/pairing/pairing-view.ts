import type { Pairing, PairingStateName } from '../../shared/pairing.ts';
import type { AlignPort } from '../align/index.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow, LoginRow } from '../store/schema.ts';
import type { Principal } from '../tenancy.ts';
import type { Connections } from './connections.ts';
import { loginsOf } from './logins-of.ts';
import { nextCheckOf } from './next-check.ts';
import type { SignIns } from './sign-ins.ts';

/** `GET /v1/pairing`: state, logins, health and ledger summary of the session's clinic, as this person sees it. */
export function createPairingView(parts: {
  store: Store;
  align: AlignPort;
  connections: Connections;
  signIns: SignIns;
  ledger: (connection: ConnectionRow) => Promise<Pairing['ledger']>;
}): (principal: Principal) => Promise<Pairing> {
  const { store, align, connections, signIns, ledger } = parts;

  return async (principal) => {
    const { name: environment, simulated } = align.environment();
    const connection = await connections.current(principal);
    const outlook = await signIns.outlook(principal, principal.userId);
    const shown = connection === null || connection.state === 'unpaired' ? null : connection;
    return {
      state: toStateName(shown, outlook.choosing),
      environment,
      simulated,
      account: shown === null ? null : toAccount(shown),
      logins: shown === null ? [] : (await loginsOf(store.db, shown)).map((login) => toLogin(login, principal.userId)),
      choosing: outlook.choosing,
      signInProblem: outlook.problem,
      health: {
        lastNotificationAt: toIso(shown?.last_notification_at),
        lastFullCheckAt: toIso(shown?.last_full_check_at),
        nextCheckAt: shown === null ? null : toIso(await nextCheckOf(store, shown)),
        callback: shown?.callback_state ?? 'none',
        problem: shown?.problem ?? null,
      },
      // After an un-pair the stored list stays readable, and so does its ledger.
      ledger: connection === null ? NOTHING : await ledger(connection),
    };
  };
}

const NOTHING: Pairing['ledger'] = {
  cases: 0,
  byNotification: 0,
  recovered: 0,
  backfilled: 0,
  waiting: 0,
  pending: 0,
  unreadable: 0,
  provedUntil: null,
  behind: false,
};

function toStateName(shown: ConnectionRow | null, choosing: boolean): PairingStateName {
  if (shown === null) return choosing ? 'signed_in' : 'unpaired';
  return shown.state;
}

function toAccount(row: ConnectionRow): Pairing['account'] {
  return {
    id: row.account_id,
    name: row.account_name,
    city: row.account_city,
    country: row.account_country,
    configured: true,
  };
}

function toLogin(row: LoginRow, userId: string): Pairing['logins'][number] {
  return {
    id: row.id,
    displayName: row.user_name,
    you: row.user_id === userId,
    state: row.state,
    since: new Date(row.created_at).toISOString(),
  };
}

function toIso(time: number | null | undefined): string | null {
  return time === null || time === undefined ? null : new Date(time).toISOString();
}
