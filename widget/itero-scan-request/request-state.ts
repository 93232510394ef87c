import type { Practice } from '../../shared/practice.ts';
import type { Result } from '../../shared/result.ts';
import type { PatientCheck, PatientIdentity } from '../../shared/scan-request.ts';
import type { Fault } from '../core/fault.ts';
import { changeDraft, toFieldFaults, type Draft, type FieldFaults } from './draft.ts';

/**
 * What stands against sending until the person says otherwise. `different`: the chart number is known here under
 * another name; `unchecked`: the guard could not ask; `arrived`: an earlier attempt of this form was taken, with other
 * content; `unconfirmed`: an earlier request may be on the scanner already.
 */
export type Concern = 'different' | 'unchecked' | 'arrived' | 'unconfirmed';

export type Guard =
  | { readonly kind: 'checking' }
  | { readonly kind: 'checked'; readonly check: PatientCheck }
  | { readonly kind: 'unchecked'; readonly fault: Fault };

/** Correcting the name upstream, which happens only when the person asks for it and says yes. */
export interface Correction {
  readonly step: 'idle' | 'asking' | 'running' | 'refused';
  readonly fault: Fault | null;
}

export interface RequestForm {
  /** Who is checked, shown and sent: one and the same. */
  readonly patient: PatientIdentity;
  readonly practice: Practice;
  readonly draft: Draft;
  readonly faults: FieldFaults;
  readonly guard: Guard;
  /** Concerns that the person has set aside, one by one. */
  readonly accepted: readonly Concern[];
  readonly correction: Correction;
  /** An earlier attempt of this form got no clear answer from iTero. */
  readonly unconfirmed: boolean;
  /** An earlier attempt of this form was taken by the BFF, and what came of it is not known here. */
  readonly arrived: boolean;
  /** An attempt under this key may have arrived, and no answer said what came of it. */
  readonly unanswered: boolean;
  /** `Idempotency-Key`: stays until an answer says that nothing is sent under it, so that a retry cannot send twice. */
  readonly key: string;
}

export type RequestState =
  /** `sent` is the id of the request that iTero took; `form` is what was begun and put aside, with its key, for as long as the chart stays open. */
  | { readonly kind: 'closed'; readonly sent: string | null; readonly form: RequestForm | null }
  | { readonly kind: 'opening' }
  | { readonly kind: 'blocked'; readonly fault: Fault }
  | { readonly kind: 'editing'; readonly form: RequestForm; readonly fault: Fault | null }
  | { readonly kind: 'sending'; readonly form: RequestForm };

export type RequestAction =
  | { readonly type: 'open' }
  | { readonly type: 'close' }
  | {
      readonly type: 'practice_known';
      readonly patient: PatientIdentity;
      readonly practice: Practice;
      readonly draft: Draft;
      readonly key: string;
    }
  | { readonly type: 'practice_failed'; readonly fault: Fault }
  | { readonly type: 'edit'; readonly change: Partial<Draft> }
  | { readonly type: 'check'; readonly patient: PatientIdentity }
  | { readonly type: 'checked'; readonly answer: Result<PatientCheck, Fault> }
  | { readonly type: 'accept'; readonly concern: Concern; readonly accepted: boolean }
  | { readonly type: 'mark'; readonly faults: FieldFaults }
  | { readonly type: 'send' }
  | { readonly type: 'sent'; readonly id: string }
  | { readonly type: 'send_failed'; readonly fault: Fault; readonly nextKey: string }
  | { readonly type: 'correct'; readonly step: Correction['step']; readonly fault?: Fault };

const EMPTY = { kind: 'closed', sent: null, form: null } as const;
export const CLOSED: RequestState = EMPTY;

const NO_CORRECTION: Correction = { step: 'idle', fault: null };

const FRESH = {
  faults: {},
  accepted: [],
  correction: NO_CORRECTION,
  unconfirmed: false,
  arrived: false,
  unanswered: false,
} as const;

/** Answers that stay with their key: under it nothing is sent any more, and what is corrected needs another. */
const SPENT: ReadonlySet<string> = new Set(['request_unconfirmed', 'idempotency_mismatch', 'upstream_refused']);

export function concernsOf({ guard, unconfirmed, arrived }: RequestForm): Concern[] {
  const concerns: Concern[] = [];
  if (guard.kind === 'unchecked') concerns.push('unchecked');
  if (guard.kind === 'checked' && guard.check.verdict === 'different') concerns.push('different');
  const open = guard.kind === 'checked' ? guard.check.openRequests : [];
  if (arrived) concerns.push('arrived');
  if (unconfirmed || open.some(({ state }) => state === 'unconfirmed')) concerns.push('unconfirmed');
  return concerns;
}

/** Sending waits for the guard's answer, and for the person's word on every concern. */
export function maySend(form: RequestForm): boolean {
  return form.guard.kind !== 'checking' && concernsOf(form).every((concern) => form.accepted.includes(concern));
}

/** The attempt may have arrived although no answer says so. */
function mayHaveArrived({ code, retryable }: Fault): boolean {
  return retryable || code === 'offline' || code === 'unreadable';
}

/**
 * Whether another key is right. Every other answer leaves the key free for whatever is sent next, or was given before the
 * key was looked at: an earlier attempt under it that went unanswered may have arrived all the same.
 */
function isSpent({ unanswered }: RequestForm, { code }: Fault): boolean {
  // The BFF gives it before it looks at the key, or keeps it there; without such an attempt another key is right for both.
  return SPENT.has(code) || (code === 'invalid_request' && !unanswered);
}

function edited(form: RequestForm, change: Partial<Draft>): RequestForm {
  const draft = changeDraft(form.practice, form.draft, change);
  const touched: Record<string, boolean> = {
    procedure: 'procedureId' in change,
    type: 'procedureId' in change || 'typeId' in change,
    teeth: 'teeth' in change || 'typeId' in change || 'procedureId' in change || 'details' in change,
    doctor: 'doctorId' in change,
    scanner: 'scanner' in change,
    lab: 'labId' in change,
    dueDate: 'dueDate' in change,
    notes: 'notes' in change,
  };
  const faults = Object.fromEntries(Object.entries(form.faults).filter(([field]) => touched[field] !== true));
  return { ...form, draft, faults };
}

function formAfter(form: RequestForm, fault: Fault, nextKey: string): RequestForm {
  const unconfirmed = fault.code === 'request_unconfirmed';
  const arrived = fault.code === 'idempotency_mismatch';
  const spent = isSpent(form, fault);
  return {
    ...form,
    unconfirmed: form.unconfirmed || unconfirmed,
    arrived: form.arrived || arrived,
    faults: toFieldFaults(fault.errors ?? []),
    // What was set aside before this attempt does not cover what came of it.
    accepted: unconfirmed || arrived ? [] : form.accepted,
    unanswered: !spent && (form.unanswered || mayHaveArrived(fault)),
    key: spent ? nextKey : form.key,
  };
}

function withForm(state: RequestState, change: (form: RequestForm) => RequestForm): RequestState {
  if (state.kind === 'editing' || state.kind === 'sending') return { ...state, form: change(state.form) };
  return state;
}

/** The element's state, never optimistic: it moves on answers. An action that does not fit the state changes nothing. */
export function reduceRequest(state: RequestState, action: RequestAction): RequestState {
  switch (action.type) {
    case 'open':
      if (state.kind === 'closed' && state.form) return { kind: 'editing', form: state.form, fault: null };
      return state.kind === 'closed' || state.kind === 'blocked' ? { kind: 'opening' } : state;
    case 'close':
      if (state.kind === 'editing') return { ...EMPTY, form: state.form };
      return state.kind === 'opening' || state.kind === 'blocked' ? CLOSED : state;
    case 'practice_known': {
      if (state.kind !== 'opening') return state;
      const { patient, practice, draft, key } = action;
      const form = { ...FRESH, patient, practice, draft, key, guard: { kind: 'checking' } as const };
      return { kind: 'editing', fault: null, form };
    }
    case 'practice_failed':
      return state.kind === 'opening' ? { kind: 'blocked', fault: action.fault } : state;
    case 'edit':
      return state.kind === 'editing' ? { ...state, form: edited(state.form, action.change) } : state;
    case 'check':
      return state.kind === 'editing' ? { ...state, form: checkAnew(state.form, action.patient) } : state;
    case 'checked':
      return withForm(state, (form) => withAnswer(form, action.answer));
    case 'accept':
      return withForm(state, (form) => {
        const others = form.accepted.filter((concern) => concern !== action.concern);
        return { ...form, accepted: action.accepted ? [...others, action.concern] : others };
      });
    case 'mark':
      return withForm(state, (form) => ({ ...form, faults: action.faults }));
    case 'send':
      return state.kind === 'editing' && maySend(state.form) ? { kind: 'sending', form: state.form } : state;
    case 'sent':
      return state.kind === 'sending' ? { ...EMPTY, sent: action.id } : state;
    case 'send_failed': {
      if (state.kind !== 'sending') return state;
      const { fault, nextKey } = action;
      return { kind: 'editing', fault, form: formAfter(state.form, fault, nextKey) };
    }
    case 'correct': {
      const correction = { step: action.step, fault: action.fault ?? null };
      return withForm(state, (form) => ({ ...form, correction }));
    }
    default:
      return action satisfies never;
  }
}

/** The patient may be spelled anew: what was accepted was accepted for the former spelling. */
function checkAnew(form: RequestForm, patient: PatientIdentity): RequestForm {
  return { ...form, patient, guard: { kind: 'checking' }, accepted: [], correction: NO_CORRECTION };
}

function withAnswer(form: RequestForm, answer: Result<PatientCheck, Fault>): RequestForm {
  const guard: Guard = answer.ok
    ? { kind: 'checked', check: answer.value }
    : { kind: 'unchecked', fault: answer.error };
  const next = { ...form, guard };
  const stands = concernsOf(next);
  // A concern set aside stays so only while it says the same thing.
  const accepted = isSameFinding(form.guard, guard) ? form.accepted.filter((concern) => stands.includes(concern)) : [];
  return { ...next, accepted };
}

function isSameFinding(a: Guard, b: Guard): boolean {
  if (a.kind !== 'checked' || b.kind !== 'checked') return a.kind === b.kind;
  return (
    a.check.verdict === b.check.verdict &&
    a.check.known?.firstName === b.check.known?.firstName &&
    a.check.known?.lastName === b.check.known?.lastName &&
    b.check.openRequests.every(({ id }) => a.check.openRequests.some((known) => known.id === id))
  );
}
