import type { Account, Login } from '../../shared/pairing.ts';
import { msg } from '../core/localize.ts';
import { notAllowedWords } from '../ledger/arrival-words.ts';

/** "Portland, US" */
export function placeOf({ city, country }: Account): string {
  return [city, country].filter((part) => part !== null).join(', ');
}

export function loginWords(login: Login): string {
  switch (login.state) {
    case 'healthy':
      return msg('signed in');
    case 'failing':
      return msg('sign-in no longer accepted by iTero');
    case 'signed_out':
      return msg('signed out');
    default:
      return login.state satisfies never;
  }
}

/** Why the newest sign-in failed (`signInProblem`). */
export function signInProblemWords(code: string): string {
  switch (code) {
    case 'user_not_allowed':
      return notAllowedWords();
    case 'upstream_unavailable':
    case 'upstream_timeout':
    case 'rate_limited':
      return msg('iTero could not be reached for the sign-in. Try again in a moment.');
    default:
      return msg('The sign-in at iTero was not completed. Try again; if it fails again, tell your software vendor.');
  }
}
