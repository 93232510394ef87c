import { createHash } from 'node:crypto';
import { ApiError } from '../api-error.ts';
import type { Cloud, Ctx } from '../cloud.ts';
import type { Grant } from '../model.ts';
import { readForm } from '../request-body.ts';
import { requireClient } from './client.ts';
import { createGrant, renewGrant, toTokenSet } from './grants.ts';

const bad = (code: string, message: string): ApiError => new ApiError(400, code, message);

function once(form: URLSearchParams, name: string): string {
  const values = form.getAll(name);
  if (values.length > 1) throw bad('invalid_request', `${name} is there twice.`);
  const value = values[0] ?? '';
  if (value === '') throw bad('invalid_request', `${name} is missing.`);
  return value;
}

function byCode(cloud: Cloud, form: URLSearchParams): Grant {
  const code = once(form, 'code');
  const redirectUri = once(form, 'redirect_uri');
  const verifier = once(form, 'code_verifier');
  const issued = cloud.state.codes.get(code);
  if (issued === undefined) throw bad('invalid_grant', 'The code is not known.');
  if (issued.grantId !== undefined) {
    // RFC 6749 §4.1.2: a code used twice is taken for stolen, what it gave is revoked.
    const given = cloud.state.grants.get(issued.grantId);
    if (given !== undefined) given.revoked = true;
    throw bad('invalid_grant', 'The code was used before.');
  }
  if (issued.expiresAt <= cloud.clock.now()) throw bad('invalid_grant', 'The code is over.');
  if (issued.redirectUri !== redirectUri) throw bad('invalid_grant', 'The redirect_uri is another than before.');
  if (!/^[\w.~-]{43,128}$/.test(verifier)) throw bad('invalid_request', 'The code_verifier has a wrong form.');
  if (createHash('sha256').update(verifier).digest('base64url') !== issued.codeChallenge) {
    throw bad('invalid_grant', 'The code_verifier does not fit.');
  }
  const grant = createGrant(cloud, issued.userId, null);
  issued.grantId = grant.id;
  return grant;
}

function byRefreshToken(cloud: Cloud, form: URLSearchParams): Grant {
  const token = once(form, 'refresh_token');
  const grant = cloud.state.grants.get(cloud.state.refreshTokens.get(token) ?? '');
  if (grant === undefined || grant.revoked) throw bad('invalid_grant', 'The refresh token is not known.');
  if (grant.refreshToken !== token) {
    if (cloud.flags.revokeOnReuse) grant.revoked = true;
    throw bad('invalid_grant', 'The refresh token was replaced by a newer one.');
  }
  renewGrant(cloud, grant);
  return grant;
}

/** `POST /oauth/token`: a code or a refresh token for a set of tokens. */
export async function token(cloud: Cloud, c: Ctx): Promise<Response> {
  const form = await readForm(c);
  requireClient(cloud, c, form);
  const kind = once(form, 'grant_type');
  if (kind !== 'authorization_code' && kind !== 'refresh_token') {
    throw bad('unsupported_grant_type', `grant_type ${kind} is not offered.`);
  }
  const grant = kind === 'authorization_code' ? byCode(cloud, form) : byRefreshToken(cloud, form);
  return Response.json(toTokenSet(cloud, grant), { headers: { 'cache-control': 'no-store', pragma: 'no-cache' } });
}

/** `POST /oauth/revoke` (RFC 7009): logs out; an unknown token is answered alike. */
export async function revoke(cloud: Cloud, c: Ctx): Promise<Response> {
  const form = await readForm(c);
  requireClient(cloud, c, form);
  const given = once(form, 'token');
  const grantId = cloud.state.refreshTokens.get(given) ?? cloud.state.accessTokens.get(given)?.grantId;
  const grant = cloud.state.grants.get(grantId ?? '');
  if (grant !== undefined) {
    grant.revoked = true;
    if (grant.companyId !== null) {
      const account = cloud.state.accounts.get(grant.companyId);
      if (account?.paired.get(grant.userId) === grant.id) account.paired.delete(grant.userId);
    }
  }
  return new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } });
}
