import type { Clinic, TestBff } from '../../support/bff.ts';
import type { Pairing } from '../../../shared/pairing.ts';
import { until } from './until.ts';

/** Listed once, when it is connected: a regular check would learn of a scan before its notification is followed. */
export const NOTIFIED_ONLY = { pollFloor: 3_600_000 } as const;

/**
 * Connects a clinic and waits for its first listing: what that finds is history, of which nobody is told, so that a scan
 * made meanwhile would come silently.
 */
export async function pairAndList(bff: TestBff, clinic: Clinic): Promise<void> {
  await bff.pair(clinic);
  const { session_token: token } = await bff.mint(clinic);
  await until(async () => {
    const answer = await bff.call(token, 'GET', '/v1/pairing');
    const { health } = (await answer.json()) as Pairing;
    return health.lastFullCheckAt !== null;
  });
}
