import type { Login, Pairing } from '../../shared/pairing.ts';
import { isProblemCode, PROBLEMS } from '../../shared/problem.ts';
import { msg } from '../core/localize.ts';

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
export function callbackWords(callback: Pairing['health']['callback']): string {
  switch (callback) {
    case 'none':
      return msg('Not set up. New scans are found by the regular checks only.');
    case 'registered':
      return msg('Set up, none has come yet.');
    case 'confirmed':
      return msg('Arriving.');
    case 'suspect':
      return msg('Not arriving. New scans are found by the regular checks; notifications are being set up again.');
    default:
      return callback satisfies never;
  }
}

/** A problem code of the server in words for people. */
export function problemWords(code: string): string {
  return isProblemCode(code) ? PROBLEMS[code][2] : msg('Something went wrong at iTero. It is tried again by itself.');
}
