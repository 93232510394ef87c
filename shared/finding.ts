import * as v from 'valibot';
import { scanSchema } from './scan.ts';

/**
 * What was found, in words for people by the element. Source: issue 3 §4.
 * `here` it is in the list; `unknown` nothing is known here or at iTero under what was asked.
 */
export const WHERE_RULES = [
  'here',
  'never_opened',
  'sending',
  'modeling',
  'other_identity',
  'files_missing',
  'not_connected',
  'no_notifications',
  'scanner_too_old',
  'other_clinic',
  'unknown',
] as const;
export type WhereRule = (typeof WHERE_RULES)[number];

/** The one thing to do next. */
export const WHERE_ACTIONS = [
  'open_scan', // show the case
  'open_on_scanner', // choose the RX on the scanner
  'wait', // it comes by itself
  'check_patient', // compare the names and chart numbers, then correct the patient at iTero
  'open_my_itero', // take the files from MyiTero by hand
  'connect', // connect the clinic again
  'repair_notifications', // sign in again, so that notifications come
  'use_newer_scanner', // Element 1 or later
  'choose_other_clinic', // it belongs to another account
  'search_again', // other words
  'look_at_scanner', // whether it is there, or was sent
  'send_again', // a new request, if the patient is to be scanned
] as const;
export type WhereAction = (typeof WHERE_ACTIONS)[number];

/** What a finding rests on: a fact and when it was so. `value` is shown as it is (a status, a serial number, an id, a name that was scanned). */
export const EVIDENCE = [
  'request_sent', // value: RX id
  'request_state', // one of REQUEST_STATES
  'status', // upstream's own words
  'scanned_as', // first and last name, chart number
  'requested_as',
  'scanner', // name and model
  'account', // name of the connected account; with other_clinic of the one it belongs to
  'account_lost', // value: lost | needs_login | unpaired
  'last_notification',
  'last_full_check',
  'missing_file', // ide | gallery
  'next_check', // of the case when it waits for a file, else of the whole account
  'asked_upstream', // value: upstream's own status of the RX, else found | not_found | other_account | no_answer
] as const;
export type EvidenceKind = (typeof EVIDENCE)[number];

export const findingSchema = v.object({
  rule: v.picklist(WHERE_RULES),
  action: v.picklist(WHERE_ACTIONS),
  /** Nothing is known under what was typed; this only has a similar name, and may be another patient's. */
  similar: v.boolean(),
  evidence: v.array(
    v.object({ kind: v.picklist(EVIDENCE), value: v.nullable(v.string()), at: v.nullable(v.string()) }),
  ),
  requestId: v.nullable(v.string()),
  orderId: v.nullable(v.string()),
  myIteroUrl: v.nullable(v.string()),
  /** The case, when this session may see it. */
  scan: v.nullable(scanSchema),
});
export type Finding = v.InferOutput<typeof findingSchema>;
