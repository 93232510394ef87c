/**
 * Upstream's own names, as align-api §9 assumes them until the partner contract puts others in: this file and nothing
 * else changes then. Readers are tolerant, writers exact.
 */
import type { CorrectPatient, ScanRequestDraft } from '../../shared/scan-request.ts';
import type { AssetName } from '../../shared/scan.ts';
import type { TolerantReader } from './tolerant-reader.ts';

export const OPERATIONS = {
  accounts: { name: 'getAvailableCompanies', method: 'GET', path: '/api/v2/companies' },
  pair: { name: 'pair', method: 'POST', path: '/api/v2/pair' },
  unpair: { name: 'unpair', method: 'POST', path: '/api/v2/unpair' },
  practice: { name: 'getPracticeConfiguration', method: 'GET', path: '/api/v2/practice-configuration' },
  sendScanRequest: { name: 'scanRequest', method: 'POST', path: '/api/v2/scan-request' },
  deleteScanRequest: { name: 'deleteRx', method: 'DELETE', path: '/api/v2/scan-request/{rxId}' },
  orders: { name: 'getOrders', method: 'GET', path: '/api/v2/orders' },
  orderByRxId: { name: 'getOrderByRxId', method: 'GET', path: '/api/v2/orders/by-rx/{rxId}' },
  fullRx: { name: 'getFullRx', method: 'GET', path: '/api/v2/rx/{rxId}' },
  correctPatient: { name: 'updatePatient', method: 'PUT', path: '/api/v2/patients' },
} as const;
export type OperationName = keyof typeof OPERATIONS;

export const DISCOVERY_PATH = '/discovery';
export const OAUTH_PATHS = { authorize: '/authorize', token: '/oauth/token', revoke: '/oauth/revoke' } as const;
/** Paths whose placeholder is filled in by this name. */
export const RX_ID = 'rxId';

export const ASSET_TYPES: Readonly<Record<string, AssetName>> = {
  IDE: 'ide',
  IMAGE_GALLERY: 'gallery',
  SCREEN_CAPTURES: 'captures',
};

export interface WireEndpoint {
  readonly name: string;
  readonly domain: string;
  readonly path: string;
}

/** Only endpoints of `names` are read: what else Discovery lists is not ours to judge. */
export function readDiscovery(answer: TolerantReader, names: readonly string[]): WireEndpoint[] {
  const endpoints = answer.object('endpoints');
  return names.flatMap((name) => {
    const endpoint = endpoints.optionalObject(name);
    return endpoint === null ? [] : [{ name, domain: endpoint.text('domain'), path: endpoint.text('path') }];
  });
}

export const readAccounts = (answer: TolerantReader) =>
  answer.list('companies', (company) => ({
    id: company.id('companyId'),
    name: company.text('companyName'),
    city: company.optionalText('city'),
    country: company.optionalText('country'),
    configured: company.optionalBoolean('isConfigured') ?? false,
  }));

export const readTokens = (answer: TolerantReader) => ({
  accessToken: answer.text('access_token'),
  refreshToken: answer.text('refresh_token'),
  /** Seconds; align-api §1: an hour. */
  expiresIn: answer.optionalNumber('expires_in') ?? 3600,
});

export const readOrder = (order: TolerantReader) => {
  const patient = order.object('patient');
  const doctor = order.optionalObject('doctor');
  return {
    orderId: order.id('orderId'),
    orderCode: order.optionalId('orderCode'),
    rxId: order.optionalId('rxId'),
    accountId: order.id('companyId'),
    status: order.text('status'),
    // Chart numbers are optional for an RX made on the scanner (align-api §5), and never trimmed: they compare exactly.
    patient: {
      firstName: patient.optionalText('firstName') ?? '',
      lastName: patient.optionalText('lastName') ?? '',
      chartNumber: patient.optionalExact('chartNumber') ?? '',
    },
    doctor: doctor?.optionalText('name') ?? null,
    procedure: order.optionalText('procedure'),
    caseType: order.optionalText('caseType'),
    scanner: order.optionalId('scannerSerialNumber'),
    scannedAt: order.optionalTime('scanDate'),
    modifiedAt: order.time('modifiedDate'),
    myIteroUrl: order.optionalText('myIteroUrl'),
    assets:
      order.optionalList('assets', (asset) => {
        const url = asset.optionalText('url');
        // align-api §6: a link may be missing; the file is not there then.
        if (url === null || url === '') return null;
        return {
          type: asset.text('type'),
          url,
          sizeBytes: asset.optionalNumber('sizeBytes'),
          modifiedAt: asset.time('modifiedDate'),
        };
      }) ?? [],
  };
};
export type WireOrder = ReturnType<typeof readOrder>;

export const readOrders = (answer: TolerantReader) => ({
  // One case that upstream writes otherwise must not take the whole clinic's away.
  orders: answer.partialList('orders', readOrder, (order, fault) => ({
    orderId: order?.salvage((entry) => entry.optionalId('orderId')) ?? null,
    modifiedAt: order?.salvage((entry) => entry.optionalTime('modifiedDate')) ?? null,
    property: fault.property ?? 'body',
  })),
  page: answer.optionalNumber('page'),
  pageSize: answer.optionalNumber('pageSize'),
  total: answer.number('total'),
});

const readVocabulary = (definition: TolerantReader | null, name: string) =>
  definition?.optionalList(name, (entry) => ({
    id: entry.optionalId('Id'),
    name: entry.text('Name'),
    active: entry.optionalBoolean('IsActive') ?? true,
  })) ?? [];

export const readPractice = (answer: TolerantReader) => {
  const company = answer.object('company');
  const definition = answer.optionalObject('rxDefinition');
  return {
    account: { id: company.id('companyId'), name: company.text('companyName') },
    doctors: answer.list('doctors', (doctor) => ({
      id: doctor.id('id'),
      firstName: doctor.optionalText('firstName') ?? '',
      lastName: doctor.optionalText('lastName') ?? '',
      type: doctor.optionalText('type'),
    })),
    scanners: answer.list('scanners', (scanner) => ({
      serialNumber: scanner.id('serialNumber'),
      name: scanner.optionalText('name'),
      model: scanner.optionalText('model'),
    })),
    labs:
      answer.optionalList('labs', (lab) => ({
        id: lab.id('id'),
        name: lab.text('name'),
        active: lab.optionalBoolean('IsActive') ?? true,
      })) ?? [],
    procedures: answer.list('procedures', (procedure) => ({
      id: procedure.id('id'),
      name: procedure.text('name'),
      active: procedure.optionalBoolean('IsActive') ?? true,
      types:
        procedure.optionalList('types', (type) => ({
          id: type.id('id'),
          name: type.text('name'),
          active: type.optionalBoolean('IsActive') ?? true,
          needsTeeth: type.optionalBoolean('needsTeeth') ?? false,
        })) ?? [],
    })),
    materials: readVocabulary(definition, 'Materials'),
    restorationTypes: readVocabulary(definition, 'RestorationTypes'),
    shades: readVocabulary(definition, 'Shades'),
  };
};
export type WirePractice = ReturnType<typeof readPractice>;

export const readScanRequest = (answer: TolerantReader) => ({ rxId: answer.id('rxId') });

export const readFullRx = (answer: TolerantReader) => ({
  rxId: answer.id('rxId'),
  teeth:
    answer.optionalList('teeth', (tooth) => ({
      adaId: tooth.number('adaId'),
      restoration: tooth.optionalText('restorationType'),
      material: tooth.optionalText('material'),
      shade: tooth.optionalText('shade'),
    })) ?? [],
  notes: answer.optionalText('notes'),
  doctor: answer.optionalObject('doctor')?.optionalText('name') ?? null,
  patient: readRxPatient(answer.optionalObject('patient')),
  scanner: answer.optionalText('scannerName') ?? answer.optionalId('scannerSerialNumber'),
  lab: answer.optionalObject('lab')?.optionalText('name') ?? null,
  procedure: answer.optionalText('procedure'),
  procedureType: answer.optionalText('procedureType'),
  status: answer.optionalText('status'),
  createdAt: answer.optionalText('createdDate'),
  dueDate: answer.optionalText('dueDate'),
  /** What the contract may name beyond that: shown by its own name. */
  others: [...answer.entries()].flatMap(([name, value]) =>
    typeof value === 'string' && !KNOWN_IN_RX.has(name) && !name.endsWith('id') ? [{ name, value }] : [],
  ),
});
export type WireFullRx = ReturnType<typeof readFullRx>;

const KNOWN_IN_RX = new Set(
  ['notes', 'scannerName', 'scannerSerialNumber', 'procedure', 'procedureType', 'status', 'createdDate', 'dueDate']
    .concat(['companyName', 'orderCode'])
    .map((name) => name.toLowerCase()),
);

function readRxPatient(patient: TolerantReader | null) {
  if (patient === null) return null;
  return {
    firstName: patient.optionalText('firstName') ?? '',
    lastName: patient.optionalText('lastName') ?? '',
    chartNumber: patient.optionalExact('chartNumber') ?? '',
    dateOfBirth: patient.optionalText('dateOfBirth'),
  };
}

/** @param callbackUrl null: the one of the partner registration holds (align-api §3) */
export const writePair = (accountId: string, callbackUrl: string | null) => ({
  companyId: writeAccountId(accountId),
  ...(callbackUrl === null ? {} : { callbackUrl }),
});

export const writeUnpair = (accountId: string) => ({ companyId: writeAccountId(accountId) });

/** align-api §9 writes it as a number; an id that is none goes out as it came in. */
function writeAccountId(id: string): number | string {
  return /^(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : id;
}

export const writeScanRequest = (draft: ScanRequestDraft) => {
  const { firstName, lastName, chartNumber, dateOfBirth } = draft.patient;
  return {
    patient: { firstName, lastName, chartNumber, ...present({ dateOfBirth }) },
    doctorId: draft.doctorId,
    procedureId: draft.procedureId,
    ...present({
      scannerSerialNumber: draft.scannerSerialNumber,
      labId: draft.labId,
      procedureTypeId: draft.procedureTypeId,
      dueDate: draft.dueDate,
      notes: draft.notes,
    }),
    ...(draft.teeth === undefined
      ? {}
      : {
          teeth: draft.teeth.map(({ adaId, restorationType, materialId, shade }) => ({
            adaId,
            ...present({ restorationType, materialId, shade }),
          })),
        }),
  };
};

export const writePatient = (correction: CorrectPatient) => {
  const { chartNumber, firstName, lastName, newFirstName, newLastName } = correction;
  return { chartNumber, firstName, lastName, newFirstName, newLastName };
};

/** @param query times in ms since the epoch */
export const writeOrderQuery = (query: {
  from?: number;
  to?: number;
  chartNumber?: string;
  page: number;
  pageSize: number;
}): URLSearchParams => {
  const wire = new URLSearchParams({ page: String(query.page), pageSize: String(query.pageSize) });
  if (query.from !== undefined) wire.set('fromDate', new Date(query.from).toISOString());
  if (query.to !== undefined) wire.set('toDate', new Date(query.to).toISOString());
  if (query.chartNumber !== undefined) wire.set('chartNumber', query.chartNumber);
  return wire;
};

/** Without the properties that are undefined. */
function present<T extends Record<string, string | undefined>>(values: T): Partial<Record<keyof T, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Record<keyof T, string>
  >;
}
