import { Buffer } from 'node:buffer';
import { createHash, hkdfSync } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import * as v from 'valibot';
import { sessionClaimsSchema } from '../../shared/session.ts';
import { ProblemError } from '../http/problem-error.ts';
import { toStreamGroup, type StreamGroup } from './stream-group.ts';

/** One algorithm, pinned: a token cannot choose (RFC 8725 §3.1). Only the BFF verifies, so a shared key is enough. */
const ALGORITHM = 'HS256';
/** Explicit typing, so that no other JWT of ours or of a vendor passes for a session (RFC 8725 §3.11). */
const TYPE = 'itero-session+jwt';
const AUDIENCE = 'itero-embed';
const VERSION = 1;
/** header.payload.signature; far above any token of ours. */
const LONGEST = 4096;

export type SessionClaims = v.InferOutput<typeof claimsSchema>;

const claimsSchema = v.object({
  ...sessionClaimsSchema.entries,
  iss: v.string(),
  aud: v.literal(AUDIENCE),
  jti: v.string(),
  v: v.literal(VERSION),
});

export type NewClaims = Omit<SessionClaims, 'iss' | 'aud' | 'v'>;

export interface SessionTokens {
  sign(claims: NewClaims): Promise<string>;
  /** @throws ProblemError `unauthorized` when it was not made here, `session_expired` when it was and its time is over */
  verify(token: string): Promise<SessionClaims>;
  /** The claim `group`: equal for sessions that hear the same events. */
  groupOf(group: StreamGroup): string;
}

interface SigningKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

/** @param encryptionKeys newest first: the first signs, all verify, so that keys rotate without ending sessions. */
export function createSessionTokens(options: {
  issuer: string;
  encryptionKeys: readonly Uint8Array[];
  now(): number;
}): SessionTokens {
  const keys = options.encryptionKeys.map(deriveKey);
  const [newest] = keys;
  const [groupKey] = options.encryptionKeys;
  if (newest === undefined || groupKey === undefined) throw new TypeError('at least one key is needed');
  const byId = new Map(keys.map((key) => [key.id, key.secret]));

  return {
    groupOf: (group) => toStreamGroup(groupKey, group),

    sign: (claims) =>
      new SignJWT({ ...claims, v: VERSION })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: newest.id })
        .setIssuer(options.issuer)
        .setAudience(AUDIENCE)
        .sign(newest.secret),

    async verify(token) {
      if (!isCanonical(token)) throw new ProblemError('unauthorized');
      try {
        const { payload } = await jwtVerify(
          token,
          ({ kid }) => {
            const secret = kid === undefined ? undefined : byId.get(kid);
            if (secret === undefined) throw new errors.JWKSNoMatchingKey();
            return secret;
          },
          {
            algorithms: [ALGORITHM],
            typ: TYPE,
            issuer: options.issuer,
            audience: AUDIENCE,
            requiredClaims: ['exp', 'iat', 'jti', 'sid', 'sub'],
            currentDate: new Date(options.now()),
          },
        );
        return v.parse(claimsSchema, payload);
      } catch (cause) {
        throw new ProblemError(cause instanceof errors.JWTExpired ? 'session_expired' : 'unauthorized', {}, cause);
      }
    },
  };
}

/** An own key per purpose (RFC 5869): a leak of one says nothing about the other. */
function deriveKey(key: Uint8Array): SigningKey {
  const secret = new Uint8Array(hkdfSync('sha256', key, '', 'itero-embed session token v1', 32));
  return { id: createHash('sha256').update('kid').update(secret).digest('base64url').slice(0, 12), secret };
}

/**
 * jose's decoder takes non-canonical base64url (spare bits, padding, white space): the same token would then have many
 * spellings. Each of the three segments must be the one spelling of its bytes.
 */
function isCanonical(token: string): boolean {
  if (token.length > LONGEST) return false;
  const segments = token.split('.');
  return (
    segments.length === 3 &&
    segments.every(
      (segment) =>
        /^[A-Za-z0-9_-]+$/.test(segment) && Buffer.from(segment, 'base64url').toString('base64url') === segment,
    )
  );
}
