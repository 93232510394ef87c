import type { ParseFault } from '../../shared/parse.ts';
import type { Practice } from '../../shared/practice.ts';
import type { ScanRequestDraft } from '../../shared/scan-request.ts';

/** Names that go with the chosen ids, for the list. */
export interface DraftNames {
  readonly procedure: string;
  readonly procedureType: string | null;
  readonly doctor: string | null;
}

export type DraftJudgement =
  { readonly ok: true; readonly names: DraftNames } | { readonly ok: false; readonly errors: ParseFault[] };

/** A draft against what the clinic has configured. Faults name the field and what is wanted there, never the value. */
export function checkDraft(draft: ScanRequestDraft, practice: Practice, today: string): DraftJudgement {
  const errors: ParseFault[] = [];
  const demand = (holds: boolean, path: string, expected: string): void => {
    if (!holds) errors.push({ path, expected });
  };

  const doctor = practice.doctors.find((candidate) => candidate.id === draft.doctorId);
  demand(doctor?.selectable === true, 'doctorId', 'expected a doctor of this clinic');

  const procedure = practice.procedures.find((candidate) => candidate.id === draft.procedureId);
  demand(procedure !== undefined, 'procedureId', 'expected a procedure of this clinic');
  const type = procedure?.types.find((candidate) => candidate.id === draft.procedureTypeId);
  if (procedure !== undefined) {
    const wanted = draft.procedureTypeId !== undefined || procedure.types.length > 0;
    demand(!wanted || type !== undefined, 'procedureTypeId', 'expected a type of the chosen procedure');
  }

  const teeth = draft.teeth ?? [];
  demand(type?.needsTeeth !== true || teeth.length > 0, 'teeth', 'expected at least one tooth for this type');
  const numbers = teeth.map((tooth) => tooth.adaId);
  demand(new Set(numbers).size === numbers.length, 'teeth', 'expected each tooth once');
  for (const [index, tooth] of teeth.entries()) {
    demand(
      tooth.materialId === undefined || practice.materials.some((material) => material.id === tooth.materialId),
      `teeth.${index}.materialId`,
      'expected a material of this clinic',
    );
  }

  if (draft.scannerSerialNumber !== undefined) {
    const scanner = practice.scanners.find((candidate) => candidate.serialNumber === draft.scannerSerialNumber);
    demand(scanner !== undefined, 'scannerSerialNumber', 'expected a scanner of this clinic');
    demand(scanner?.supported !== false, 'scannerSerialNumber', 'expected a scanner from Element 1 on');
  }
  demand(
    draft.labId === undefined || practice.labs.some((lab) => lab.id === draft.labId),
    'labId',
    'expected a lab of this clinic',
  );
  demand(draft.dueDate === undefined || draft.dueDate >= today, 'dueDate', 'expected today or later');

  if (errors.length > 0 || procedure === undefined) return { ok: false, errors };
  return {
    ok: true,
    names: { procedure: procedure.name, procedureType: type?.name ?? null, doctor: doctor?.name ?? null },
  };
}
