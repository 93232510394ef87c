import { REQUEST_STATES, type RequestState } from '../../shared/scan-request.ts';
import type { EvidenceKind, Finding, WhereAction, WhereRule } from '../../shared/finding.ts';
import { formatTime, msg, str } from '../core/localize.ts';
import { assetName } from './case-words.ts';
import { initialOf } from './words.ts';

/** What was found, in one sentence for somebody with a patient in the chair. */
export function findingWords(finding: Finding): string {
  return requestSentence(finding) ?? caseSentence(finding) ?? ruleSentence(finding);
}

function ruleSentence(finding: Finding): string {
  const words: Record<WhereRule, string> = {
    here: msg('It is here.'),
    never_opened: msg('The request was sent, but it has not been opened on the scanner yet.'),
    sending: sendingWords(valueOf(finding, 'asked_upstream')),
    modeling: msg('It has arrived at iTero, which is still working on the model.'),
    other_identity: msg('It was scanned under another name or chart number.'),
    files_missing: msg('The case is here, but a file is missing.'),
    not_connected: needsLogin(finding)
      ? msg('Nobody is signed in to iTero any more: no scan can arrive.')
      : msg('This clinic is not connected to iTero: no scan can arrive.'),
    no_notifications: msg('iTero does not tell of new scans: they come with the regular check, minutes later.'),
    scanner_too_old: msg('This scanner is too old to send its scans here.'),
    other_clinic: msg('It belongs to another iTero account than the one this clinic is connected with.'),
    unknown: nothingWords(finding),
  };
  return words[finding.rule];
}

/** Of an RX without a case, by upstream's word for it (align-api §6). */
function sendingWords(status: string | null): string {
  const word = status?.trim().toLowerCase();
  if (word === 'scanning') return msg('It is open on the scanner, which has not sent it yet.');
  if (word === 'sending') return msg('It was scanned, and the scanner is still sending it.');
  return msg('It has left the scanner, and iTero has not made the case ready yet.');
}

/** Where the case is in the list here, that comes first: whoever asks may not have seen it. */
function caseSentence(finding: Finding): string | null {
  const { rule, scan } = finding;
  if (scan === null) return null;
  if (rule === 'here' && valueOf(finding, 'request_state') === 'unconfirmed')
    return msg('A scan that may be of this request is here.');
  if (rule === 'sending')
    return scan.phase === 'rescan'
      ? msg('The scan is here, and it is being scanned again.')
      : msg('The case is here, and not all of it has arrived yet.');
  if (rule === 'modeling') return msg('It is here, and iTero is still working on the model.');
  if (rule === 'scanner_too_old') return msg('The case is here, but this scanner is too old to send its files.');
  // A name that only looks alike may be another patient’s.
  if (rule === 'other_identity' && !scan.otherIdentity)
    return msg('A scan with a similar name is here. It may be another patient’s.');
  return null;
}

/** Upstream is asked for RX ids alone; anything else is looked for in what it has listed. */
function nothingWords(finding: Finding): string {
  const asked = valueOf(finding, 'asked_upstream');
  if (asked === null) return msg('Nothing was found here.');
  if (isStatus(asked)) return msg(str`iTero says of it: “${asked}”.`);
  return asked === 'no_answer'
    ? msg('Nothing was found here, and iTero gave no answer.')
    : msg('Nothing was found, neither here nor at iTero.');
}

/** A request that never became a case says more than that nothing is known. */
function requestSentence(finding: Finding): string | null {
  const { rule, action } = finding;
  if (rule === 'never_opened' && action === 'wait') return msg('The request is just being sent to the scanner.');
  if (isGuessed(finding)) return msg('The request was sent, and no scan of it has come so far.');
  if (rule !== 'unknown') return null;
  const state = valueOf(finding, 'request_state');
  if (state === 'cancelled') return msg('The request was cancelled, so nothing was scanned for it.');
  if (state === 'refused') return msg('iTero refused the request, so it never came to the scanner.');
  if (state === 'unconfirmed') return msg('It is not known whether the request reached the scanner.');
  if (valueOf(finding, 'request_sent') === null) return null;
  const asked = valueOf(finding, 'asked_upstream');
  if (asked !== null && isStatus(asked)) return msg(str`iTero says of the request: “${asked}”.`);
  if (asked === 'found') return msg('A scan of it is at iTero, and is just being taken in here.');
  if (asked === 'not_found') return msg('iTero does not know this request, or does not know it any more.');
  return msg('The request was sent. iTero has not said yet where the scan is.');
}

/** Upstream did not answer: no case of it was listed, which is all that is known. */
function isGuessed(finding: Finding): boolean {
  const asked = valueOf(finding, 'asked_upstream');
  return (
    finding.rule === 'never_opened' && (asked === 'no_answer' || asked === null) && hasKind(finding, 'last_full_check')
  );
}

/** Somebody has to finish and send it there: align-api §6. */
function isBeingScanned(finding: Finding): boolean {
  return finding.scan === null && valueOf(finding, 'asked_upstream')?.toLowerCase() === 'scanning';
}

/** Upstream's own word, and not what stands for its answer. */
function isStatus(asked: string): boolean {
  return !['found', 'not_found', 'other_account', 'no_answer'].includes(asked);
}

function hasKind({ evidence }: Finding, kind: EvidenceKind): boolean {
  return evidence.some((one) => one.kind === kind);
}

function needsLogin(finding: Finding): boolean {
  return valueOf(finding, 'account_lost') === 'needs_login';
}

function valueOf({ evidence }: Finding, kind: EvidenceKind): string | null {
  return evidence.find((one) => one.kind === kind)?.value ?? null;
}

export interface AdviceView {
  readonly language: string;
  readonly now: Date;
  /** When iTero is asked next, as far as is known. */
  readonly nextCheckAt: string | null;
  /** The person may change the connection. */
  readonly manages: boolean;
  /** Bound to a patient: the clinic's unmatched tray is not seen from here. */
  readonly bound: boolean;
}

/** What to do now; empty where the button says it all. */
export function adviceWords(finding: Finding, view: AdviceView): string {
  const { action, evidence } = finding;
  const nextCheckAt = evidence.find(({ kind }) => kind === 'next_check')?.at ?? view.nextCheckAt;
  const next = nextCheckAt === null ? '' : formatTime(nextCheckAt, view.language, view.now);
  const words: Record<WhereAction, string> = {
    open_scan:
      hasKind(finding, 'next_check') && next !== ''
        ? msg(str`Looking for a newer one? iTero is asked next at ${next}.`)
        : '',
    open_on_scanner: openWords(finding, view),
    wait: waitWords(finding, next),
    check_patient: msg(
      'Compare the names and chart numbers. Is it this patient? Then correct the patient in MyiTero; patients cannot be merged there.',
    ),
    open_my_itero: msg(
      'Open the case in MyiTero and take the file there. Not there either? The case has the details for Align support.',
    ),
    connect: connectWords(finding, view),
    repair_notifications: view.manages
      ? msg('Sign in to iTero again, so that notifications are set up anew.')
      : msg('Nothing is lost. Ask whoever manages the iTero connection to sign in again in the settings.'),
    use_newer_scanner:
      finding.scan === null
        ? msg('Scan with an iTero Element or newer. What this scanner has taken can be seen in MyiTero only.')
        : msg('Take the files from MyiTero. To have them here, scan with an iTero Element or newer.'),
    choose_other_clinic: view.manages
      ? msg('See which account this clinic is connected with.')
      : msg('Ask whoever manages the iTero connection which account this clinic is connected with.'),
    search_again: msg(
      'Look at the scanner whether the scan was sent. Then try another spelling, the chart number, or the order number that the scanner shows.',
    ),
    look_at_scanner: lookWords(finding),
    send_again: msg('Send a new request if the patient is to be scanned.'),
  };
  return words[action];
}

function waitWords(finding: Finding, next: string): string {
  if (isBeingScanned(finding)) return msg('Finish the scan on the scanner and send it: then it shows here by itself.');
  const words =
    finding.scan === null
      ? msg('Nothing to do: it shows here by itself.')
      : msg('Nothing to do: what is new shows here by itself.');
  return next === '' ? words : `${words} ${msg(str`iTero is asked next at ${next}.`)}`;
}

function connectWords(finding: Finding, { manages }: AdviceView): string {
  if (needsLogin(finding))
    return manages
      ? msg('Sign in to iTero again. Scans of the meantime are fetched by themselves.')
      : msg('Ask whoever manages the iTero connection to sign in again in the settings.');
  return manages
    ? msg('Connect the clinic again. Scans of the meantime are fetched by themselves.')
    : msg('Ask whoever manages the iTero connection to connect it in the settings. Scans of the meantime are fetched.');
}

/** Somebody may have typed the name anew there: that scan has no request, and another patient must not be scanned twice. */
function openWords(finding: Finding, { bound }: AdviceView): string {
  const words = isGuessed(finding)
    ? msg('Look at the scanner whether it was scanned and sent. If not, choose this request from the list there.')
    : msg(
        'At the scanner, choose this request from the list and scan. Do not type the name in anew: that makes a second patient.',
      );
  return bound
    ? `${msg('Scanned already? Then look first among the unmatched scans in the clinic’s inbox.')} ${words}`
    : words;
}

function lookWords(finding: Finding): string {
  return valueOf(finding, 'request_state') === 'unconfirmed'
    ? msg('Look at the scanner whether it is there before you send it again.')
    : msg('Look at the scanner whether it was scanned and sent. If not, and the request is not there, send a new one.');
}

export function evidenceLabel(kind: EvidenceKind): string {
  const labels: Record<EvidenceKind, string> = {
    request_sent: msg('Request sent, RX id'),
    request_state: msg('Request'),
    status: msg('Status at iTero'),
    scanned_as: msg('Scanned as'),
    requested_as: msg('Requested as'),
    scanner: msg('Scanner'),
    account: msg('iTero account'),
    account_lost: msg('Connection ended'),
    last_notification: msg('Last notification'),
    last_full_check: msg('Last full check'),
    missing_file: msg('Missing'),
    next_check: msg('Next check'),
    asked_upstream: msg('iTero was asked'),
  };
  return labels[kind];
}

type Evidence = Finding['evidence'][number];

/** Names are shortened where only initials may be seen, and the chart number goes. */
export function evidenceValue({ kind, value }: Evidence, initialsOnly: boolean): string {
  if (value === null) return '';
  if (kind === 'missing_file') return value === 'ide' || value === 'gallery' ? assetName(value) : value;
  if (kind === 'account_lost') return lostWords(value);
  if (kind === 'asked_upstream') return askedWords(value);
  if (kind === 'request_state') return isRequestState(value) ? requestWords(value) : value;
  if (initialsOnly && (kind === 'scanned_as' || kind === 'requested_as')) return initialsOf(value);
  return value;
}

function lostWords(state: string): string {
  if (state === 'lost') return msg('by somebody else');
  if (state === 'unpaired') return msg('in the settings');
  return state === 'needs_login' ? msg('nobody is signed in') : state;
}

/** Upstream's own word for the status, or what came instead of one. */
function askedWords(answer: string): string {
  if (answer === 'found') return msg('it has a scan of it');
  if (answer === 'not_found') return msg('it knows no such RX');
  if (answer === 'other_account') return msg('it belongs to another account');
  if (answer === 'no_answer') return msg('it gave no answer');
  return answer;
}

function initialsOf(identity: string): string {
  const [names = ''] = identity.split(/[,(·]/);
  return names
    .trim()
    .split(/\s+/)
    .filter((name) => /^\p{L}/u.test(name))
    .map(initialOf)
    .join(' ');
}

function isRequestState(value: string): value is RequestState {
  return (REQUEST_STATES as readonly string[]).includes(value);
}

function requestWords(state: RequestState): string {
  const words: Record<RequestState, string> = {
    sending: msg('being sent'),
    sent: msg('open on the scanner'),
    unconfirmed: msg('not confirmed by iTero: look at the scanner'),
    refused: msg('refused by iTero'),
    scanned: msg('scanned'),
    cancelled: msg('cancelled'),
  };
  return words[state];
}
