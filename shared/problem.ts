import * as v from 'valibot';

/**
 * Every fault a client can meet: HTTP status, whether the same call may succeed later, and the sentence shown to people
 * (`displayMessage`): what happened and what to do. Source: product.md "HTTP"; RFC 9457.
 */
export const PROBLEMS = {
  invalid_json: [400, false, 'The request was not readable. Please report this to your software vendor.'],
  invalid_request: [400, false, 'Some of the details are missing or not valid. Check the marked fields.'],
  invalid_cursor: [400, false, 'This list has changed. Load it again from the top.'],
  unauthorized: [401, false, 'You are not signed in to the scanner service. Reload the page.'],
  session_expired: [401, true, 'Your session has ended. Reload the page to go on.'],
  vendor_key_refused: [401, false, 'The vendor key is unknown. Check the key in the DPMS backend.'],
  forbidden: [403, false, 'You do not have the right to do this. Ask your practice manager.'],
  origin_refused: [
    403,
    false,
    'This page may not use the scanner service. Ask your software vendor to allow its address.',
  ],
  wrong_patient: [403, false, 'The patient of this page and of the request differ. Reopen the chart and try again.'],
  not_found: [404, false, 'This item does not exist, or belongs to another clinic.'],
  method_not_allowed: [405, false, 'This action does not exist here.'],
  request_timeout: [408, true, 'The request did not arrive in time. Send it again.'],
  unpaired: [
    409,
    false,
    'The clinic is not connected to iTero. Whoever manages the connection can connect it in the settings.',
  ],
  not_signed_in: [409, false, 'Sign in to iTero first, then choose the clinic.'],
  already_paired: [409, false, 'The clinic is connected to another iTero account. Un-pair that one first.'],
  account_in_use: [409, false, 'This iTero account is in use elsewhere. Ask your software vendor.'],
  account_not_configured: [409, false, 'This iTero account is not set up for the integration. Ask Align to enable it.'],
  needs_login: [
    409,
    false,
    'Nobody is signed in to iTero any more. Whoever manages the connection can sign in again in the settings.',
  ],
  pairing_lost: [
    409,
    false,
    'Somebody disconnected this clinic in iTero. Whoever manages the connection can connect it again in the settings.',
  ],
  environment_changed: [409, false, 'The scanner service was switched to another environment. Reload the page.'],
  scanning_has_begun: [409, false, 'Scanning has begun: this request can no longer be cancelled.'],
  request_running: [409, true, 'The same request is still being worked on. Wait a moment.'],
  request_unconfirmed: [
    409,
    false,
    'It is not known whether iTero took this request. Check the scanner before you send again.',
  ],
  request_closed: [409, false, 'This request is closed already.'],
  asset_not_ready: [
    409,
    true,
    'This file is not ready at iTero yet. It is being checked for; you can also open the case in MyiTero.',
  ],
  link_expired: [410, true, 'This link is too old. Open the scan again.'],
  payload_too_large: [413, false, 'The request is too large.'],
  unsupported_media_type: [415, false, 'The request must be JSON.'],
  range_not_satisfiable: [416, false, 'This part of the file does not exist.'],
  idempotency_mismatch: [422, false, 'This key was used for another request. Start anew.'],
  upstream_refused: [422, false, 'iTero did not accept the request. Check the marked fields.'],
  user_not_allowed: [
    403,
    false,
    'This iTero user may not do this: it needs a type such as Dentist and must not be a lab user. Ask Align.',
  ],
  rate_limited: [429, true, 'iTero asks for a pause. Try again in a moment.'],
  internal: [
    500,
    true,
    'Something went wrong here. Try again; if it stays, tell your software vendor the number below.',
  ],
  upstream_wrong_shape: [502, true, 'iTero gave an answer that could not be read. Try again later.'],
  upstream_unavailable: [503, true, 'iTero cannot be reached at the moment. Nothing is lost; try again shortly.'],
  service_misconfigured: [
    503,
    false,
    'The scanner service is not set up for iTero as it should be. Tell your software vendor; nothing is lost.',
  ],
  embed_not_built: [503, true, 'The scanner elements are not built on this server. Its operator runs: npm run build'],
  shutting_down: [503, true, 'The scanner service is restarting. Try again in a moment.'],
  upstream_timeout: [504, true, 'iTero did not answer in time. Try again shortly.'],
} as const satisfies Record<string, readonly [status: number, retryable: boolean, displayMessage: string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Codes the widget makes itself, because no answer came. */
export const CLIENT_PROBLEMS = {
  offline: 'No connection to the scanner service. It will be tried again by itself.',
  not_configured: 'This element needs a session: set session-url, session or fetchSession.',
  session_refused: 'The practice system did not grant access to the scanner. Sign in again, then reload the page.',
  unreadable: 'The scanner service gave an answer that could not be read. Reload the page.',
} as const;

export type ClientProblemCode = keyof typeof CLIENT_PROBLEMS;

/** RFC 9457 body. `errors` names the faulty fields (JSON path → what is wanted), never their values. */
export const problemSchema = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  code: v.string(),
  requestId: v.string(),
  displayMessage: v.string(),
  retryable: v.boolean(),
  detail: v.optional(v.string()),
  errors: v.optional(v.array(v.object({ path: v.string(), expected: v.string() }))),
  retryAfterSeconds: v.optional(v.number()),
});

export type Problem = v.InferOutput<typeof problemSchema>;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}

/** The body of a problem document. `type` is a URN, so that it means the same on every host. */
export function toProblem(
  code: ProblemCode,
  requestId: string,
  extra: Pick<Problem, 'detail' | 'errors' | 'retryAfterSeconds'> = {},
): Problem {
  const [status, retryable, displayMessage] = PROBLEMS[code];
  const title = code.replaceAll('_', ' ');
  return {
    type: `urn:itero-embed:problem:${code}`,
    title,
    status,
    code,
    requestId,
    displayMessage,
    retryable,
    ...extra,
  };
}
