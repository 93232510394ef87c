import type { Pairing } from '../../shared/pairing.ts';
import { formatNumber, formatTime, msg, str } from '../core/localize.ts';

/** "43 cases, 41 by notification, 2 recovered, checked 09:42": the practice manager's proof that none is missing. */
export function ledgerLine({ ledger, health }: Pairing, language: string, now?: Date): string {
  const { cases, byNotification, backfilled, recovered, waiting, pending, unreadable } = ledger;
  const number = (value: number): string => formatNumber(value, language);
  const parts = [
    cases === 1 ? msg('1 case') : msg(str`${number(cases)} cases`),
    msg(str`${number(byNotification)} by notification`),
    backfilled === 0 ? '' : msg(str`${number(backfilled)} from before`),
    msg(str`${number(recovered)} recovered`),
    waiting === 0
      ? ''
      : waiting === 1
        ? msg('1 of them waits for a file')
        : msg(str`${number(waiting)} of them wait for a file`),
    pending === 0 ? '' : pending === 1 ? msg('1 more is being read') : msg(str`${number(pending)} more are being read`),
    unreadable === 0 ? '' : msg(str`${number(unreadable)} at iTero cannot be read yet`),
    checkedWords(health, language, now),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** "checked 09:42"; with the date when that was not today. */
export function checkedWords({ lastFullCheckAt }: Pairing['health'], language: string, now?: Date): string {
  if (lastFullCheckAt === null) return msg('not checked yet');
  return msg(str`checked ${formatTime(lastFullCheckAt, language, now)}`);
}

/** The same at the beginning of a line, for a patient's chart. */
export function checkedLine({ lastFullCheckAt }: Pairing['health'], language: string, now?: Date): string {
  if (lastFullCheckAt === null) return msg('Not checked yet');
  return msg(str`Checked ${formatTime(lastFullCheckAt, language, now)}`);
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
      return msg(
        'Not arriving. New scans are found by the regular checks. Notifications are set up again by themselves once a day; signing in again does it at once.',
      );
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
      return notAllowedWords();
    case 'service_misconfigured':
      return msg(
        'The scanner service is not set up for iTero as it should be: tell your software vendor. Where its keys were changed, signing in again helps.',
      );
    case 'upstream_wrong_shape':
      return msg(
        'iTero lists a case that cannot be read here yet. It is tried again by itself; until then look for it in MyiTero. If this stays, tell your software vendor.',
      );
    default:
      return msg(
        'The last check did not succeed. It is tried again by itself; if this stays, tell your software vendor.',
      );
  }
}

export function notAllowedWords(): string {
  return msg('This iTero user may not do this: it needs a type such as Dentist and must not be a lab user. Ask Align.');
}

/** The complete listing is overdue. */
export function isOverdue({ ledger, state }: Pairing): boolean {
  return state === 'paired' && ledger.behind;
}

export function overdueWords({ health }: Pairing, language: string, now?: Date): string {
  const late =
    health.lastFullCheckAt === null
      ? msg('The first check has not come to its end: cases that iTero did not tell of may still be missing.')
      : msg(
          str`The regular check is overdue, the last was at ${formatTime(health.lastFullCheckAt, language, now)}: cases that iTero did not tell of may still be missing.`,
        );
  const next =
    health.nextCheckAt === null
      ? msg('It is tried again by itself.')
      : msg(str`It is tried again by itself, next at ${formatTime(health.nextCheckAt, language, now)}.`);
  return `${late} ${next} ${msg('If this stays, tell your software vendor.')}`;
}

/** What keeps new scans from coming at once, for a list of scans; null when nothing does. */
export function arrivalFault(pairing: Pairing, language: string, now?: Date): string | null {
  if (pairing.state !== 'paired') return null;
  const { callback, problem } = pairing.health;
  const words = [
    isOverdue(pairing) ? overdueWords(pairing, language, now) : '',
    problem === null ? '' : checkProblemWords(problem),
  ].filter((part) => part !== '');
  if (words.length > 0) return words.join(' ');
  if (callback === 'suspect' || callback === 'none')
    return msg('iTero does not tell of new scans at the moment: the regular check finds them, a few minutes later.');
  return null;
}
