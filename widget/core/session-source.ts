import { fail, ok, type Result } from '../../shared/result.ts';
import { headers } from '../../shared/routes.ts';
import {
  sessionAnswerSchema,
  sessionClaimsSchema,
  type SessionClaims,
  type SessionRequest,
} from '../../shared/session.ts';
import { fitting, readJson } from './answer.ts';
import { ABORTED, clientFault, SESSION_ENDED, type Fault } from './fault.ts';

export type FetchSession = (request: SessionRequest) => Promise<string>;

/** Where a session token comes from. `none` explains why there is no way to get one. */
export type SessionSource =
  | { readonly kind: 'function'; readonly fetchSession: FetchSession }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'none'; readonly fault: Fault };

export interface Session {
  readonly token: string;
  readonly claims: SessionClaims;
}

const TIMEOUT_MS = 15_000;

const functionIds = new WeakMap<FetchSession, number>();
let functions = 0;

/** Equal for sources that would give the same session. */
export function sourceKey(source: SessionSource): string {
  switch (source.kind) {
    case 'function': {
      const known = functionIds.get(source.fetchSession) ?? ++functions;
      functionIds.set(source.fetchSession, known);
      return `function ${known}`;
    }
    case 'url':
      return `url ${source.url}`;
    case 'token':
      return `token ${source.token}`;
    case 'none':
      return `none ${source.fault.code}`;
    default:
      return source satisfies never;
  }
}

/** Asks the practice system for a session. It decides what it grants; a refusal is `session_refused`. */
export async function askSession(
  source: SessionSource,
  request: SessionRequest,
  signal: AbortSignal,
): Promise<Result<Session, Fault>> {
  const token = await askToken(source, request, signal);
  if (signal.aborted) return fail(ABORTED);
  return token.ok ? toSession(token.value) : token;
}

async function askToken(
  source: SessionSource,
  request: SessionRequest,
  signal: AbortSignal,
): Promise<Result<string, Fault>> {
  switch (source.kind) {
    case 'none':
      return fail(source.fault);
    case 'token':
      // A fixed token cannot be renewed: the page has to set another one.
      return request.reason === 'renew' || request.reason === 'expired' ? fail(SESSION_ENDED) : ok(source.token);
    case 'function':
      try {
        // Without a time limit: a person may be signing in behind it, for minutes, and to ask again would open a second
        // dialog and throw the first one's answer away. Meanwhile calls go on with the token that is held (session.ts),
        // and another tab reads the stream (tab-stream.ts).
        return ok(await source.fetchSession(request));
      } catch {
        // The page's own function: its error may hold anything, so only the fact is passed on.
        return fail(clientFault('session_refused'));
      }
    case 'url':
      return postForToken(source.url, request, signal);
    default:
      return source satisfies never;
  }
}

async function postForToken(url: string, request: SessionRequest, signal: AbortSignal): Promise<Result<string, Fault>> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: JSON.stringify(request),
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', [headers.embed]: '1' },
      credentials: 'include',
      cache: 'no-store',
      signal: AbortSignal.any([signal, late.signal]),
    });
    if (response.status >= 500 || response.status === 429) return fail(clientFault('offline'));
    const answer = readJson(sessionAnswerSchema, await response.text());
    // A practice system that redirects to its sign-in page answers 200 with HTML: also a refusal.
    if (!response.ok || !answer) return fail(clientFault('session_refused'));
    return ok(answer.session_token);
  } catch {
    return fail(clientFault('offline'));
  } finally {
    clearTimeout(timer);
  }
}

/** Reads what a token grants. Proves nothing: the BFF verifies it at every call. */
export function toSession(token: string): Result<Session, Fault> {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(payload), (character) => character.codePointAt(0) ?? 0);
    const claims = fitting(sessionClaimsSchema, JSON.parse(new TextDecoder().decode(bytes)));
    if (claims) return ok({ token, claims });
  } catch {
    // Not base64url or not JSON: the same as a wrong shape.
  }
  return fail(clientFault('session_refused'));
}
