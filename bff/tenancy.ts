import type { Scope, SessionPatient } from '../shared/session.ts';

/** The clinic a row or a call belongs to. Every query is keyed by it; there is no query without it. */
export interface TenantKey {
  readonly vendor: string;
  readonly tenant: string;
  /** Align environment by its configured name. */
  readonly environment: string;
}

/** The clinic whatever the environment: event ids count per tenant. */
export type TenantRef = Pick<TenantKey, 'vendor' | 'tenant'>;

/** Who a call with a vendor key is done by, in read marks and the audit log. */
export const VENDOR_USER = 'vendor';

/** One text for a clinic, e.g. as a key in memory; unlike for unlike clinics. */
export function toTenantName({ vendor, tenant }: TenantRef): string {
  return JSON.stringify([vendor, tenant]);
}

/** The person behind a call, from the stored session. */
export interface Principal extends TenantKey {
  readonly userId: string;
  readonly userName: string;
  /** The clinic as its people know it, where the vendor told. */
  readonly clinicName: string | null;
  readonly sessionId: string;
  readonly scopes: readonly Scope[];
  /** Bound sessions see and send for this chart alone. */
  readonly patient: SessionPatient | null;
  /** ms since the epoch. */
  readonly expiresAt: number;
}
