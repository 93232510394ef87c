import { invalidRequest } from './api-error.ts';
import type { Cloud } from './cloud.ts';
import type { Account, Rx } from './model.ts';
import type { Identity } from './operations/patients.ts';
import { createRx, isSupportedScanner } from './operations/scan-requests.ts';

const WALK_INS: readonly [string, string][] = [
  ['Ivo', 'Lindqvist'],
  ['Maren', 'Tate'],
  ['Chiara', "D'Angelo"],
  ['Zoë', 'Færch'],
  ['Samir', 'Haddad'],
  ['Grace', 'Okafor'],
];

export interface WalkIn {
  /** A chart number is optional for an RX made on the scanner (align-api §5). */
  patient?: Partial<Identity>;
  procedureId?: number;
  procedureTypeId?: number;
  scannerSerialNumber?: string;
}

/** An RX made at the scanner, that no practice system asked for. */
export function createWalkIn(cloud: Cloud, account: Account, wish: WalkIn): Rx {
  const { practice } = account;
  const [firstName, lastName] = cloud.random.pick(WALK_INS);
  const procedure = practice.procedures.find(({ id }) => id === (wish.procedureId ?? practice.procedures[0]?.id));
  if (procedure === undefined) throw invalidRequest({ procedureId: 'is not in the practice configuration' });
  const type =
    wish.procedureTypeId === undefined
      ? procedure.types[0]
      : procedure.types.find(({ id }) => id === wish.procedureTypeId);
  if (type === undefined) throw invalidRequest({ procedureTypeId: 'is not in the practice configuration' });
  const scanner =
    wish.scannerSerialNumber === undefined
      ? practice.scanners.find(({ model }) => isSupportedScanner(model))
      : practice.scanners.find(({ serialNumber }) => serialNumber === wish.scannerSerialNumber);
  const doctor = practice.doctors[0];
  if (scanner === undefined || doctor === undefined) {
    throw invalidRequest({ scannerSerialNumber: 'is not a scanner of this account' });
  }
  return createRx(cloud, account.companyId, 'scanner', {
    identity: {
      firstName: wish.patient?.firstName ?? firstName,
      lastName: wish.patient?.lastName ?? lastName,
      chartNumber: wish.patient?.chartNumber ?? '',
    },
    dateOfBirth: undefined,
    doctorId: doctor.id,
    scannerSerialNumber: scanner.serialNumber,
    labId: undefined,
    procedureId: procedure.id,
    procedureTypeId: type.id,
    teeth: type.needsTeeth ? [{ adaId: 14, restorationType: 'Crown', materialId: 1, shade: 'A2' }] : [],
    dueDate: undefined,
    notes: undefined,
  });
}

/** The same patient and procedure, but the RX was typed anew at the scanner and has an RXID the practice never saw. */
export function copyAsWalkIn(cloud: Cloud, rx: Rx, identity: Identity): Rx {
  return createRx(cloud, rx.companyId, 'scanner', { ...rx, identity, dateOfBirth: undefined });
}
