import type { PairingStateName } from '../../shared/pairing.ts';
import { msg } from '../core/localize.ts';
import { isUnpaired } from './pairing-words.ts';

/** Above a list that stays as it is: why nothing comes, and who can change that. Null while the clinic is connected. */
export function pairingNotice(pairing: PairingStateName, manages: boolean): string | null {
  if (isUnpaired(pairing)) {
    const what = msg(
      'This clinic is not connected to iTero: new scans do not arrive and files cannot be fetched. The list stays readable.',
    );
    return `${what} ${manages ? msg('Connect the clinic in the settings.') : askToConnect()}`;
  }
  if (pairing !== 'needs_login') return null;
  const what = msg('Nobody is signed in to iTero any more: new scans do not arrive.');
  return `${what} ${manages ? msg('Sign in again in the settings.') : askToSignIn()}`;
}

/** For people who may not change the connection themselves; the session of a chart never may. */
export function askToConnect(): string {
  return msg('Connect it in the settings, or ask whoever manages the iTero connection.');
}

export function askToSignIn(): string {
  return msg('Sign in again in the settings, or ask whoever manages the iTero connection.');
}
