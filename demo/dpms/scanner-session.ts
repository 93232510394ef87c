/**
 * The only place where this practice system meets itero-embed: it mints a session for the person who is signed in,
 * with the vendor key that never leaves this process. What a page asks for is a wish; what is granted is decided here.
 */
import { clinicOf, type Role, type User } from './clinics.ts';
import { patientsOf } from './patients.ts';

export interface ScannerAccess {
  /** The embed service's address. */
  readonly bffUrl: string;
  readonly vendorKey: string;
  readonly origin: string;
}

type Grant =
  { readonly status: 200; readonly body: unknown } | { readonly status: 400 | 403 | 502; readonly message: string };

const rights: Record<Role, { readonly managePairing: boolean; readonly send: boolean; readonly download: boolean }> = {
  dentist: { managePairing: true, send: true, download: true },
  assistant: { managePairing: false, send: true, download: true },
  manager: { managePairing: true, send: false, download: false },
};

function readWish(wish: unknown): { chartNumber: string | undefined; components: string[] } | null {
  if (typeof wish !== 'object' || wish === null) return null;
  const { chartNumber, components } = wish as Record<string, unknown>;
  if (chartNumber !== undefined && typeof chartNumber !== 'string') return null;
  if (!Array.isArray(components) || !components.every((name) => typeof name === 'string')) return null;
  return { chartNumber, components };
}

/** @param wish what the element posted: `{chartNumber?, components, reason}`. */
export async function mintScannerSession(access: ScannerAccess, user: User, wish: unknown): Promise<Grant> {
  const read = readWish(wish);
  if (read === null) return { status: 400, message: 'Expected {chartNumber?, components}.' };

  // The chart must be a chart of this person's clinic: a page cannot talk itself into another clinic's patient.
  const patient = patientsOf(user.clinicId).find((candidate) => candidate.chartNumber === read.chartNumber);
  if (read.chartNumber !== undefined && patient === undefined)
    return { status: 403, message: 'No such chart in this clinic.' };

  const right = rights[user.role];
  const wants = (name: string): boolean => read.components.includes(name);
  const answer = await fetch(new URL('/v1/sessions', access.bffUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${access.vendorKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      tenant: user.clinicId,
      tenantName: clinicOf(user).name,
      user: { id: user.id, displayName: user.displayName },
      ...(patient && {
        patient: {
          chartNumber: patient.chartNumber,
          firstName: patient.firstName,
          lastName: patient.lastName,
          dateOfBirth: patient.dateOfBirth,
        },
      }),
      components: {
        pair: { enabled: wants('pair'), features: { manage: right.managePairing } },
        scan_request: { enabled: wants('scan_request'), features: { write: right.send, correct_patient: right.send } },
        scan_inbox: { enabled: wants('scan_inbox'), features: { download: right.download } },
      },
      allowedOrigins: [access.origin],
      expiresIn: 900,
    }),
    signal: AbortSignal.timeout(10_000),
  }).catch((error: unknown) => {
    console.error('The scanner service did not answer:', error instanceof Error ? error.name : 'unknown error');
    return null;
  });
  const granted = answer?.ok === true ? readGrant(await answer.json().catch(() => null)) : null;
  if (granted === null) {
    if (answer !== null) console.error(`The scanner service gave no session: ${answer.status}.`);
    return { status: 502, message: 'The scanner service is not available at the moment.' };
  }
  return { status: 200, body: granted };
}

function readGrant(answer: unknown): { session_token: string; expires_at: string } | null {
  if (typeof answer !== 'object' || answer === null) return null;
  const { session_token, expires_at } = answer as Record<string, unknown>;
  return typeof session_token === 'string' && typeof expires_at === 'string' ? { session_token, expires_at } : null;
}
