import type { CorrectPatient } from '../../shared/scan-request.ts';
import { AlignFault, type AlignPort } from '../align/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Connections } from '../pairing/connections.ts';
import { toProblemError } from '../pairing/to-problem-error.ts';
import { requirePatient } from '../session/require-patient.ts';
import type { Store } from '../store/index.ts';
import type { Principal } from '../tenancy.ts';
import type { Vault } from '../vault/vault.ts';

/**
 * Corrects a patient's name upstream; cases show it when upstream lists them so. The DPMS is the master of patient data
 * (align-api §5), so a patient-bound session may only correct towards its own patient's name.
 * @throws ProblemError `wrong_patient`, `not_found` (no such patient upstream), or what upstream's refusal means
 */
export async function correctPatient(
  parts: { store: Store; audit: Audit; connections: Connections; vault: Vault; align: AlignPort },
  principal: Principal,
  correction: CorrectPatient,
): Promise<void> {
  const { store, audit, connections, vault, align } = parts;
  const { chartNumber, newFirstName, newLastName } = correction;
  requirePatient(principal, { chartNumber, firstName: newFirstName, lastName: newLastName });
  const connection = await connections.requireActive(principal);
  const record = (outcome: string): Promise<void> =>
    store.write((tx) => audit.record(tx, principal, 'patient.corrected', null, outcome));
  try {
    await vault.withToken({ connection, userId: principal.userId }, (token) => align.correctPatient(token, correction));
  } catch (error) {
    if (!(error instanceof AlignFault)) throw error;
    const problem = toProblemError(error);
    await record(problem.code);
    throw problem;
  }
  await record('ok');
}
