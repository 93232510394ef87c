import { requireClinic } from '../access.ts';
import type { Cloud, Ctx } from '../cloud.ts';
import { doctorOf, toIso } from './orders.ts';
import { patientById } from './patients.ts';
import { requireRx } from './scan-requests.ts';

const STATUS = { created: 'Rx Created', scanning: 'Scanning', scanned: 'Completed' } as const;

/** The whole prescription, its ids resolved to names; inactive entries still resolve (align-api §4). */
export function getFullRx(cloud: Cloud, c: Ctx, rxId: string): Response {
  const { account } = requireClinic(cloud, c);
  const rx = requireRx(cloud, account.companyId, rxId);
  const { practice } = account;
  const patient = patientById(cloud, rx.patientId);
  const procedure = practice.procedures.find(({ id }) => id === rx.procedureId);
  const scanner = practice.scanners.find(({ serialNumber }) => serialNumber === rx.scannerSerialNumber);
  const lab = practice.labs.find(({ id }) => id === rx.labId);
  const order = [...cloud.state.orders.values()].find((one) => one.rxId === rx.rxId && one.available);
  return Response.json({
    rxId: rx.rxId,
    companyId: account.companyId,
    companyName: account.companyName,
    orderId: order?.orderId ?? null,
    status: order?.status ?? STATUS[rx.state],
    createdDate: toIso(rx.createdDate),
    patient: {
      firstName: patient.firstName,
      lastName: patient.lastName,
      chartNumber: patient.chartNumber,
      dateOfBirth: patient.dateOfBirth ?? null,
    },
    doctor: doctorOf(account, rx.doctorId),
    scannerSerialNumber: rx.scannerSerialNumber ?? null,
    scannerName: scanner?.name ?? null,
    lab: lab === undefined ? null : { id: lab.id, name: lab.name },
    procedureId: rx.procedureId,
    procedure: procedure?.name,
    procedureTypeId: rx.procedureTypeId ?? null,
    procedureType: procedure?.types.find(({ id }) => id === rx.procedureTypeId)?.name ?? null,
    teeth: rx.teeth.map((tooth) => ({
      ...tooth,
      material: practice.rxDefinition['Materials']?.find(({ Id }) => Id === tooth.materialId)?.Name ?? null,
    })),
    dueDate: rx.dueDate ?? null,
    notes: rx.notes ?? null,
  });
}
