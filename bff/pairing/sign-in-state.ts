import type { SignInRow } from '../store/schema.ts';

export type SignInState = SignInRow['state'];

export type SignInEvent =
  | 'opened' // the start page was shown: the ticket is used up
  | 'came_back' // Align returned a code that was exchanged
  | 'failed'
  | 'account_chosen'
  | 'expired';

/** The state after it, or null where it may not happen: a ticket used twice, a state played back. Pure. */
export function nextSignInState(state: SignInState, event: SignInEvent): SignInState | null {
  switch (event) {
    case 'opened':
      return state === 'issued' ? 'started' : null;
    case 'came_back':
      return state === 'started' ? 'signed_in' : null;
    case 'failed':
      return state === 'started' ? 'failed' : null;
    case 'account_chosen':
      return state === 'signed_in' ? 'chosen' : null;
    case 'expired':
      return state === 'issued' || state === 'started' || state === 'signed_in' ? 'expired' : null;
    default:
      return event satisfies never;
  }
}
