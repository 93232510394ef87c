import type { PairingStateName } from '../../shared/pairing.ts';

/** Not connected as far as is known: the list stays readable, files cannot be had (rules.md "Un-pair"). */
export function isUnpaired(pairing: PairingStateName | null): boolean {
  return pairing === 'unpaired' || pairing === 'lost' || pairing === 'signed_in';
}
