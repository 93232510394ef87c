import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { scanRequestDraftSchema } from '../../../shared/scan-request.ts';
import {
  changeDraft,
  findFaults,
  needsDetails,
  needsTeeth,
  startDraft,
  toFieldFaults,
  toRemembered,
  toWire,
  type Draft,
} from '../../../widget/itero-scan-request/draft.ts';
import { isSameIdentity, toIdentity } from '../../../widget/itero-scan-request/identity.ts';
import { practice } from '../fixtures/practice.fixture.ts';

const today = '2026-11-23';
const patient = { firstName: 'Zoë', lastName: 'O’Hara', chartNumber: 'C-7' };
const empty = startDraft(practice, {}, null);
const crown: Draft = { ...empty, procedureId: 'p2', typeId: 't2', doctorId: 'd1', teeth: [3, 14] };

describe('the form as it opens', () => {
  it('chooses nothing where there are several', () => {
    expect(empty).toMatchObject({ procedureId: '', typeId: '', doctorId: '', scanner: '', labId: '', teeth: [] });
  });

  it('chooses the only doctor, procedure and type', () => {
    const small = { ...practice, doctors: practice.doctors.slice(1), procedures: practice.procedures.slice(0, 1) };
    expect(startDraft(small, {}, null)).toMatchObject({ doctorId: 'd2', procedureId: 'p1', typeId: 't1' });
  });

  it('chooses the doctor who is signed in, whatever titles the name carries', () => {
    expect(startDraft(practice, { doctorId: 'd2' }, 'Eva Berg').doctorId).toBe('d1');
    expect(startDraft(practice, { doctorId: 'd2' }, 'Somebody Else').doctorId).toBe('d2');
  });

  it('takes up what was last used, as far as it can still be chosen', () => {
    const remembered = { procedureId: 'p2', typeId: 't3', doctorId: 'd3', scanner: 'S0', labId: 'l2' };
    expect(startDraft(practice, remembered, null)).toMatchObject({
      procedureId: 'p2',
      typeId: 't3',
      doctorId: '',
      scanner: '',
      labId: 'l2',
    });
    expect(startDraft(practice, { procedureId: 'gone', typeId: 't3' }, null)).toMatchObject({
      procedureId: '',
      typeId: '',
    });
  });

  it('remembers choices and nothing that was written about the patient', () => {
    const remembered = toRemembered({ ...crown, notes: 'allergic', dueDate: '2026-12-01' });
    expect(Object.keys(remembered).sort()).toEqual(['doctorId', 'labId', 'procedureId', 'scanner', 'typeId']);
  });
});

describe('changing the form', () => {
  it('asks for the type anew when the procedure changes, and chooses it when there is only one', () => {
    expect(changeDraft(practice, crown, { procedureId: 'p1' }).typeId).toBe('t1');
    expect(changeDraft(practice, { ...crown, procedureId: 'p1', typeId: 't1' }, { procedureId: 'p2' }).typeId).toBe('');
    expect(changeDraft(practice, crown, { procedureId: 'p2' }).typeId).toBe('t2');
  });

  it('asks for teeth by type and for details by procedure', () => {
    expect([needsTeeth(practice, crown), needsDetails(practice, crown)]).toEqual([true, true]);
    const implant = { ...crown, procedureId: 'p3', typeId: 't4' };
    expect([needsTeeth(practice, implant), needsDetails(practice, implant)]).toEqual([true, false]);
    const fullArch = { ...crown, typeId: 't3' };
    expect([needsTeeth(practice, fullArch), needsDetails(practice, fullArch)]).toEqual([false, false]);
  });
});

describe('checking the form', () => {
  it.each<[string, Partial<Draft>, object]>([
    ['a complete form', {}, {}],
    ['no procedure', { procedureId: '', typeId: '' }, { procedure: 'missing' }],
    ['no type where there are types', { typeId: '' }, { type: 'missing' }],
    ['no type where there are none', { procedureId: 'p4', typeId: '' }, {}],
    ['no teeth', { teeth: [] }, { teeth: 'missing' }],
    ['teeth that cannot be read', { teethUnreadable: true }, { teeth: 'unreadable' }],
    ['unreadable teeth that the type does not need', { typeId: 't3', teethUnreadable: true }, {}],
    ['no doctor', { doctorId: '' }, { doctor: 'missing' }],
    ['a due date of yesterday', { dueDate: '2026-11-22' }, { dueDate: 'past' }],
    ['a due date of today', { dueDate: today }, {}],
  ])('finds the faults of %s', (_, change, faults) => {
    expect(findFaults(practice, { ...crown, ...change }, today)).toEqual(faults);
  });

  it('marks the fields that iTero names', () => {
    const paths = ['doctorId', 'teeth.0.materialId', 'teeth[1].shade', 'patient.firstName', 'something.else', ''];
    expect(toFieldFaults(paths.map((path) => ({ path })))).toEqual({
      doctor: 'refused',
      teeth: 'refused',
      patient: 'refused',
    });
  });
});

describe('the body that is sent', () => {
  it('holds what was chosen and leaves out what was not', () => {
    expect(toWire(practice, crown, patient)).toEqual({
      patient,
      doctorId: 'd1',
      procedureId: 'p2',
      procedureTypeId: 't2',
      teeth: [{ adaId: 3 }, { adaId: 14 }],
    });
  });

  it('holds everything that was filled in, and fits the contract', () => {
    const details = { 3: { restorationType: 'Crown', materialId: 'm1', shade: 'A2' } };
    const full = {
      ...crown,
      details,
      scanner: 'S1',
      labId: 'l1',
      dueDate: '2026-12-01',
      notes: '  margin subgingival ',
    };
    const body = toWire(practice, full, { ...patient, dateOfBirth: '1980-02-29' });
    expect(body).toMatchObject({
      scannerSerialNumber: 'S1',
      labId: 'l1',
      dueDate: '2026-12-01',
      notes: 'margin subgingival',
      teeth: [{ adaId: 3, restorationType: 'Crown', materialId: 'm1', shade: 'A2' }, { adaId: 14 }],
    });
    expect(v.is(scanRequestDraftSchema, body)).toBe(true);
  });

  it('leaves teeth and details out where the type has none', () => {
    const details = { 3: { restorationType: 'Crown', materialId: '', shade: '' } };
    expect(toWire(practice, { ...crown, details, typeId: 't3' }, patient)).not.toHaveProperty('teeth');
    const implant = toWire(practice, { ...crown, details, procedureId: 'p3', typeId: 't4' }, patient);
    expect(implant.teeth).toEqual([{ adaId: 3 }, { adaId: 14 }]);
  });
});

describe('the patient of the page', () => {
  it('is sent exactly as given, with no folding or trimming', () => {
    const given = { firstName: ' Zoë', lastName: 'O’Hara', chartNumber: '007 ', dateOfBirth: '1980-02-29' };
    expect(toIdentity(given)).toEqual({ ok: true, value: given });
  });

  it('is not sent with an unreadable birth date', () => {
    const identity = toIdentity({ ...patient, dateOfBirth: '29.02.1980' });
    expect(identity).toEqual({ ok: true, value: patient });
  });

  it('names every missing part, white space being none', () => {
    expect(toIdentity({ firstName: '', lastName: null, chartNumber: '  ', dateOfBirth: null })).toEqual({
      ok: false,
      error: ['chart_number', 'first_name', 'last_name'],
    });
  });

  it('is another one by any difference at all', () => {
    expect(isSameIdentity(patient, { ...patient })).toBe(true);
    expect(isSameIdentity(patient, { ...patient, firstName: 'Zoe' })).toBe(false);
    expect(isSameIdentity(patient, { ...patient, chartNumber: 'c-7' })).toBe(false);
    expect(isSameIdentity(patient, { ...patient, dateOfBirth: '1980-02-29' })).toBe(false);
  });
});
