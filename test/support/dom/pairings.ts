import type { Account, Pairing } from '../../../shared/pairing.ts';

export const NORTH: Account = {
  id: '1017',
  name: 'Smile North Dental',
  city: 'Portland',
  country: 'US',
  configured: true,
};
export const SOUTH: Account = { id: '1018', name: 'Smile South', city: 'Salem', country: 'US', configured: true };
export const CLOSED: Account = { id: '1019', name: 'Old Mill Practice', city: null, country: 'US', configured: false };

/** A clinic that is paired and well; `over` says what is different. */
export function aPairing(over: Partial<Pairing> = {}): Pairing {
  return {
    state: 'paired',
    environment: 'sandbox',
    simulated: false,
    account: NORTH,
    logins: [
      { id: 'l1', displayName: 'Dr. Ada Lee', you: true, state: 'healthy', since: '2026-11-02T08:10:00.000Z' },
      { id: 'l2', displayName: 'Dr. Sam Ortiz', you: false, state: 'healthy', since: '2026-11-12T15:40:00.000Z' },
    ],
    choosing: false,
    signInProblem: null,
    health: {
      lastNotificationAt: '2026-11-23T09:40:00.000Z',
      lastFullCheckAt: '2026-11-23T09:42:00.000Z',
      nextCheckAt: '2026-11-23T09:44:00.000Z',
      callback: 'confirmed',
      problem: null,
    },
    ledger: { cases: 43, byNotification: 41, recovered: 2, backfilled: 0 },
    ...over,
  };
}

export function unpaired(over: Partial<Pairing> = {}): Pairing {
  return aPairing({
    state: 'unpaired',
    account: null,
    logins: [],
    health: { lastNotificationAt: null, lastFullCheckAt: null, nextCheckAt: null, callback: 'none', problem: null },
    ledger: { cases: 0, byNotification: 0, recovered: 0, backfilled: 0 },
    ...over,
  });
}
