import { requireClinic } from '../access.ts';
import { conflict, notFound } from '../api-error.ts';
import type { Cloud, Ctx } from '../cloud.ts';
import type { Practice, Rx, RxTooth } from '../model.ts';
import { readObject } from '../request-body.ts';
import { RESTORATION_TYPES } from '../seed/rx-definition.ts';
import { createReader } from './field-reader.ts';
import type { Reader } from './field-reader.ts';
import { joinPatient } from './patients.ts';
import type { Identity } from './patients.ts';

const PROPERTIES = [
  'patient',
  'doctorId',
  'scannerSerialNumber',
  'labId',
  'procedureId',
  'procedureTypeId',
  'teeth',
  'dueDate',
  'notes',
];

/** align-api §1: Element 1 or later. */
export const isSupportedScanner = (model: string): boolean => !/^iTero\b/i.test(model);

function readTooth(read: Reader, practice: Practice): RxTooth {
  const adaId = read.wholeNumber('adaId');
  if (adaId < 1 || adaId > 32) read.fault('adaId', 'must be from 1 to 32');
  const restorationType = read.optionalText('restorationType', 60);
  if (restorationType !== undefined && !RESTORATION_TYPES.some((name) => name === restorationType)) {
    read.fault('restorationType', `must be one of ${RESTORATION_TYPES.join(', ')}`);
  }
  const material = read.optionalOneOf('materialId', practice.rxDefinition['Materials'] ?? [], ({ Id }) => Id);
  const shade = read.optionalText('shade', 40);
  return {
    adaId,
    ...(restorationType === undefined ? {} : { restorationType }),
    ...(material === undefined ? {} : { materialId: material.Id }),
    ...(shade === undefined ? {} : { shade }),
  };
}

type Wish = Omit<Rx, 'rxId' | 'companyId' | 'source' | 'state' | 'createdDate' | 'patientId'> & {
  identity: Identity;
  dateOfBirth: string | undefined;
};

/** @throws 422 naming every property that is wrong. */
export function readScanRequest(body: Record<string, unknown>, practice: Practice): Wish {
  const read = createReader(body, PROPERTIES);
  const person = read.object('patient', ['firstName', 'lastName', 'chartNumber', 'dateOfBirth']);
  const identity = {
    firstName: person.text('firstName'),
    lastName: person.text('lastName'),
    chartNumber: person.text('chartNumber'),
  };
  const dateOfBirth = person.optionalDate('dateOfBirth');
  const doctor = read.oneOf('doctorId', practice.doctors, ({ id }) => id);
  const scanner = read.optionalOneOf('scannerSerialNumber', practice.scanners, ({ serialNumber }) => serialNumber);
  if (scanner !== undefined && !isSupportedScanner(scanner.model)) {
    read.fault('scannerSerialNumber', 'is a scanner older than Element 1');
  }
  const lab = read.optionalOneOf('labId', practice.labs, ({ id }) => id);
  const procedure = read.oneOf('procedureId', practice.procedures, ({ id }) => id);
  const type = read.optionalOneOf('procedureTypeId', procedure?.types ?? [], ({ id }) => id);
  const teeth = read
    .list('teeth', ['adaId', 'restorationType', 'materialId', 'shade'], 32)
    .map((tooth) => readTooth(tooth, practice));
  if (new Set(teeth.map(({ adaId }) => adaId)).size < teeth.length) read.fault('teeth', 'name a tooth twice');
  const needed = type?.needsTeeth ?? procedure?.types.every(({ needsTeeth }) => needsTeeth) ?? false;
  if (needed && teeth.length === 0) read.fault('teeth', 'are needed for this procedure');
  const dueDate = read.optionalDate('dueDate');
  const notes = read.optionalText('notes', 4000);
  read.done();
  return {
    identity,
    dateOfBirth,
    doctorId: doctor!.id,
    scannerSerialNumber: scanner?.serialNumber,
    labId: lab?.id,
    procedureId: procedure!.id,
    procedureTypeId: type?.id,
    teeth,
    dueDate,
    notes,
  };
}

export function createRx(cloud: Cloud, companyId: number, source: Rx['source'], wish: Wish): Rx {
  const { identity, dateOfBirth, ...rest } = wish;
  const rx: Rx = {
    ...rest,
    rxId: cloud.random.guid(),
    companyId,
    source,
    state: 'created',
    createdDate: cloud.clock.now(),
    patientId: joinPatient(cloud, companyId, identity, dateOfBirth).patientId,
  };
  cloud.state.rxs.set(rx.rxId, rx);
  return rx;
}

export async function scanRequest(cloud: Cloud, c: Ctx): Promise<Response> {
  const { account } = requireClinic(cloud, c);
  const wish = readScanRequest(await readObject(c), account.practice);
  const rx = createRx(cloud, account.companyId, 'dpms', wish);
  return Response.json({ rxId: rx.rxId }, { status: 201 });
}

export function requireRx(cloud: Cloud, companyId: number, rxId: string): Rx {
  const rx = cloud.state.rxs.get(rxId.toLowerCase());
  if (rx === undefined || rx.companyId !== companyId) throw notFound('RX');
  return rx;
}

/** align-api §5: an RX can be deleted, a scan cannot. */
export function deleteRx(cloud: Cloud, c: Ctx, rxId: string): Response {
  const { account } = requireClinic(cloud, c);
  const rx = requireRx(cloud, account.companyId, rxId);
  if (rx.state !== 'created') throw conflict('Scanning has begun: an RX can be deleted, a scan cannot.');
  cloud.state.rxs.delete(rx.rxId);
  return new Response(null, { status: 204 });
}
