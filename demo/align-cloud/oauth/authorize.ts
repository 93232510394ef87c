import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Cloud, Ctx } from '../cloud.ts';
import { readForm } from '../request-body.ts';
import type { SignIn } from '../state.ts';
import { consentPage, refusalPage, signInPage } from './sign-in-pages.ts';

const SIGN_IN_MS = 15 * 60_000;
const CODE_MS = 2 * 60_000;

/** align-api §1: allow-listed to the letter, https (or loopback), no `#`. */
export function isAllowedRedirect(uri: string, allowed: ReadonlySet<string>): boolean {
  if (!allowed.has(uri) || uri.includes('#')) return false;
  return isHttpsOrLoopback(uri);
}

export function isHttpsOrLoopback(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  if (protocol === 'https:') return true;
  return (
    protocol === 'http:' && (hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname))
  );
}

function back(signIn: Pick<SignIn, 'redirectUri' | 'state'>, answer: Record<string, string>): Response {
  const url = new URL(signIn.redirectUri);
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  if (signIn.state !== undefined) url.searchParams.set('state', signIn.state);
  return new Response(null, {
    status: 303,
    headers: { location: url.href, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  });
}

/** `GET /authorize`. What is wrong with client or address is told here; the rest is told to the client (RFC 6749 §4.1.2.1). */
export async function authorize(cloud: Cloud, c: Ctx): Promise<Response> {
  const query = new URL(c.req.url).searchParams;
  const redirectUri = query.get('redirect_uri') ?? '';
  if (query.get('client_id') !== cloud.client.clientId) {
    return refusalPage(cloud, 400, 'Unknown application', 'The client id of this request is not registered.');
  }
  if (!isAllowedRedirect(redirectUri, cloud.state.redirectUris)) {
    return refusalPage(
      cloud,
      400,
      'Address not registered',
      'The redirect address of this request is not on the list of allowed ones, or is neither https nor loopback.',
    );
  }
  const target = { redirectUri, state: query.get('state') ?? undefined };
  const codeChallenge = query.get('code_challenge') ?? '';
  const refuse = (error: string, error_description: string): Response => back(target, { error, error_description });
  for (const name of new Set(query.keys())) {
    if (query.getAll(name).length > 1) return refuse('invalid_request', `${name} is there twice.`);
  }
  if (query.get('response_type') !== 'code') return refuse('unsupported_response_type', 'response_type must be code.');
  if (query.get('code_challenge_method') !== 'S256') return refuse('invalid_request', 'PKCE with S256 is required.');
  if (!/^[\w-]{43}$/.test(codeChallenge)) return refuse('invalid_request', 'code_challenge has a wrong form.');
  const signIn: SignIn = {
    id: randomBytes(18).toString('base64url'),
    ...target,
    codeChallenge,
    userId: undefined,
    expiresAt: cloud.clock.now() + SIGN_IN_MS,
  };
  cloud.state.signIns.set(signIn.id, signIn);
  return signInPage(cloud, { signIn });
}

function openSignIn(cloud: Cloud, form: URLSearchParams): SignIn | undefined {
  const signIn = cloud.state.signIns.get(form.get('sign_in') ?? '');
  return signIn !== undefined && signIn.expiresAt > cloud.clock.now() ? signIn : undefined;
}

const over = (cloud: Cloud): Promise<Response> =>
  refusalPage(cloud, 400, 'This sign-in is over', 'Close this window and start again in your practice system.');

/** `POST /authorize`: login and password. */
export async function signIn(cloud: Cloud, c: Ctx): Promise<Response> {
  const form = await readForm(c);
  const open = openSignIn(cloud, form);
  if (open === undefined) return over(cloud);
  const login = (form.get('login') ?? '').trim().toLowerCase();
  const user = cloud.state.users.find((one) => one.login === login);
  if (user === undefined || !isPassword(form.get('password') ?? '', user.password)) {
    return signInPage(cloud, { signIn: open, login, failed: true });
  }
  open.userId = user.id;
  return consentPage(cloud, open, user);
}

export function isPassword(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** `POST /authorize/consent`: allow or cancel; back to the client either way. */
export async function consent(cloud: Cloud, c: Ctx): Promise<Response> {
  const form = await readForm(c);
  const open = openSignIn(cloud, form);
  if (open === undefined || open.userId === undefined) return over(cloud);
  cloud.state.signIns.delete(open.id);
  if (form.get('decision') !== 'allow') {
    return back(open, { error: 'access_denied', error_description: 'The user did not allow it.' });
  }
  const code = randomBytes(24).toString('base64url');
  cloud.state.codes.set(code, {
    userId: open.userId,
    redirectUri: open.redirectUri,
    codeChallenge: open.codeChallenge,
    expiresAt: cloud.clock.now() + CODE_MS,
    grantId: undefined,
  });
  return back(open, { code });
}
