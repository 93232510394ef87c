import type { CaseFile, CaseSpec } from './cases/index.ts';
import type { Cloud } from './cloud.ts';
import type { AssetType, Order, Rx } from './model.ts';
import { doctorOf, toIso } from './operations/orders.ts';
import { patientById } from './operations/patients.ts';

/** What the case factory needs to know to make the files of this order as they are now. */
export function toCaseSpec(cloud: Cloud, order: Order, rx: Rx): CaseSpec {
  const account = cloud.state.accounts.get(order.companyId);
  if (account === undefined) throw new Error(`Account ${order.companyId} is gone.`);
  const patient = patientById(cloud, order.patientId);
  const procedure = account.practice.procedures.find(({ id }) => id === rx.procedureId);
  const type = procedure?.types.find(({ id }) => id === rx.procedureTypeId);
  const materials = account.practice.rxDefinition['Materials'] ?? [];
  return {
    orderId: order.orderId,
    orderCode: order.orderCode,
    rxId: order.rxId,
    companyId: order.companyId,
    companyName: account.companyName,
    patient: { firstName: patient.firstName, lastName: patient.lastName, chartNumber: patient.chartNumber },
    doctorName: doctorOf(account, rx.doctorId).name,
    procedure: procedure?.name ?? '',
    procedureType: type?.name ?? null,
    teeth: rx.teeth.map(({ adaId, restorationType, materialId, shade }) => {
      const material = materials.find(({ Id }) => Id === materialId)?.Name;
      return {
        adaId,
        ...(restorationType === undefined ? {} : { restorationType }),
        ...(material === undefined ? {} : { material }),
        ...(shade === undefined ? {} : { shade }),
      };
    }),
    ...(rx.notes === undefined ? {} : { notes: rx.notes }),
    scanDate: toIso(order.scanDate),
    revision: order.revision,
    variant: order.variant,
    ...(order.exportFormat === undefined ? {} : { exportFormat: order.exportFormat }),
    ...(order.layout === undefined ? {} : { layout: order.layout }),
    captures: order.captures,
  };
}

const MAKERS: Record<AssetType, 'ide' | 'gallery' | 'screenCaptures'> = {
  IDE: 'ide',
  IMAGE_GALLERY: 'gallery',
  SCREEN_CAPTURES: 'screenCaptures',
};

/** Makes one file in the factory's worker threads; null only for captures that were not taken. */
export function makeFile(cloud: Cloud, type: AssetType, spec: CaseSpec): Promise<CaseFile | null> {
  return cloud.cases[MAKERS[type]](spec);
}
