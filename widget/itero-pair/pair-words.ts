import type { Account, Login, Pairing } from '../../shared/pairing.ts';
import { msg } from '../core/localize.ts';

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

/** Whether iTero tells of new scans. Source: rules.md "Un-pair" (registered, confirmed, suspect). */
export function callbackWords({ callback, lastNotificationAt }: Pairing['health']): string {
  switch (callback) {
    case 'none':
      return msg('Not set up. New scans are found by the regular checks only.');
    case 'registered':
      return lastNotificationAt === null ? msg('Set up, none has come yet.') : msg('Set up anew, none has come since.');
    case 'confirmed':
      return msg('Arriving.');
    case 'suspect':
      return msg('Not arriving. New scans are found by the regular checks; notifications are being set up again.');
    default:
      return callback satisfies never;
  }
}

/** Why checks fail in the background (`health.problem`), and who has to do something. */
export function checkProblemWords(code: string): string {
  switch (code) {
    case 'upstream_unavailable':
    case 'upstream_timeout':
    case 'rate_limited':
      return msg('iTero cannot be reached at the moment. It is checked again by itself; nothing is lost.');
    case 'needs_login':
    case 'pairing_lost':
      return msg('iTero no longer accepts the sign-in. Sign in again.');
    case 'user_not_allowed':
      return notAllowed();
    default:
      return msg(
        'The last check did not succeed. It is tried again by itself; if this stays, tell your software vendor.',
      );
  }
}

/** Why the newest sign-in failed (`signInProblem`). */
export function signInProblemWords(code: string): string {
  switch (code) {
    case 'user_not_allowed':
      return notAllowed();
    case 'upstream_unavailable':
    case 'upstream_timeout':
    case 'rate_limited':
      return msg('iTero could not be reached for the sign-in. Try again in a moment.');
    default:
      return msg('The sign-in at iTero was not completed. Try again; if it fails again, tell your software vendor.');
  }
}

function notAllowed(): string {
  return msg('This iTero user may not do this: it needs a type such as Dentist and must not be a lab user. Ask Align.');
}
