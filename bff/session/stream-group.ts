import { createHmac, hkdfSync } from 'node:crypto';
import type { Principal } from '../tenancy.ts';

/** All that decides what a session hears and from where it may ask (rules.md "Tabs"). */
export interface StreamGroup {
  readonly principal: Pick<Principal, 'vendor' | 'tenant' | 'environment' | 'userId' | 'scopes' | 'patient'>;
  readonly origins: readonly string[] | null;
}

/**
 * A name for the sessions that hear the same events. Elements use it as the name of a lock and a channel, where the
 * practice system's scripts see it: keyed, because the bare hash of a chart number is found by trying them all.
 */
export function toStreamGroup(encryptionKey: Uint8Array, { principal, origins }: StreamGroup): string {
  const { vendor, tenant, environment, userId, scopes, patient } = principal;
  const key = new Uint8Array(hkdfSync('sha256', encryptionKey, '', 'itero-embed stream group v1', 32));
  const tuple = [
    vendor,
    tenant,
    environment,
    userId,
    scopes.toSorted(),
    patient?.chartNumber ?? null,
    origins?.toSorted() ?? null,
  ];
  return createHmac('sha256', key).update(JSON.stringify(tuple)).digest('base64url').slice(0, 22);
}
