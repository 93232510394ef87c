import type { ConnectionRow } from '../store/schema.ts';

export type ConnectionState = ConnectionRow['state'];

/** What can happen to a connection (rules.md "Connection and logins", "Un-pair"). */
export type ConnectionEvent =
  | 'paired' // somebody signed in and chose the account
  | 'last_login_gone' // signed out, or its refresh token died
  | 'lost' // upstream says `not_paired`: un-paired elsewhere
  | 'unpaired'; // un-paired here

/** The state after it; the same state when it changes nothing, so that it is told to nobody. Pure. */
export function nextConnectionState(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  switch (event) {
    case 'paired':
      return 'paired';
    case 'last_login_gone':
      return state === 'paired' ? 'needs_login' : state;
    case 'lost':
      // A late answer must not end a pairing that is over already.
      return state === 'paired' || state === 'needs_login' ? 'lost' : state;
    case 'unpaired':
      return 'unpaired';
    default:
      return event satisfies never;
  }
}

/** The account is this tenant's: nobody else may take it, and no other account may be chosen. */
export const CONNECTED = ['paired', 'needs_login'] as const satisfies readonly ConnectionState[];

/** For `Store.alone`: what changes upstream whether an account is paired goes one after another. */
export function accountTurn(environment: string, accountId: string): string {
  return `account ${environment} ${accountId}`;
}
