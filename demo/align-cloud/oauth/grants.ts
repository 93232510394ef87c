import { randomBytes } from 'node:crypto';
import type { Cloud } from '../cloud.ts';
import type { Grant } from '../model.ts';

export interface TokenSet {
  access_token: string;
  refresh_token: string;
  token_type: 'Bearer';
  expires_in: number;
}

const secret = (prefix: string): string => `${prefix}_${randomBytes(24).toString('base64url')}`;

function issueAccess(cloud: Cloud, grant: Grant): void {
  grant.accessToken = secret('at');
  grant.accessExpiresAt = cloud.clock.now() + cloud.flags.accessTokenSeconds * 1000;
  cloud.state.accessTokens.set(grant.accessToken, { grantId: grant.id, expiresAt: grant.accessExpiresAt });
}

function issueRefresh(cloud: Cloud, grant: Grant): void {
  grant.refreshToken = secret('rt');
  cloud.state.refreshTokens.set(grant.refreshToken, grant.id);
}

/** A new set of tokens for this user; bound to an account only when Pair asks for it. */
export function createGrant(cloud: Cloud, userId: string, companyId: number | null): Grant {
  const grant: Grant = {
    id: secret('g'),
    userId,
    companyId,
    accessToken: '',
    accessExpiresAt: 0,
    refreshToken: '',
    revoked: false,
  };
  cloud.state.grants.set(grant.id, grant);
  issueAccess(cloud, grant);
  issueRefresh(cloud, grant);
  return grant;
}

export function renewGrant(cloud: Cloud, grant: Grant): void {
  issueAccess(cloud, grant);
  if (cloud.flags.rotateRefreshTokens) issueRefresh(cloud, grant);
}

/** Ends every access token of the grant at once; the refresh token stays good. */
export function expireAccess(cloud: Cloud, grantId: string): void {
  const now = cloud.clock.now();
  for (const issued of cloud.state.accessTokens.values()) {
    if (issued.grantId === grantId) issued.expiresAt = Math.min(issued.expiresAt, now);
  }
  const grant = cloud.state.grants.get(grantId);
  if (grant !== undefined) grant.accessExpiresAt = Math.min(grant.accessExpiresAt, now);
}

export function toTokenSet(cloud: Cloud, grant: Grant): TokenSet {
  return {
    access_token: grant.accessToken,
    refresh_token: grant.refreshToken,
    token_type: 'Bearer',
    expires_in: Math.max(0, Math.floor((grant.accessExpiresAt - cloud.clock.now()) / 1000)),
  };
}
