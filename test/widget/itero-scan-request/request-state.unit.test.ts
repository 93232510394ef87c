import { describe, expect, it } from 'vitest';
import { fail, ok } from '../../../shared/result.ts';
import type { PatientCheck } from '../../../shared/scan-request.ts';
import type { Fault } from '../../../widget/core/fault.ts';
import { startDraft } from '../../../widget/itero-scan-request/draft.ts';
import {
  CLOSED,
  concernsOf,
  maySend,
  reduceRequest,
  type RequestAction,
  type RequestForm,
  type RequestState,
} from '../../../widget/itero-scan-request/request-state.ts';
import { differentPatient, practice, samePatient, unknownPatient } from '../fixtures/practice.fixture.ts';

const patient = { firstName: 'Zoë', lastName: 'O’Hara', chartNumber: 'C-7' };
const known: RequestAction = {
  type: 'practice_known',
  patient,
  practice,
  draft: startDraft(practice, {}, null),
  key: 'key-1',
};
const checked = (check: PatientCheck): RequestAction => ({ type: 'checked', answer: ok(check) });
const run = (...actions: RequestAction[]) => actions.reduce(reduceRequest, CLOSED);
const ready = (check = samePatient) => run({ type: 'open' }, known, checked(check));

function fault(code: string, change: Partial<Fault> = {}): Fault {
  return { code, displayMessage: code, retryable: false, ...change };
}
function failWith(error: Fault, from: RequestState = ready()): RequestState {
  return [{ type: 'send' } as const, { type: 'send_failed', fault: error, nextKey: 'key-2' } as const].reduce(
    reduceRequest,
    from,
  );
}
function formOf(state: RequestState): RequestForm {
  if (state.kind !== 'editing' && state.kind !== 'sending') throw new Error(`no form while ${state.kind}`);
  return state.form;
}
const open = (state: 'sent' | 'unconfirmed', id = 'r1') => ({ id, state, createdAt: '2026-11-23T10:00:00.000Z' });

describe('the state of the scan request', () => {
  it('opens, learns the practice and the patient, sends and closes', () => {
    expect(run({ type: 'open' }).kind).toBe('opening');
    expect(ready().kind).toBe('editing');
    const sending = reduceRequest(ready(), { type: 'send' });
    expect(sending.kind).toBe('sending');
    expect(reduceRequest(sending, { type: 'sent', id: 'r1' })).toEqual({
      kind: 'closed',
      sent: 'r1',
      form: null,
    });
  });

  it('sends once, however often it is asked to', () => {
    const sending = reduceRequest(ready(), { type: 'send' });
    expect(reduceRequest(sending, { type: 'send' })).toBe(sending);
    expect(reduceRequest(CLOSED, { type: 'send' })).toBe(CLOSED);
  });

  it('does not close or edit while it sends', () => {
    const sending = reduceRequest(ready(), { type: 'send' });
    expect(reduceRequest(sending, { type: 'close' })).toBe(sending);
    expect(reduceRequest(sending, { type: 'edit', change: { notes: 'x' } })).toBe(sending);
  });

  it('ignores a practice that comes after it was closed', () => {
    expect(run({ type: 'open' }, { type: 'close' }, known)).toEqual(CLOSED);
  });

  it('keeps what was begun, with its key, when it is closed and opened again', () => {
    const begun = reduceRequest(ready(), { type: 'edit', change: { notes: 'margin' } });
    const again = [{ type: 'close' } as const, { type: 'open' } as const].reduce(reduceRequest, begun);
    expect(again).toEqual(begun);
  });

  it('takes no answer while it is closed', () => {
    expect(reduceRequest(CLOSED, { type: 'sent', id: 'r1' })).toBe(CLOSED);
  });

  it('says why it cannot open, and tries again when asked', () => {
    const blocked = run({ type: 'open' }, { type: 'practice_failed', fault: fault('unpaired') });
    expect(blocked).toEqual({ kind: 'blocked', fault: fault('unpaired') });
    expect(reduceRequest(blocked, { type: 'open' }).kind).toBe('opening');
  });
});

describe('the patient guard', () => {
  it('holds sending back until it has answered', () => {
    const waiting = run({ type: 'open' }, known);
    expect(reduceRequest(waiting, { type: 'send' })).toBe(waiting);
  });

  it.each([
    ['the same patient', samePatient, []],
    ['nothing known', unknownPatient, []],
    ['another name', differentPatient, ['different']],
    ['an open request', { ...samePatient, openRequests: [open('sent')] }, []],
    ['an unconfirmed request', { ...samePatient, openRequests: [open('unconfirmed')] }, ['unconfirmed']],
    ['both', { ...differentPatient, openRequests: [open('unconfirmed')] }, ['different', 'unconfirmed']],
  ])('finds its concerns with %s', (_, check, concerns) => {
    expect(concernsOf(formOf(ready(check)))).toEqual(concerns);
  });

  it('lets a form be sent when it could not ask, but only on the person’s word', () => {
    const state = run({ type: 'open' }, known, { type: 'checked', answer: fail(fault('upstream_unavailable')) });
    expect(concernsOf(formOf(state))).toEqual(['unchecked']);
    expect(maySend(formOf(state))).toBe(false);
    const accepted = reduceRequest(state, { type: 'accept', concern: 'unchecked', accepted: true });
    expect(maySend(formOf(accepted))).toBe(true);
    expect(maySend(formOf(reduceRequest(accepted, { type: 'accept', concern: 'unchecked', accepted: false })))).toBe(
      false,
    );
  });

  it('wants every concern set aside, not one of two', () => {
    const both = ready({ ...differentPatient, openRequests: [open('unconfirmed')] });
    const one = reduceRequest(both, { type: 'accept', concern: 'different', accepted: true });
    expect(maySend(formOf(one))).toBe(false);
    expect(maySend(formOf(reduceRequest(one, { type: 'accept', concern: 'unconfirmed', accepted: true })))).toBe(true);
  });

  it('keeps what was set aside when a fresh answer says the same', () => {
    const accepted = reduceRequest(ready(differentPatient), { type: 'accept', concern: 'different', accepted: true });
    expect(maySend(formOf(reduceRequest(accepted, checked(differentPatient))))).toBe(true);
  });

  it('asks again when a fresh answer says something else, or the patient was respelled', () => {
    const accepted = reduceRequest(ready(differentPatient), { type: 'accept', concern: 'different', accepted: true });
    const respelled = {
      ...differentPatient,
      known: differentPatient.known && { ...differentPatient.known, lastName: 'Hara' },
    };
    expect(maySend(formOf(reduceRequest(accepted, checked(respelled))))).toBe(false);
    expect(
      maySend(formOf([{ type: 'check', patient } as const, checked(differentPatient)].reduce(reduceRequest, accepted))),
    ).toBe(false);
    const more = { ...differentPatient, openRequests: [open('unconfirmed', 'r9')] };
    expect(maySend(formOf(reduceRequest(accepted, checked(more))))).toBe(false);
  });
});

describe('correcting the name upstream', () => {
  it('goes step by step, and ends when the patient is checked anew', () => {
    const asking = reduceRequest(ready(differentPatient), { type: 'correct', step: 'asking' });
    expect(formOf(asking).correction).toEqual({ step: 'asking', fault: null });
    const refused = reduceRequest(asking, { type: 'correct', step: 'refused', fault: fault('not_found') });
    expect(formOf(refused).correction).toEqual({ step: 'refused', fault: fault('not_found') });
    expect(formOf(reduceRequest(refused, { type: 'check', patient })).correction.step).toBe('idle');
  });
});

describe('a request that did not go through', () => {
  it('keeps what was typed and its key while it may have arrived', () => {
    for (const error of [
      fault('offline', { retryable: true }),
      fault('upstream_timeout', { retryable: true }),
      fault('unreadable'),
    ]) {
      const state = failWith(error);
      expect(state).toMatchObject({ kind: 'editing', fault: error });
      expect(formOf(state).key).toBe('key-1');
      expect(formOf(reduceRequest(state, { type: 'edit', change: { notes: 'more' } })).key).toBe('key-1');
    }
  });

  it('takes a new key once iTero has said no', () => {
    const state = failWith(fault('upstream_refused', { errors: [{ path: 'doctorId', expected: 'another' }] }));
    expect(formOf(state)).toMatchObject({ key: 'key-2', faults: { doctor: 'refused' } });
  });

  it('clears the mark of a field when that field changes, and no other', () => {
    const errors = [
      { path: 'doctorId', expected: '' },
      { path: 'labId', expected: '' },
    ];
    const state = reduceRequest(failWith(fault('upstream_refused', { errors })), {
      type: 'edit',
      change: { doctorId: 'd2' },
    });
    expect(formOf(state).faults).toEqual({ lab: 'refused' });
  });

  it('is not sent again before the person has looked at the scanner', () => {
    const state = failWith(fault('request_unconfirmed'));
    expect(concernsOf(formOf(state))).toEqual(['unconfirmed']);
    expect(reduceRequest(state, { type: 'send' })).toBe(state);
    expect(reduceRequest(reduceRequest(state, checked(samePatient)), { type: 'send' }).kind).toBe('editing');
    const looked = reduceRequest(state, { type: 'accept', concern: 'unconfirmed', accepted: true });
    expect(reduceRequest(looked, { type: 'send' }).kind).toBe('sending');
    expect(formOf(looked).key).toBe('key-2');
  });

  it('is not sent a second time with other content before the person has looked at the first', () => {
    const state = failWith(fault('idempotency_mismatch'));
    expect(formOf(state).key).toBe('key-2');
    expect(concernsOf(formOf(state))).toEqual(['arrived']);
    expect(maySend(formOf(state))).toBe(false);
    expect(maySend(formOf(reduceRequest(state, checked(samePatient))))).toBe(false);
    expect(maySend(formOf(reduceRequest(state, { type: 'accept', concern: 'arrived', accepted: true })))).toBe(true);
  });

  it('asks a second time after a second unconfirmed attempt', () => {
    const looked = reduceRequest(failWith(fault('request_unconfirmed')), {
      type: 'accept',
      concern: 'unconfirmed',
      accepted: true,
    });
    expect(maySend(formOf(failWith(fault('request_unconfirmed'), looked)))).toBe(false);
  });
});
