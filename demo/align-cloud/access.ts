import { invalidToken, notPaired, userNotAllowed } from './api-error.ts';
import type { Cloud, Ctx } from './cloud.ts';
import type { Account, Grant, User } from './model.ts';

export interface Caller {
  user: User;
  grant: Grant;
}

function bearerToken(c: Ctx): string {
  const header = c.req.header('authorization');
  if (header === undefined) throw invalidToken('There is no access token.');
  const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(header)?.[1];
  if (token === undefined) throw invalidToken('The Authorization header holds no bearer token.');
  return token;
}

/** Whose token it is. 401 `invalid_token` when it is unknown, over or revoked. */
export function requireCaller(cloud: Cloud, c: Ctx): Caller {
  const issued = cloud.state.accessTokens.get(bearerToken(c));
  const grant = issued === undefined ? undefined : cloud.state.grants.get(issued.grantId);
  const user = cloud.state.users.find(({ id }) => id === grant?.userId);
  if (issued === undefined || grant === undefined || user === undefined || grant.revoked) {
    throw invalidToken('The access token is not known.');
  }
  if (issued.expiresAt <= cloud.clock.now()) throw invalidToken('The access token is over.');
  return { user, grant };
}

/** align-api §1: a "type" such as Dentist is needed, and nobody is both lab person and doctor. */
export function requireUser(cloud: Cloud, c: Ctx): Caller {
  const caller = requireCaller(cloud, c);
  if (caller.user.roles.includes('lab')) throw userNotAllowed('A lab person cannot use this integration.');
  if (caller.user.type === undefined) throw userNotAllowed('The user has no type.');
  return caller;
}

/** A user whose token Pair bound to an account, and whom nobody has un-paired since. */
export function requireClinic(cloud: Cloud, c: Ctx): Caller & { account: Account } {
  const caller = requireUser(cloud, c);
  const { companyId, id, userId } = caller.grant;
  const account = companyId === null ? undefined : cloud.state.accounts.get(companyId);
  if (account === undefined) throw notPaired(403);
  if (account.paired.get(userId) !== id) throw notPaired(account.notPairedStatus);
  return { ...caller, account };
}

/** The clinic of the request's token, if any, for the call log and for faults of one clinic; refuses nothing. */
export function clinicOf(cloud: Cloud, c: Ctx): number | undefined {
  const token = c.req.header('authorization')?.slice('Bearer '.length) ?? '';
  const grantId = cloud.state.accessTokens.get(token)?.grantId;
  return grantId === undefined ? undefined : (cloud.state.grants.get(grantId)?.companyId ?? undefined);
}
