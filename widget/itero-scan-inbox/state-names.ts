import type { PairingStateName } from '../../shared/pairing.ts';
import type { StateName } from '../core/itero-element.ts';
import type { LinkState } from '../core/page-link.ts';
import type { InboxState } from './inbox-state.ts';
import { isUnpaired } from './pairing-words.ts';

/** The element's `:state(…)`. */
export function stateNames(
  { load, rows }: InboxState,
  link: LinkState['kind'] | undefined,
  pairing: PairingStateName | null,
): StateName[] {
  const names: StateName[] = [];
  if (link === 'offline') names.push('offline');
  if (link === 'failed' || link === 'expired' || load.kind === 'failed') names.push('error');
  else if (load.kind === 'ready' && rows.length === 0) names.push('empty');
  else if (load.kind !== 'ready') names.push('loading');
  if (pairing !== null) names.push(isUnpaired(pairing) ? 'unpaired' : 'paired');
  return names;
}
