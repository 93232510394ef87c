import { createHash, timingSafeEqual } from 'node:crypto';
import type { AlignSettings } from '../align/index.ts';

/** By environment: the secret of the callback URL that was given at partner registration (align-api §3). */
export type PartnerTokens = Readonly<Record<string, string>>;

export function partnerTokensOf({ environments }: Pick<AlignSettings, 'environments'>): PartnerTokens {
  return Object.fromEntries(
    Object.entries(environments).flatMap(([name, { partnerCallbackToken: token }]) =>
      token === undefined ? [] : [[name, token]],
    ),
  );
}

/** `/v1/callbacks/partner/{token}`: one address for all accounts, in place of one for each connection. */
export interface PartnerCallbacks {
  environmentOf(token: string): string | null;
  /** Pair then names no callback of its own. */
  inUse(environment: string): boolean;
}

/** @param tokens asked at each use: they change while running */
export function createPartnerCallbacks(tokens: () => PartnerTokens): PartnerCallbacks {
  return {
    environmentOf(token) {
      const given = digest(token);
      let found: string | null = null;
      // Hashes of one length, each of them compared to its end: the time tells nothing of a token, nor which it was.
      for (const [environment, right] of Object.entries(tokens())) {
        if (timingSafeEqual(given, digest(right))) found = environment;
      }
      return found;
    },
    inUse: (environment) => Object.hasOwn(tokens(), environment),
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
