import type { RequestState as WireState } from '../../shared/scan-request.ts';
import { msg } from '../core/localize.ts';

export function stateText(state: WireState): string {
  switch (state) {
    case 'sending':
      return msg('Being sent');
    case 'sent':
      return msg('Sent to the scanner');
    case 'unconfirmed':
      return msg('Not confirmed');
    case 'refused':
      return msg('Refused by iTero');
    case 'scanned':
      return msg('Scanned');
    case 'cancelled':
      return msg('Cancelled');
    default:
      return state satisfies never;
  }
}
