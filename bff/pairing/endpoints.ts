import * as v from 'valibot';
import {
  accountsSchema,
  choosePairingSchema,
  impactSchema,
  pairingSchema,
  startAuthorizationSchema,
  type Pairing,
} from '../../shared/pairing.ts';
import { routes } from '../../shared/routes.ts';
import { sessionEndpoint, type Endpoint } from '../http/endpoint.ts';
import type { Principal } from '../tenancy.ts';
import type { ChooseAccount } from './choose-account.ts';
import type { EndPairing } from './end-pairing.ts';
import type { SignIns } from './sign-ins.ts';

const MANAGE = ['pair:manage'] as const;

/** The JSON routes of `<itero-pair>`. */
export function createPairingEndpoints(parts: {
  signIns: SignIns;
  chooseAccount: ChooseAccount;
  endPairing: EndPairing;
  view: (principal: Principal) => Promise<Pairing>;
  publicUrl: string;
}): Endpoint[] {
  const { signIns, chooseAccount, endPairing, view, publicUrl } = parts;
  return [
    sessionEndpoint({
      method: 'get',
      path: routes.pairing,
      scopes: ['pair:read'],
      answer: pairingSchema,
      summary: 'State of the clinic’s connection, its logins, health and ledger summary.',
      handle: ({ principal }) => view(principal),
    }),
    sessionEndpoint({
      method: 'post',
      path: routes.authorizations,
      scopes: MANAGE,
      // An empty object; what it may hold later is ignored.
      body: v.object({}),
      answer: startAuthorizationSchema,
      status: 201,
      summary: 'Starts a sign-in: an address for a pop-up window, good once and for ten minutes.',
      // Never under an idempotency key: the stored answer would be a ticket in clear.
      async handle({ principal, context }) {
        // Checked against the session's origins before; without it there is no opener to tell.
        const { ticket, expiresAt } = await signIns.issue(principal, context.req.header('origin') ?? '');
        return {
          startUrl: `${publicUrl}${routes.pairingStart(ticket)}`,
          expiresAt: new Date(expiresAt).toISOString(),
        };
      },
    }),
    sessionEndpoint({
      method: 'get',
      path: routes.accounts,
      scopes: MANAGE,
      answer: accountsSchema,
      summary: 'The Align accounts of the person who signed in, to choose from.',
      handle: async ({ principal }) => ({ accounts: await chooseAccount.accounts(principal) }),
    }),
    sessionEndpoint({
      method: 'put',
      path: routes.pairing,
      scopes: MANAGE,
      body: choosePairingSchema,
      answer: pairingSchema,
      idempotent: true,
      summary: 'Connects the clinic to one of these accounts, or adds this person’s login to it.',
      async handle({ principal, body }) {
        await chooseAccount.choose(principal, body.accountId);
        return view(principal);
      },
    }),
    sessionEndpoint({
      method: 'get',
      path: routes.impact,
      scopes: MANAGE,
      answer: impactSchema,
      summary: 'What un-pairing would affect.',
      handle: ({ principal }) => endPairing.impact(principal),
    }),
    sessionEndpoint({
      method: 'delete',
      path: routes.pairing,
      scopes: MANAGE,
      status: 204,
      idempotent: true,
      summary: 'Un-pairs the clinic, here and at Align.',
      handle: async ({ principal }) => {
        await endPairing.unpair(principal);
        return undefined;
      },
    }),
    sessionEndpoint({
      method: 'delete',
      path: routes.login,
      scopes: MANAGE,
      status: 204,
      idempotent: true,
      summary: 'Signs this person out of Align here; the others stay signed in.',
      handle: async ({ principal }) => {
        await endPairing.signOut(principal);
        return undefined;
      },
    }),
  ];
}
