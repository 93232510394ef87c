import type { RequestState as WireState } from '../../shared/scan-request.ts';
import type { Fault } from '../core/fault.ts';
import { msg } from '../core/localize.ts';
import type { Field, FieldFault } from './draft.ts';
import type { MissingPart } from './identity.ts';

/** Why nothing can be sent from this chart, in the words of the person who can mend it. */
export function missingText(missing: readonly MissingPart[]): string {
  if (missing.includes('chart_number')) {
    return msg('This chart has no chart number. Enter one in the practice system, then open the chart again.');
  }
  if (missing.includes('first_name')) {
    return msg('This chart has no first name. Enter it in the practice system, then open the chart again.');
  }
  return msg('This chart has no last name. Enter it in the practice system, then open the chart again.');
}

export function stateText(state: WireState): string {
  switch (state) {
    case 'sending':
      return msg('Being sent');
    case 'sent':
      return msg('Open on the scanner');
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

export function checkScannerText(): string {
  return msg('It is not known whether iTero took this request. Check the scanner before you send again.');
}

/** The sentence of a failed attempt. A reused key means that the form had arrived before. */
export function sendFaultText(fault: Fault): string {
  if (fault.code !== 'idempotency_mismatch') return fault.displayMessage;
  return msg('An earlier attempt of this form has arrived. Look at the requests of this chart before you send again.');
}

export function fieldFaultText(field: Field, fault: FieldFault | undefined): string | null {
  switch (fault) {
    case undefined:
      return null;
    case 'past':
      return msg('This day is in the past.');
    case 'refused':
      return msg('iTero did not accept this.');
    case 'unreadable':
      return msg('Correct the teeth written here first.');
    case 'missing':
      return missingFieldText(field);
    default:
      return fault satisfies never;
  }
}

function missingFieldText(field: Field): string {
  switch (field) {
    case 'procedure':
      return msg('Choose a procedure.');
    case 'type':
      return msg('Choose a type.');
    case 'teeth':
      return msg('Choose at least one tooth.');
    case 'doctor':
      return msg('Choose the doctor.');
    case 'scanner':
    case 'lab':
    case 'dueDate':
    case 'notes':
    case 'patient':
      return msg('This is missing.');
    default:
      return field satisfies never;
  }
}
