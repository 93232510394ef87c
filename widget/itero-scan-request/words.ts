import { msg } from '../core/localize.ts';
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

export function checkScannerText(): string {
  return msg('It is not known whether iTero took this request. Check the scanner before you send again.');
}
