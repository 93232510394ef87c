import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ADAMS,
  LOPEZ,
  call,
  orderOf,
  pairAs,
  request,
  scanRequestBody,
  scanRx,
  sendRx,
  startAlign,
} from './support/practice-system.ts';
import type { Json, Simulated } from './support/practice-system.ts';
import type { AlignCloud } from '../../demo/align-cloud/index.ts';

let simulated: Simulated;
let align: AlignCloud;
let token: string;
beforeAll(async () => {
  simulated = await startAlign();
  align = simulated.align;
  token = await pairAs(align, ADAMS, 1017);
});
afterAll(() => align.close());

describe('the practice configuration', () => {
  test('holds what a scan request needs, old scanners and inactive implants included', async () => {
    const { body } = await call(align, 'getPracticeConfiguration', { token });
    expect(body['company']).toEqual({ companyId: 1017, companyName: 'Riverside Dental' });
    expect((body['procedures'] as Json[]).map(({ name }) => name)).toEqual([
      'Study Model/iRecord',
      'Invisalign | Vivera',
      'Fixed Restorative',
      'Implant Planning',
      'Denture/Removable',
      'Appliance',
    ]);
    expect((body['scanners'] as Json[]).map(({ model }) => model)).toContain('iTero HD2.9');
    const definition = body['rxDefinition'] as Record<string, Json[]>;
    expect(Object.keys(definition)).toEqual([
      'Procedures',
      'ProcedureTypes',
      'Materials',
      'Specifications',
      'AbutmentTypes',
      'PonticDesign',
      'ImplantBasedRestorationTypes',
      'ImplantsData',
      'DentureStages',
      'DentureMoulds',
      'DentureShadeSystems',
      'DentureGingivalShades',
    ]);
    expect(definition['ImplantsData']?.some(({ IsActive }) => IsActive === false)).toBe(true);
  });
});

describe('scan request', () => {
  test.each<[string, Json, string]>([
    ['no patient', { patient: undefined }, 'patient'],
    ['an empty chart number', { patient: { firstName: 'A', lastName: 'B', chartNumber: '' } }, 'patient.chartNumber'],
    ['a blank chart number', { patient: { firstName: 'A', lastName: 'B', chartNumber: '  ' } }, 'patient.chartNumber'],
    ['no chart number', { patient: { firstName: 'A', lastName: 'B' } }, 'patient.chartNumber'],
    ['a chart number as number', { patient: { firstName: 'A', lastName: 'B', chartNumber: 7 } }, 'patient.chartNumber'],
    ['no last name', { patient: { firstName: 'A', chartNumber: '1' } }, 'patient.lastName'],
    [
      'a birth date that is none',
      { patient: { firstName: 'A', lastName: 'B', chartNumber: '1', dateOfBirth: '2020-02-31' } },
      'patient.dateOfBirth',
    ],
    ['an unknown doctor', { doctorId: 1 }, 'doctorId'],
    ['no doctor', { doctorId: undefined }, 'doctorId'],
    ['an unknown procedure', { procedureId: 99 }, 'procedureId'],
    ['a type of another procedure', { procedureId: 1, procedureTypeId: 401 }, 'procedureTypeId'],
    ['no teeth where they are needed', { procedureId: 4, procedureTypeId: 401 }, 'teeth'],
    ['no teeth where every type needs them', { procedureId: 4 }, 'teeth'],
    ['a primary tooth', { procedureId: 4, procedureTypeId: 401, teeth: [{ adaId: 51 }] }, 'teeth[0].adaId'],
    ['a tooth twice', { procedureId: 4, procedureTypeId: 401, teeth: [{ adaId: 3 }, { adaId: 3 }] }, 'teeth'],
    [
      'an unknown material',
      { procedureId: 4, procedureTypeId: 401, teeth: [{ adaId: 3, materialId: 99 }] },
      'teeth[0].materialId',
    ],
    [
      'an unknown restoration',
      { procedureId: 4, procedureTypeId: 401, teeth: [{ adaId: 3, restorationType: 'crown' }] },
      'teeth[0].restorationType',
    ],
    ['a scanner that is too old', { scannerSerialNumber: 'HD2012A0093' }, 'scannerSerialNumber'],
    ['an unknown scanner', { scannerSerialNumber: 'X' }, 'scannerSerialNumber'],
    ['an unknown lab', { labId: 1 }, 'labId'],
    ['a due date that is none', { dueDate: 'tomorrow' }, 'dueDate'],
    ['a property nobody knows', { procedure: 'Study Model' }, 'procedure'],
  ])('with %s is refused and the property is named', async (_, change, field) => {
    const answer = await call(align, 'scanRequest', { token, body: scanRequestBody(change) });
    expect(answer).toMatchObject({ status: 422, body: { error: 'invalid_request' } });
    expect(Object.keys(answer.body['fields'] as Json)).toEqual([field]);
  });

  test('names all faults at once', async () => {
    const { body } = await call(align, 'scanRequest', { token, body: { patient: {} } });
    expect(Object.keys(body['fields'] as Json).sort()).toEqual([
      'doctorId',
      'patient.chartNumber',
      'patient.firstName',
      'patient.lastName',
      'procedureId',
    ]);
  });

  test('takes null for absent, ids as text, and comes back whole with names resolved', async () => {
    const rxId = await sendRx(align, token, {
      patient: { firstName: 'Ana', lastName: "O'Neill", chartNumber: 'P-9', dateOfBirth: '1990-05-17' },
      doctorId: '2002',
      scannerSerialNumber: 'RC2021W0417',
      labId: '501',
      procedureId: 4,
      procedureTypeId: '402',
      teeth: [{ adaId: 30, restorationType: 'Crown', materialId: 3, shade: 'A3' }],
      dueDate: '2030-01-31',
      notes: null,
    });
    expect(rxId).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    const { body } = await call(align, 'getFullRx', { token, params: { rxId } });
    expect(body).toMatchObject({
      rxId,
      status: 'Rx Created',
      patient: { firstName: 'Ana', lastName: "O'Neill", chartNumber: 'P-9', dateOfBirth: '1990-05-17' },
      doctor: { id: 2002, name: 'Björn Baker' },
      scannerName: 'Operatory 1',
      lab: { id: 501, name: 'Cascade Dental Lab' },
      procedure: 'Fixed Restorative',
      procedureType: 'Lab Restoration',
      teeth: [{ adaId: 30, restorationType: 'Crown', material: 'Ceramic: Lithium disilicate', shade: 'A3' }],
      dueDate: '2030-01-31',
      notes: null,
    });
  });

  test('joins a patient only when first name, last name and chart number are all the same', async () => {
    const patient = { firstName: 'Same', lastName: 'Person', chartNumber: 'S-1' };
    const before = align.state.patients.length;
    await sendRx(align, token, { patient });
    await sendRx(align, token, { patient });
    expect(align.state.patients.length - before).toBe(1);
    await sendRx(align, token, { patient: { ...patient, lastName: 'Persom' } });
    await sendRx(align, token, { patient: { ...patient, chartNumber: 's-1' } });
    await sendRx(align, token, { patient: { ...patient, firstName: 'Same ' } });
    expect(align.state.patients.length - before).toBe(4);
  });
});

describe('delete RX', () => {
  const remove = (rxId: string, by = token) => request(align, 'deleteRx', { token: by, params: { rxId } });

  test('204 once, then 404', async () => {
    const rxId = await sendRx(align, token);
    expect((await remove(rxId)).status).toBe(204);
    expect((await remove(rxId)).status).toBe(404);
  });

  test('409 when scanning has begun', async () => {
    const rxId = await sendRx(align, token);
    align.perform({ do: 'pick-up', rxId });
    expect((await remove(rxId)).status).toBe(409);
  });

  test('404 for an RX of another clinic', async () => {
    const rxId = await sendRx(align, token);
    const lopez = await pairAs(align, LOPEZ, 1042);
    expect((await remove(rxId, lopez)).status).toBe(404);
    expect((await call(align, 'getFullRx', { token: lopez, params: { rxId } })).status).toBe(404);
  });
});

describe('update patient', () => {
  const names = { firstName: 'Mia', lastName: 'Berg', newFirstName: 'Mia', newLastName: 'Berg-Lund' };

  test('renames, also in orders, whose modification time stays', async () => {
    const patient = { firstName: 'Mia', lastName: 'Berg', chartNumber: 'U-1' };
    const rxId = await sendRx(align, token, { patient });
    await scanRx(align, rxId);
    const before = await orderOf(align, token, rxId);
    await align.clock.advance(1000);
    const answer = await request(align, 'updatePatient', { token, body: { ...names, chartNumber: 'U-1' } });
    expect(answer.status).toBe(204);
    const after = await orderOf(align, token, rxId);
    expect(after.patient).toEqual({ firstName: 'Mia', lastName: 'Berg-Lund', chartNumber: 'U-1' });
    expect(after.modifiedDate).toBe(before.modifiedDate);
  });

  test('404 for nobody, 409 where two patients would become one, 422 for an empty name', async () => {
    const send = (body: Json) => call(align, 'updatePatient', { token, body });
    expect((await send({ ...names, chartNumber: 'nobody' })).status).toBe(404);
    for (const lastName of ['Berg', 'Berg-Lund']) {
      await sendRx(align, token, { patient: { firstName: 'Mia', lastName, chartNumber: 'U-2' } });
    }
    expect((await send({ ...names, chartNumber: 'U-2' })).status).toBe(409);
    expect((await send({ ...names, chartNumber: 'U-2', newLastName: '' })).status).toBe(422);
  });
});
