import * as v from 'valibot';
import { chartNumber, identifier, isoDate, personName } from './primitives.ts';

export const SCOPES = [
  'pair:read',
  'pair:manage',
  'scan-request:read',
  'scan-request:write',
  'scan:read',
  'scan:download',
  'patient:write',
] as const;
export type Scope = (typeof SCOPES)[number];

export const COMPONENTS = ['pair', 'scan_request', 'scan_inbox'] as const;
export type ComponentName = (typeof COMPONENTS)[number];

/**
 * What a component may do beyond showing itself. Absent means granted, `false` takes it away.
 * `pair`: manage. `scan_request`: write, correct_patient. `scan_inbox`: download.
 */
const component = <F extends v.ObjectEntries>(features: F) =>
  v.object({ enabled: v.boolean(), features: v.optional(v.object(features)) });

export const componentsSchema = v.object({
  pair: v.optional(component({ manage: v.optional(v.boolean()) })),
  scan_request: v.optional(component({ write: v.optional(v.boolean()), correct_patient: v.optional(v.boolean()) })),
  scan_inbox: v.optional(component({ download: v.optional(v.boolean()) })),
});
export type Components = v.InferOutput<typeof componentsSchema>;

/** The patient a session is bound to. Such a session sees and sends for this chart number only. */
export const sessionPatientSchema = v.object({
  chartNumber: chartNumber,
  firstName: v.optional(personName),
  lastName: v.optional(personName),
  dateOfBirth: v.optional(isoDate),
});
export type SessionPatient = v.InferOutput<typeof sessionPatientSchema>;

export const MAX_SESSION_SECONDS = 3600;

/** `POST /v1/sessions`, called by the DPMS backend with its vendor key. */
export const mintSessionSchema = v.object({
  tenant: identifier,
  /** The clinic as its people know it; shown at sign-in instead of the id. */
  tenantName: v.optional(v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(200))),
  user: v.object({ id: identifier, displayName: v.optional(v.pipe(v.string(), v.maxLength(200))) }),
  patient: v.optional(sessionPatientSchema),
  components: componentsSchema,
  allowedOrigins: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(300))), v.maxLength(20))),
  /** Seconds, at most 3600. */
  expiresIn: v.optional(v.pipe(v.number(), v.integer(), v.minValue(30), v.maxValue(MAX_SESSION_SECONDS)), 900),
});
export type MintSession = v.InferOutput<typeof mintSessionSchema>;

export const mintedSessionSchema = v.object({
  id: v.string(),
  session_token: v.string(),
  expires_at: v.string(),
  livemode: v.boolean(),
});
export type MintedSession = v.InferOutput<typeof mintedSessionSchema>;

/** What an element POSTs to the DPMS's `session-url`, and hands to `fetchSession`. */
export interface SessionRequest {
  readonly chartNumber?: string;
  readonly components: readonly ComponentName[];
  readonly reason: 'start' | 'renew' | 'expired' | 'patient-changed' | 'environment-changed';
}

/** What the DPMS's `session-url` answers. */
export const sessionAnswerSchema = v.object({ session_token: v.string(), expires_at: v.optional(v.string()) });

/** Claims of the session token that an element may read to know what it was granted. It proves nothing to the BFF. */
export const sessionClaimsSchema = v.object({
  vendor: v.string(),
  tenant: v.string(),
  sub: v.string(),
  sid: v.string(),
  iat: v.number(),
  exp: v.number(),
  livemode: v.boolean(),
  scope: v.string(),
  /** Sessions with the same one hear the same events, so that tabs of one browser may share a stream. Opaque. */
  group: v.optional(v.string()),
});
export type SessionClaims = v.InferOutput<typeof sessionClaimsSchema>;

/** Components → scopes. Any component may read the pairing. Source: product.md "HTTP", column "scope · component". */
export function toScopes(components: Components): Scope[] {
  const scopes: Scope[] = [];
  const { pair, scan_request: request, scan_inbox: inbox } = components;
  if (pair?.enabled || request?.enabled || inbox?.enabled) scopes.push('pair:read');
  if (pair?.enabled && pair.features?.manage !== false) scopes.push('pair:manage');
  if (request?.enabled) {
    scopes.push('scan-request:read');
    if (request.features?.write !== false) scopes.push('scan-request:write');
    if (request.features?.correct_patient !== false) scopes.push('patient:write');
  }
  if (inbox?.enabled) {
    scopes.push('scan:read');
    if (inbox.features?.download !== false) scopes.push('scan:download');
  }
  return scopes;
}
