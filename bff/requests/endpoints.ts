import { practiceSchema } from '../../shared/practice.ts';
import {
  checkPatientSchema,
  correctPatientSchema,
  patientCheckSchema,
  scanRequestDraftSchema,
  scanRequestListSchema,
  scanRequestSchema,
  searchScanRequestsSchema,
} from '../../shared/scan-request.ts';
import { Answer, sessionEndpoint, type Endpoint } from '../http/endpoint.ts';
import { rethrowAsProblem } from '../pairing/to-problem-error.ts';
import { cancelScanRequest } from './cancel.ts';
import { correctPatient } from './correct-patient.ts';
import { checkPatient } from './patient-guard.ts';
import { searchScanRequests } from './search.ts';
import { sendScanRequest, type SendParts } from './send.ts';

export function createRequestEndpoints(parts: SendParts): Endpoint[] {
  return [
    sessionEndpoint({
      method: 'get',
      path: '/v1/practice',
      summary: 'What a scan request can be made of: doctors, scanners, labs, procedures, materials',
      scopes: ['scan-request:write'],
      answer: practiceSchema,
      async handle({ principal }) {
        const connection = await parts.connections.requireActive(principal);
        return parts.practices.read(connection, principal.userId).catch(rethrowAsProblem);
      },
    }),
    sessionEndpoint({
      method: 'post',
      path: '/v1/scan-requests/check',
      summary: 'The patient guard: what is known here about this identity',
      scopes: ['scan-request:write'],
      body: checkPatientSchema,
      answer: patientCheckSchema,
      handle: ({ principal, body }) => checkPatient(parts, principal, body.patient),
    }),
    sessionEndpoint({
      method: 'post',
      path: '/v1/scan-requests',
      summary: 'Sends a scan request to the scanner; 202 and `unconfirmed` when no clear answer came',
      scopes: ['scan-request:write'],
      body: scanRequestDraftSchema,
      answer: scanRequestSchema,
      status: 201,
      also: [202],
      idempotent: 'once',
      async handle({ principal, body, log }) {
        const request = await sendScanRequest(parts, principal, body, log);
        return request.state === 'unconfirmed' ? new Answer(202, request) : request;
      },
    }),
    sessionEndpoint({
      method: 'delete',
      path: '/v1/scan-requests/:id',
      summary: 'Takes an open request off the scanner',
      scopes: ['scan-request:write'],
      answer: scanRequestSchema,
      idempotent: true,
      handle: ({ principal, params }) => cancelScanRequest(parts, principal, params['id'] ?? ''),
    }),
    sessionEndpoint({
      method: 'post',
      path: '/v1/scan-requests/search',
      summary: 'Scan requests of the clinic, or of the patient a session is bound to; newest first',
      scopes: ['scan-request:read'],
      body: searchScanRequestsSchema,
      answer: scanRequestListSchema,
      handle: ({ principal, body }) => searchScanRequests(parts, principal, body),
    }),
    sessionEndpoint({
      method: 'patch',
      path: '/v1/patients',
      summary: 'Corrects a patient’s name at iTero',
      scopes: ['patient:write'],
      body: correctPatientSchema,
      status: 204,
      idempotent: true,
      handle: ({ principal, body }) => correctPatient(parts, principal, body),
    }),
  ];
}
