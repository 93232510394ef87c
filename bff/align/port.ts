import type { Readable } from 'node:stream';
import type { Account } from '../../shared/pairing.ts';
import type { Practice } from '../../shared/practice.ts';
import type { CorrectPatient, ScanRequestDraft } from '../../shared/scan-request.ts';
import type { AssetName, FullRx, Phase } from '../../shared/scan.ts';

/** Tokens as upstream hands them out. `expiresAt` in ms since the epoch, by our clock. */
export interface AlignTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresAt: number;
}

/** The part of the active environment that others need. Re-read at each use: it changes while running. */
export interface AlignEnvironment {
  readonly name: string;
  readonly livemode: boolean;
  /** Honoured only when every host of the environment is loopback (rules.md "Environment"). */
  readonly simulated: boolean;
  readonly timings: AlignTimings;
}

/** All in milliseconds but `backfillDays`. */
export interface AlignTimings {
  /** From the end of one round to the start of the next; never under 120,000 unless simulated. */
  readonly pollFloor: number;
  readonly pageSpacing: number;
  readonly overlap: number;
  /** First two looks for a missing file, then growing pauses up to `recheckMax`, for `recheckFor` in all. */
  readonly recheckSteps: readonly number[];
  readonly recheckMax: number;
  readonly recheckFor: number;
  readonly backfillDays: number | null;
  readonly requestTimeout: number;
}

/** What a refused or broken upstream call means. One decided outcome for each; see rules.md and align-api §9 "Errors". */
export type AlignFaultKind =
  | 'unauthorized' // 401 after the one refresh
  | 'not_paired' // somebody un-paired the account
  | 'user_not_allowed' // no "type", or a lab person
  | 'invalid_grant' // the refresh token is dead: this login must sign in again
  | 'not_found'
  | 'conflict'
  | 'invalid_request' // 422, `fields`
  | 'rate_limited' // 429, `retryAfterMs`
  | 'unavailable' // 5xx, refused, reset
  | 'timeout'
  | 'wrong_shape' // an answer without what is needed; `property` names it
  | 'host_refused' // neither Discovery nor configuration named this host; nothing was sent
  | 'not_configured'; // the environment lacks a setting; `property` names it

export class AlignFault extends Error {
  override readonly name = 'AlignFault';
  readonly kind: AlignFaultKind;
  readonly operation: string;
  /** The request may have reached upstream: its effect is unknown. */
  readonly maybeApplied: boolean;
  readonly retryAfterMs: number | undefined;
  readonly fields: readonly string[];
  readonly property: string | undefined;
  readonly status: number | undefined;

  constructor(
    kind: AlignFaultKind,
    operation: string,
    details: {
      maybeApplied?: boolean;
      retryAfterMs?: number;
      fields?: readonly string[];
      property?: string;
      status?: number;
      cause?: unknown;
    } = {},
  ) {
    super(`${operation}: ${kind}${details.status === undefined ? '' : ` (${details.status})`}`, {
      cause: details.cause,
    });
    this.kind = kind;
    this.operation = operation;
    this.maybeApplied = details.maybeApplied ?? false;
    this.retryAfterMs = details.retryAfterMs;
    this.fields = details.fields ?? [];
    this.property = details.property;
    this.status = details.status;
  }
}

export interface UpstreamAsset {
  readonly name: AssetName;
  readonly url: string;
  readonly sizeBytes: number | null;
  /** ms since the epoch. */
  readonly modifiedAt: number;
}

/** One order, as observed. Times in ms since the epoch. */
export interface UpstreamOrder {
  readonly orderId: string;
  readonly orderCode: string | null;
  readonly rxId: string | null;
  readonly accountId: string;
  readonly status: string;
  readonly phase: Phase;
  readonly patient: { readonly firstName: string; readonly lastName: string; readonly chartNumber: string };
  readonly doctor: string | null;
  readonly procedure: string | null;
  readonly caseType: string | null;
  readonly scanner: string | null;
  readonly scannedAt: number | null;
  readonly modifiedAt: number;
  readonly myIteroUrl: string | null;
  readonly assets: readonly UpstreamAsset[];
}

/** An order that was listed but cannot be read: named as far as it can be, never half read. */
export interface UnreadableOrder {
  readonly orderId: string | null;
  /** ms since the epoch; null: not readable either. */
  readonly modifiedAt: number | null;
  /** What it lacks. */
  readonly property: string;
}

export interface OrderPage {
  readonly orders: readonly UpstreamOrder[];
  /** They do not hide the others of their page; `total` counts them too. */
  readonly unreadable: readonly UnreadableOrder[];
  readonly page: number;
  /** What upstream says it served, which may be less than asked. */
  readonly pageSize: number;
  readonly total: number;
}

export interface OrderQuery {
  /** ms since the epoch, by last modification; both inclusive. */
  readonly from?: number;
  readonly to?: number;
  readonly chartNumber?: string;
  readonly page: number;
  readonly pageSize: number;
}

/** A file being streamed. The receiver reads `body` to its end or destroys it. */
export interface OpenAsset {
  readonly status: 200 | 206;
  readonly contentType: string | null;
  readonly contentLength: number | null;
  readonly contentRange: string | null;
  readonly body: Readable;
}

/**
 * All that upstream can do, in our own words. Every method rejects with `AlignFault` and nothing else that is expected.
 * Access tokens are handed in by the vault; no method refreshes by itself.
 */
export interface AlignPort {
  environment(): AlignEnvironment;
  /** Where the browser is sent to sign in. PKCE S256. */
  authorizationUrl(input: { state: string; codeVerifier: string; redirectUri: string }): Promise<string>;
  /** `answer` is the URL that Align returned to, with `code` and `state` or `error`. */
  exchangeCode(input: { answer: URL; state: string; codeVerifier: string; redirectUri: string }): Promise<AlignTokens>;
  /**
   * Discovery first (align-api §1), then the refresh grant: both by the settings as they are when it begins.
   * @param environment name of the one that the token belongs to
   * @throws AlignFault `not_configured` with property `environment`, and sends nothing, when another one is active by then
   */
  refresh(refreshToken: string, environment: string): Promise<AlignTokens>;
  revoke(refreshToken: string): Promise<void>;
  /** Discovery first. */
  accounts(accessToken: string): Promise<Account[]>;
  pair(accessToken: string, input: { accountId: string; callbackUrl: string | null }): Promise<AlignTokens>;
  unpair(accessToken: string, accountId: string): Promise<void>;
  practice(accessToken: string): Promise<Practice>;
  sendScanRequest(accessToken: string, draft: ScanRequestDraft): Promise<{ rxId: string }>;
  deleteScanRequest(accessToken: string, rxId: string): Promise<void>;
  orders(accessToken: string, query: OrderQuery): Promise<OrderPage>;
  orderByRxId(accessToken: string, rxId: string): Promise<UpstreamOrder>;
  fullRx(accessToken: string, rxId: string): Promise<FullRx>;
  correctPatient(accessToken: string, correction: CorrectPatient): Promise<void>;
  /** Streams a file; sends the token to hosts of Discovery only; follows one redirect, to allowed hosts only. */
  openAsset(accessToken: string, url: string, options: { range?: string; signal?: AbortSignal }): Promise<OpenAsset>;
}
