import { ProblemError } from '../http/problem-error.ts';
import type { Principal } from '../tenancy.ts';

interface Identity {
  readonly chartNumber: string;
  readonly firstName?: string;
  readonly lastName?: string;
}

/**
 * In a patient-bound session, what a call names must be the session's patient: exact, without folding of any kind, because
 * upstream makes a new patient of any difference (rules.md "Scan requests", align-api §5). Names are compared where both sides have them.
 * @throws ProblemError `wrong_patient`
 */
export function requirePatient(principal: Principal, named: Identity): void {
  const bound = principal.patient;
  if (bound === null) return;
  const fits =
    named.chartNumber === bound.chartNumber &&
    agrees(named.firstName, bound.firstName) &&
    agrees(named.lastName, bound.lastName);
  if (!fits) throw new ProblemError('wrong_patient');
}

function agrees(named: string | undefined, bound: string | undefined): boolean {
  return named === undefined || bound === undefined || named === bound;
}
