import type { Practice } from '../../shared/practice.ts';
import type { PatientIdentity, ScanRequestDraft, Tooth } from '../../shared/scan-request.ts';

/** What is said about one tooth; `''` means not given. */
export interface ToothDetail {
  readonly restorationType: string;
  readonly materialId: string;
  readonly shade: string;
}

/** The form's values as typed; `''` means not chosen. Lives in memory only: notes are patient data (rules.md "Read marks"). */
export interface Draft {
  readonly procedureId: string;
  readonly typeId: string;
  readonly doctorId: string;
  readonly scanner: string;
  readonly labId: string;
  readonly dueDate: string;
  readonly notes: string;
  /** Universal numbers, ascending. Kept while another type that needs none is looked at. */
  readonly teeth: readonly number[];
  /** The teeth field holds text that is no tooth. */
  readonly teethUnreadable: boolean;
  readonly details: Readonly<Record<number, ToothDetail>>;
}

/** Choices that say nothing about a patient and may be remembered in the browser. */
export type Remembered = Pick<Draft, 'procedureId' | 'typeId' | 'doctorId' | 'scanner' | 'labId'>;

export const NO_DETAIL: ToothDetail = { restorationType: '', materialId: '', shade: '' };

type Procedure = Practice['procedures'][number];

export function procedureOf(practice: Practice, draft: Draft): Procedure | undefined {
  return practice.procedures.find(({ id }) => id === draft.procedureId);
}

export function typeOf(practice: Practice, draft: Draft): Procedure['types'][number] | undefined {
  return procedureOf(practice, draft)?.types.find(({ id }) => id === draft.typeId);
}

export function needsTeeth(practice: Practice, draft: Draft): boolean {
  return typeOf(practice, draft)?.needsTeeth ?? false;
}

/**
 * Whether restoration, material and shade belong to each tooth. Upstream marks no procedure as restorative, so its name
 * tells ("Fixed Restorative", align-api §4).
 */
export function needsDetails(practice: Practice, draft: Draft): boolean {
  const name = procedureOf(practice, draft)?.name ?? '';
  return needsTeeth(practice, draft) && /rest(?:o|au)r/i.test(name) && practice.restorationTypes.length > 0;
}

const only = (choices: readonly { readonly id: string }[]) => (choices.length === 1 ? (choices[0]?.id ?? '') : '');
const has = (choices: readonly { readonly id: string }[], id: string) => choices.some((choice) => choice.id === id);
const plain = (name: string) => name.toLocaleLowerCase().replaceAll(/\b(?:prof|dr|med|dent)\b\.?|[\s.,]+/g, '');

function startDoctor(practice: Practice, remembered: Partial<Remembered>, userName: string | null): string {
  const doctors = practice.doctors.filter((doctor) => doctor.selectable);
  const matching = userName === null ? [] : doctors.filter(({ name }) => plain(name) === plain(userName));
  return (
    only(doctors) || only(matching) || (has(doctors, remembered.doctorId ?? '') ? (remembered.doctorId ?? '') : '')
  );
}

/**
 * The form as it opens: what there is only one of, then who is signed in, then what was last used here.
 * @param userName the signed-in person's display name, where the pairing tells it.
 */
export function startDraft(practice: Practice, remembered: Partial<Remembered>, userName: string | null): Draft {
  const { procedures, scanners, labs } = practice;
  const last = (choices: readonly { readonly id: string }[], id = '') => (has(choices, id) ? id : '');
  const procedureId = only(procedures) || last(procedures, remembered.procedureId);
  const types = procedures.find(({ id }) => id === procedureId)?.types ?? [];
  const usable = scanners.filter((scanner) => scanner.supported).map(({ serialNumber }) => ({ id: serialNumber }));
  return {
    procedureId,
    typeId: only(types) || last(types, remembered.typeId),
    doctorId: startDoctor(practice, remembered, userName),
    scanner: last(usable, remembered.scanner),
    labId: last(labs, remembered.labId),
    dueDate: '',
    notes: '',
    teeth: [],
    teethUnreadable: false,
    details: {},
  };
}

/** Another procedure has other types: the type starts anew, chosen when there is only one. */
export function changeDraft(practice: Practice, draft: Draft, change: Partial<Draft>): Draft {
  const changed = { ...draft, ...change };
  if (changed.procedureId === draft.procedureId) return changed;
  return { ...changed, typeId: only(procedureOf(practice, changed)?.types ?? []) };
}

export function toRemembered({ procedureId, typeId, doctorId, scanner, labId }: Draft): Remembered {
  return { procedureId, typeId, doctorId, scanner, labId };
}

/** Fields that can be marked. `patient` has no field of its own: the attributes are the page's. */
export const FIELDS = [
  'procedure',
  'type',
  'teeth',
  'doctor',
  'scanner',
  'lab',
  'dueDate',
  'notes',
  'patient',
] as const;
export type Field = (typeof FIELDS)[number];
export type FieldFault = 'missing' | 'unreadable' | 'past' | 'refused';
export type FieldFaults = Readonly<Partial<Record<Field, FieldFault>>>;

/** @param today `YYYY-MM-DD` where the person is. */
export function findFaults(practice: Practice, draft: Draft, today: string): FieldFaults {
  const types = procedureOf(practice, draft)?.types ?? [];
  const teeth = needsTeeth(practice, draft);
  return {
    ...(draft.procedureId === '' && { procedure: 'missing' as const }),
    ...(types.length > 0 && draft.typeId === '' && { type: 'missing' as const }),
    ...(teeth && draft.teeth.length === 0 && { teeth: 'missing' as const }),
    ...(teeth && draft.teethUnreadable && { teeth: 'unreadable' as const }),
    ...(draft.doctorId === '' && { doctor: 'missing' as const }),
    ...(draft.dueDate !== '' && draft.dueDate < today && { dueDate: 'past' as const }),
  };
}

const FIELD_OF_PROPERTY: Readonly<Record<string, Field>> = {
  patient: 'patient',
  doctorId: 'doctor',
  scannerSerialNumber: 'scanner',
  labId: 'lab',
  procedureId: 'procedure',
  procedureTypeId: 'type',
  teeth: 'teeth',
  dueDate: 'dueDate',
  notes: 'notes',
};

/** `errors` of a problem document → the fields to mark. Paths that are no field of the form mark nothing. */
export function toFieldFaults(errors: readonly { readonly path: string }[]): FieldFaults {
  const faults: Partial<Record<Field, FieldFault>> = {};
  for (const { path } of errors) {
    const field = FIELD_OF_PROPERTY[path.split(/[.[]/)[0] ?? ''];
    if (field !== undefined) faults[field] = 'refused';
  }
  return faults;
}

function toWireTooth(tooth: number, detail: ToothDetail): Tooth {
  return {
    adaId: tooth,
    ...(detail.restorationType !== '' && { restorationType: detail.restorationType }),
    ...(detail.materialId !== '' && { materialId: detail.materialId }),
    ...(detail.shade !== '' && { shade: detail.shade }),
  };
}

/** The body of `POST /v1/scan-requests`; what does not belong to the chosen type is left out. */
export function toWire(practice: Practice, draft: Draft, patient: PatientIdentity): ScanRequestDraft {
  const detailed = needsDetails(practice, draft);
  const notes = draft.notes.trim();
  return {
    patient,
    doctorId: draft.doctorId,
    procedureId: draft.procedureId,
    ...(draft.typeId !== '' && { procedureTypeId: draft.typeId }),
    ...(draft.scanner !== '' && { scannerSerialNumber: draft.scanner }),
    ...(draft.labId !== '' && { labId: draft.labId }),
    ...(needsTeeth(practice, draft) && {
      teeth: draft.teeth.map((tooth) => toWireTooth(tooth, (detailed && draft.details[tooth]) || NO_DETAIL)),
    }),
    ...(draft.dueDate !== '' && { dueDate: draft.dueDate }),
    ...(notes !== '' && { notes }),
  };
}
