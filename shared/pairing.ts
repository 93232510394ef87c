import * as v from 'valibot';
import { ledgerSummarySchema } from './ledger.ts';

/** `not_configured`: Align has not enabled the account for the integration; it is listed, not selectable. */
export const accountSchema = v.object({
  id: v.string(),
  name: v.string(),
  city: v.nullable(v.string()),
  country: v.nullable(v.string()),
  configured: v.boolean(),
});
export type Account = v.InferOutput<typeof accountSchema>;

/** One Align user on the clinic's connection. `displayName` is the DPMS user who signed in. */
export const loginSchema = v.object({
  id: v.string(),
  displayName: v.string(),
  you: v.boolean(),
  state: v.picklist(['healthy', 'failing', 'signed_out']),
  since: v.string(),
});
export type Login = v.InferOutput<typeof loginSchema>;

/** Source: rules.md "Un-pair". `none`: no callback URL is registered, notifications never come. */
export const CALLBACK_STATES = ['none', 'registered', 'confirmed', 'suspect'] as const;

/**
 * `unpaired` nothing yet; `signed_in` this user came back from Align and must choose an account; `paired`;
 * `needs_login` the connection stays, nobody is signed in; `lost` somebody un-paired it elsewhere.
 */
export const PAIRING_STATES = ['unpaired', 'signed_in', 'paired', 'needs_login', 'lost'] as const;
export type PairingStateName = (typeof PAIRING_STATES)[number];

export const pairingSchema = v.object({
  state: v.picklist(PAIRING_STATES),
  environment: v.string(),
  simulated: v.boolean(),
  account: v.nullable(accountSchema),
  logins: v.array(loginSchema),
  /** A sign-in of this user waits for its account choice. */
  choosing: v.boolean(),
  /** Why the newest sign-in of this user failed, as a problem code; null when none failed. */
  signInProblem: v.nullable(v.string()),
  health: v.object({
    lastNotificationAt: v.nullable(v.string()),
    lastFullCheckAt: v.nullable(v.string()),
    nextCheckAt: v.nullable(v.string()),
    callback: v.picklist(CALLBACK_STATES),
    /** Why background checks fail at the moment, as a problem code; null when they do not. */
    problem: v.nullable(v.string()),
  }),
  ledger: ledgerSummarySchema,
});
export type Pairing = v.InferOutput<typeof pairingSchema>;

export const accountsSchema = v.object({ accounts: v.array(accountSchema) });
export const choosePairingSchema = v.object({ accountId: v.pipe(v.string(), v.minLength(1), v.maxLength(64)) });
export const startAuthorizationSchema = v.object({ startUrl: v.string(), expiresAt: v.string() });
export type StartAuthorization = v.InferOutput<typeof startAuthorizationSchema>;

/** What un-pairing affects, shown before it is done. */
export const impactSchema = v.object({
  logins: v.array(v.object({ displayName: v.string(), you: v.boolean() })),
  /** RXs that stay on the scanner. Counts and ids only. */
  openRequests: v.array(v.object({ id: v.string(), createdAt: v.string() })),
});
export type Impact = v.InferOutput<typeof impactSchema>;

/** The message of the callback page to its opener: a hint to ask `GET /v1/pairing`, never the result itself. */
export const signInMessageSchema = v.object({
  type: v.literal('itero-sign-in'),
  outcome: v.picklist(['signed_in', 'failed']),
});
