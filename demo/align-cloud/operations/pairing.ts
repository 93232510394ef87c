import { requireClinic, requireUser } from '../access.ts';
import { invalidRequest, notFound, notPaired } from '../api-error.ts';
import type { Cloud, Ctx } from '../cloud.ts';
import type { Account } from '../model.ts';
import { isHttpsOrLoopback } from '../oauth/authorize.ts';
import { createGrant, toTokenSet } from '../oauth/grants.ts';
import { readObject } from '../request-body.ts';
import { createReader } from './field-reader.ts';

/** align-api §3: the first Pair gives a new set of tokens bound to the account, pairing again the same ones. */
export async function pair(cloud: Cloud, c: Ctx): Promise<Response> {
  const { user } = requireUser(cloud, c);
  const read = createReader(await readObject(c), ['companyId', 'callbackUrl']);
  const companyId = read.wholeNumber('companyId');
  const callbackUrl = read.optionalText('callbackUrl', 2000);
  if (callbackUrl !== undefined && !isHttpsOrLoopback(callbackUrl)) read.fault('callbackUrl', 'must be https');
  read.done();
  const account = user.companyIds.includes(companyId) ? cloud.state.accounts.get(companyId) : undefined;
  if (account === undefined) throw notFound('account of this user');
  if (!account.isConfigured) throw invalidRequest({ companyId: 'is not configured for this integration' });
  const paired = cloud.state.grants.get(account.paired.get(user.id) ?? '');
  const grant = paired !== undefined && !paired.revoked ? paired : createGrant(cloud, user.id, companyId);
  account.paired.set(user.id, grant.id);
  if (callbackUrl !== undefined) account.callbackUrl = callbackUrl;
  return Response.json(toTokenSet(cloud, grant), { headers: { 'cache-control': 'no-store' } });
}

/** align-api §3: disconnects every paired user of the account and removes its callback URL. */
export function disconnect(cloud: Cloud, account: Account): void {
  if (cloud.flags.unpairEndsRefresh) {
    for (const grantId of account.paired.values()) cloud.state.grants.get(grantId)!.revoked = true;
  }
  account.paired.clear();
  account.callbackUrl = undefined;
}

export async function unpair(cloud: Cloud, c: Ctx): Promise<Response> {
  const { account } = requireClinic(cloud, c);
  const read = createReader(await readObject(c), ['companyId']);
  const companyId = read.wholeNumber('companyId');
  read.done();
  if (companyId !== account.companyId) throw notPaired(account.notPairedStatus);
  disconnect(cloud, account);
  return new Response(null, { status: 204 });
}
