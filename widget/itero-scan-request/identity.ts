import { fail, ok, type Result } from '../../shared/result.ts';
import type { PatientIdentity } from '../../shared/scan-request.ts';

const ISO_DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

type Attribute = string | null | undefined;

/** The patient attributes of the element, as the page set them, or not. */
export interface PatientAttributes {
  readonly firstName: Attribute;
  readonly lastName: Attribute;
  readonly chartNumber: Attribute;
  readonly dateOfBirth: Attribute;
}

export type MissingPart = 'chart_number' | 'first_name' | 'last_name';

export function filled(value: Attribute): value is string {
  return typeof value === 'string' && /\S/u.test(value);
}

/**
 * What will be sent as the patient, exactly as the page gave it: nothing is trimmed or folded, because anything
 * different makes a new patient upstream (align-api §5). An unreadable birth date is left out.
 */
export function toIdentity(patient: PatientAttributes): Result<PatientIdentity, MissingPart[]> {
  const { firstName, lastName, chartNumber, dateOfBirth } = patient;
  if (filled(firstName) && filled(lastName) && filled(chartNumber)) {
    const known = typeof dateOfBirth === 'string' && ISO_DATE.test(dateOfBirth) ? { dateOfBirth } : {};
    return ok({ firstName, lastName, chartNumber, ...known });
  }
  const missing: MissingPart[] = [];
  if (!filled(chartNumber)) missing.push('chart_number');
  if (!filled(firstName)) missing.push('first_name');
  if (!filled(lastName)) missing.push('last_name');
  return fail(missing);
}

export function isSameIdentity(a: PatientIdentity, b: PatientIdentity): boolean {
  return (
    a.chartNumber === b.chartNumber &&
    a.firstName === b.firstName &&
    a.lastName === b.lastName &&
    a.dateOfBirth === b.dateOfBirth
  );
}

/** A name as the `privacy` attribute allows it: whole, or its initials. */
export function shownName(
  { firstName, lastName }: Pick<PatientIdentity, 'firstName' | 'lastName'>,
  initialsOnly: boolean,
): string {
  if (!initialsOnly) return `${firstName} ${lastName}`;
  const initial = (name: string) => `${/\S\p{M}*/u.exec(name)?.[0] ?? ''}.`;
  return `${initial(firstName)} ${initial(lastName)}`;
}
