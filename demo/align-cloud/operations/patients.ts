import { requireClinic } from '../access.ts';
import { conflict, notFound } from '../api-error.ts';
import type { Cloud, Ctx } from '../cloud.ts';
import type { Patient } from '../model.ts';
import { readObject } from '../request-body.ts';
import { createReader } from './field-reader.ts';

export interface Identity {
  firstName: string;
  lastName: string;
  chartNumber: string;
}

export function findPatient(cloud: Cloud, companyId: number, identity: Identity): Patient | undefined {
  return cloud.state.patients.find(
    (patient) =>
      patient.companyId === companyId &&
      patient.firstName === identity.firstName &&
      patient.lastName === identity.lastName &&
      patient.chartNumber === identity.chartNumber,
  );
}

/** align-api §5: first name, last name and chart number, all three identical, else a new patient is created. */
export function joinPatient(cloud: Cloud, companyId: number, identity: Identity, dateOfBirth?: string): Patient {
  const known = findPatient(cloud, companyId, identity);
  if (known !== undefined) {
    known.dateOfBirth ??= dateOfBirth;
    return known;
  }
  const patient: Patient = {
    patientId: cloud.state.nextId++,
    companyId,
    firstName: identity.firstName,
    lastName: identity.lastName,
    chartNumber: identity.chartNumber,
    dateOfBirth,
  };
  cloud.state.patients.push(patient);
  return patient;
}

export function patientById(cloud: Cloud, patientId: number): Patient {
  const patient = cloud.state.patients.find((one) => one.patientId === patientId);
  if (patient === undefined) throw new Error(`Patient ${patientId} is gone.`);
  return patient;
}

/** Corrects a name. The new one must be nobody else's under this chart number: patients cannot be merged. */
export async function updatePatient(cloud: Cloud, c: Ctx): Promise<Response> {
  const { account } = requireClinic(cloud, c);
  const read = createReader(await readObject(c), [
    'chartNumber',
    'firstName',
    'lastName',
    'newFirstName',
    'newLastName',
  ]);
  const chartNumber = read.text('chartNumber');
  const firstName = read.text('firstName');
  const lastName = read.text('lastName');
  const renamed = { firstName: read.text('newFirstName'), lastName: read.text('newLastName'), chartNumber };
  read.done();
  const patient = findPatient(cloud, account.companyId, { firstName, lastName, chartNumber });
  if (patient === undefined) throw notFound('patient');
  const other = findPatient(cloud, account.companyId, renamed);
  if (other !== undefined && other !== patient) throw conflict('Patients cannot be merged.');
  patient.firstName = renamed.firstName;
  patient.lastName = renamed.lastName;
  return new Response(null, { status: 204 });
}
