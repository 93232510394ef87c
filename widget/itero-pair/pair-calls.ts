import {
  accountsSchema,
  impactSchema,
  pairingSchema,
  startAuthorizationSchema,
  type Account,
  type Impact,
  type Pairing,
  type StartAuthorization,
} from '../../shared/pairing.ts';
import { ok } from '../../shared/result.ts';
import { routes } from '../../shared/routes.ts';
import { get, post, type Answer, type Api } from '../core/api.ts';
import { newKey } from '../core/transport.ts';

export function startAuthorization(api: Api): Answer<StartAuthorization> {
  return api.ask(startAuthorizationSchema, post(routes.authorizations, {}));
}

export async function listAccounts(api: Api): Answer<Account[]> {
  const answer = await api.ask(accountsSchema, get(routes.accounts));
  return answer.ok ? ok(answer.value.accounts) : answer;
}

export function chooseAccount(api: Api, accountId: string): Answer<Pairing> {
  const call = { method: 'PUT', path: routes.pairing, body: { accountId }, idempotencyKey: newKey() } as const;
  return api.ask(pairingSchema, call);
}

export function askImpact(api: Api): Answer<Impact> {
  return api.ask(impactSchema, get(routes.impact));
}

export function unpair(api: Api): Answer<undefined> {
  return api.write({ method: 'DELETE', path: routes.pairing });
}

export function signOut(api: Api): Answer<undefined> {
  return api.write({ method: 'DELETE', path: routes.login });
}
