import type { EventType } from '../../shared/stream-event.ts';
import type { Scope } from '../../shared/session.ts';
import type { Principal } from '../tenancy.ts';
import type { CommittedEvent } from './event-log.ts';

/** The part of a session that decides what its stream shows. */
export type Audience = Pick<Principal, 'environment' | 'scopes' | 'patient'>;

const SCOPE: Record<EventType, Scope> = {
  'pairing.created': 'pair:read',
  'pairing.removed': 'pair:read',
  'pairing.backfilled': 'pair:read',
  'scan_request.sent': 'scan-request:read',
  'scan_request.cancelled': 'scan-request:read',
  'scan_request.unconfirmed': 'scan-request:read',
  'scan.received': 'scan:read',
  'scan.updated': 'scan:read',
  'scan.removed': 'scan:read',
  'scan.asset_ready': 'scan:read',
  'scan.asset_missing': 'scan:read',
};

/**
 * A reader sees only events whose object it could GET (product.md "HTTP"). A scan that came for a request is the
 * request's news too: its state changed with it.
 */
export function canSee(
  audience: Audience,
  event: Pick<CommittedEvent, 'environment' | 'type' | 'requestId' | 'charts'>,
): boolean {
  if (event.environment !== audience.environment) return false;
  if (!hasScope(audience, event)) return false;
  /** Chart number of a patient-bound session. */
  const chart = audience.patient?.chartNumber ?? null;
  // A case leaves a patient, never the clinic.
  if (event.type === 'scan.removed') return chart !== null && (event.charts ?? []).includes(chart);
  return chart === null || event.charts === null || event.charts.includes(chart);
}

function hasScope(audience: Audience, event: Pick<CommittedEvent, 'type' | 'requestId'>): boolean {
  if (audience.scopes.includes(SCOPE[event.type])) return true;
  return event.type === 'scan.received' && event.requestId !== null && audience.scopes.includes('scan-request:read');
}
