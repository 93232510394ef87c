import { html, nothing, type TemplateResult } from 'lit';
import type { PairingStateName } from '../../shared/pairing.ts';
import { msg } from '../core/localize.ts';

/** Not connected as far as is known: the list stays readable, files cannot be had (rules.md "Un-pair"). */
export function isUnpaired(pairing: PairingStateName | null): boolean {
  return pairing === 'unpaired' || pairing === 'lost' || pairing === 'signed_in';
}

/** Above a list that stays as it is. */
export function pairingNotice(pairing: PairingStateName | null): TemplateResult | typeof nothing {
  const words = isUnpaired(pairing)
    ? msg(
        'This clinic is not connected to iTero: new scans do not arrive and files cannot be fetched. The list stays readable. Connect the clinic in the settings.',
      )
    : msg('Nobody is signed in to iTero any more: new scans do not arrive. Sign in again in the settings.');
  if (!isUnpaired(pairing) && pairing !== 'needs_login') return nothing;
  return html`<div class="notice warning" part="unpaired"><p>${words}</p></div>`;
}
