import { practiceSchema, type Practice } from '../../shared/practice.ts';
import { routes } from '../../shared/routes.ts';
import {
  patientCheckSchema,
  scanRequestSchema,
  type CorrectPatient,
  type PatientCheck,
  type PatientIdentity,
  type ScanRequest,
  type ScanRequestDraft,
} from '../../shared/scan-request.ts';
import { get, post, type Answer, type Api } from '../core/api.ts';

export function readPractice(api: Api, signal: AbortSignal): Answer<Practice> {
  return api.ask(practiceSchema, get(routes.practice, signal));
}

export function checkPatient(api: Api, patient: PatientIdentity, signal: AbortSignal): Answer<PatientCheck> {
  return api.ask(patientCheckSchema, post(routes.scanRequestsCheck, { patient }, signal));
}

export function sendRequest(
  api: Api,
  draft: ScanRequestDraft,
  idempotencyKey: string,
  signal: AbortSignal,
): Answer<ScanRequest> {
  return api.ask(scanRequestSchema, { ...post(routes.scanRequests, draft, signal), idempotencyKey });
}

export function correctPatient(api: Api, body: CorrectPatient, signal: AbortSignal): Answer<undefined> {
  return api.write({ method: 'PATCH', path: routes.patients, body, signal });
}
