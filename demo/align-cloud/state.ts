import type { Account, CallRecord, Grant, NotificationRecord, Order, Patient, Rx, User } from './model.ts';
import { createAccounts } from './seed/accounts.ts';
import { USERS } from './seed/users.ts';

/** A sign-in under way: what /authorize was asked, and who has proved to be whom. */
export interface SignIn {
  id: string;
  redirectUri: string;
  state: string | undefined;
  codeChallenge: string;
  userId: string | undefined;
  expiresAt: number;
}

export interface AuthorizationCode {
  userId: string;
  redirectUri: string;
  codeChallenge: string;
  expiresAt: number;
  /** The grant it was changed for: a second use ends that grant (RFC 6749 §4.1.2). */
  grantId: string | undefined;
}

export interface State {
  users: readonly User[];
  accounts: Map<number, Account>;
  signIns: Map<string, SignIn>;
  codes: Map<string, AuthorizationCode>;
  grants: Map<string, Grant>;
  /** Every access token ever issued: its grant and its end. */
  accessTokens: Map<string, { grantId: string; expiresAt: number }>;
  /** Every refresh token ever issued: its grant. Only the grant's own `refreshToken` is good. */
  refreshTokens: Map<string, string>;
  patients: Patient[];
  rxs: Map<string, Rx>;
  orders: Map<number, Order>;
  notifications: NotificationRecord[];
  calls: CallRecord[];
  /** Company → when Get Orders was last answered; strict mode measures from there. */
  lastGetOrders: Map<number, number>;
  /** Nonces of pre-signed links that a fault ended before their time. */
  endedLinks: Set<string>;
  redirectUris: Set<string>;
  partnerCallbackUrl: string | undefined;
  region: string;
  nextId: number;
}

export interface StateSeed {
  redirectUris: readonly string[];
  partnerCallbackUrl: string | undefined;
  region: string;
}

export function createState(seed: StateSeed): State {
  return {
    users: USERS,
    accounts: new Map(createAccounts().map((account) => [account.companyId, account])),
    signIns: new Map(),
    codes: new Map(),
    grants: new Map(),
    accessTokens: new Map(),
    refreshTokens: new Map(),
    patients: [],
    rxs: new Map(),
    orders: new Map(),
    notifications: [],
    calls: [],
    lastGetOrders: new Map(),
    endedLinks: new Set(),
    redirectUris: new Set(seed.redirectUris),
    partnerCallbackUrl: seed.partnerCallbackUrl,
    region: seed.region,
    nextId: 1,
  };
}

const KEPT_RECORDS = 2000;

/** Adds to a log that stays bounded however long the simulator runs. */
export function keep<T>(records: T[], record: T): T {
  records.push(record);
  if (records.length > KEPT_RECORDS) records.splice(0, records.length - KEPT_RECORDS);
  return record;
}
