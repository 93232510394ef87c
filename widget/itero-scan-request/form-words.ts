import type { Fault } from '../core/fault.ts';
import { msg } from '../core/localize.ts';
import type { Field, FieldFault } from './draft.ts';

/** The sentence of a failed attempt. A reused key means that the form had arrived before. */
export function sendFaultText(fault: Fault): string {
  // Nothing is sent by itself later: the patient may have left the chair. The key stays, so that it arrives once.
  if (fault.code === 'offline') {
    return msg(
      'No connection to the scanner service. Nothing is sent by itself: try again when it is back, it is never sent twice.',
    );
  }
  // Reloading the page, as the fault's own words have it, would lose the key.
  if (fault.code === 'unreadable') {
    return msg(
      'The answer could not be read, so that it is not known whether this was sent. Send it again from here: it is never sent twice.',
    );
  }
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
