import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ADAMS,
  REDIRECT_URI,
  authorizeUrl,
  call,
  callToken,
  pairAs,
  pkce,
  read,
  secrets,
  signIn,
  signInId,
  startAlign,
  walkSignIn,
} from './support/practice-system.ts';
import type { Answer, Simulated, Tokens } from './support/practice-system.ts';
import type { AlignCloud } from '../../demo/align-cloud/index.ts';

let simulated: Simulated;
let align: AlignCloud;
beforeEach(async () => {
  simulated = await startAlign();
  align = simulated.align;
});
afterEach(() => align.close());

const companies = (token: string): Promise<Answer> => call(align, 'getAvailableCompanies', { token });

const refresh = (refresh_token: string): Promise<Answer> =>
  callToken(align, { ...secrets(align), grant_type: 'refresh_token', refresh_token });

async function codeFor(challenge: string): Promise<string> {
  const back = await walkSignIn(align, ADAMS, { url: authorizeUrl(align, { code_challenge: challenge }) });
  return back.searchParams.get('code') ?? '';
}

const exchange = (fields: Record<string, string>): Promise<Answer> =>
  callToken(align, {
    ...secrets(align),
    grant_type: 'authorization_code',
    redirect_uri: REDIRECT_URI,
    ...fields,
  });

describe('the sign-in page', () => {
  test('is a page that no other site may frame and that names who asks', async () => {
    const response = await fetch(authorizeUrl(align));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(await response.text()).toContain('127.0.0.1:9');
  });

  test.each([
    ['an unknown client', { client_id: 'somebody' }],
    ['an address that is not allowed', { redirect_uri: 'https://evil.example/callback' }],
    ['an allowed address with something behind it', { redirect_uri: `${REDIRECT_URI}/more` }],
    ['an address with a fragment', { redirect_uri: `${REDIRECT_URI}#x` }],
  ])('never sends the browser on for %s', async (_, change) => {
    const response = await fetch(authorizeUrl(align, change), { redirect: 'manual' });
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
  });

  test('refuses plain http anywhere but on loopback, even when it is on the list', async () => {
    align.allowRedirect('http://dpms.example/callback');
    const url = authorizeUrl(align, { redirect_uri: 'http://dpms.example/callback' });
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(400);
  });

  test.each([
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a challenge of a wrong form', { code_challenge: 'short' }, 'invalid_request'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
  ])('tells the client about %s, with its state', async (_, change, error) => {
    const response = await fetch(authorizeUrl(align, change), { redirect: 'manual' });
    const back = new URL(response.headers.get('location') ?? '');
    expect(back.origin + back.pathname).toBe(REDIRECT_URI);
    expect(back.searchParams.get('error')).toBe(error);
    expect(back.searchParams.get('state')).toBe('xyz');
  });

  test('asks again after a wrong password, and escapes what was typed', async () => {
    const page = await (await fetch(authorizeUrl(align))).text();
    const again = await fetch(`${align.url}/authorize`, {
      method: 'POST',
      body: new URLSearchParams({ sign_in: signInId(page), login: '"><script>alert(1)</script>', password: 'ü' }),
    });
    expect(again.status).toBe(401);
    expect(await again.text()).not.toContain('<script>');
  });

  test('tells the client when the user says no', async () => {
    const back = await walkSignIn(align, ADAMS, { decision: 'cancel' });
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ error: 'access_denied', state: 'xyz' });
  });

  test('gives no code without a password', async () => {
    const page = await (await fetch(authorizeUrl(align))).text();
    const response = await fetch(`${align.url}/authorize/consent`, {
      method: 'POST',
      body: new URLSearchParams({ sign_in: signInId(page), decision: 'allow' }),
      redirect: 'manual',
    });
    expect(response.status).toBe(400);
  });

  test('is there under the login page as well', async () => {
    const url = authorizeUrl(align).replace(`${align.oauthBase}/authorize`, align.loginPage);
    expect((await walkSignIn(align, ADAMS, { url })).searchParams.get('code')).toBeTruthy();
  });
});

describe('a code', () => {
  test('is changed for tokens that live an hour', async () => {
    const tokens = await signIn(align, ADAMS);
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
    await align.clock.advance(3_599_000);
    expect((await companies(tokens.access_token)).status).toBe(200);
    await align.clock.advance(1000);
    const over = await companies(tokens.access_token);
    expect(over).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
    expect(over.headers.get('www-authenticate')).toContain('invalid_token');
  });

  test('works once; a second use ends what the first one gave', async () => {
    const { verifier, challenge } = pkce();
    const code = await codeFor(challenge);
    const first = await exchange({ code, code_verifier: verifier });
    expect(first.status).toBe(200);
    expect(await exchange({ code, code_verifier: verifier })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect((await companies((first.body as unknown as Tokens).access_token)).status).toBe(401);
  });

  test.each([
    ['another verifier', { code_verifier: pkce().verifier }, 'invalid_grant'],
    ['another redirect_uri', { redirect_uri: 'http://127.0.0.1:9/other' }, 'invalid_grant'],
    ['a verifier of a wrong form', { code_verifier: 'short' }, 'invalid_request'],
    ['another grant type', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['a wrong secret', { client_secret: 'wrong' }, 'invalid_client'],
  ])('is refused with %s', async (_, change, error) => {
    const { verifier, challenge } = pkce();
    const answer = await exchange({ code: await codeFor(challenge), code_verifier: verifier, ...change });
    expect(answer.body['error']).toBe(error);
    expect(answer.status).toBe(error === 'invalid_client' ? 401 : 400);
  });

  test('is over after two minutes', async () => {
    const { verifier, challenge } = pkce();
    const code = await codeFor(challenge);
    await align.clock.advance(120_000);
    expect((await exchange({ code, code_verifier: verifier })).body['error']).toBe('invalid_grant');
  });
});

describe('client authentication', () => {
  const basic = (): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`${align.clientId}:${align.clientSecret}`).toString('base64')}`,
  });

  test('takes client_secret_basic', async () => {
    const { refresh_token } = await signIn(align, ADAMS);
    expect((await callToken(align, { grant_type: 'refresh_token', refresh_token }, basic())).status).toBe(200);
  });

  test('refuses both ways at once', async () => {
    const { refresh_token } = await signIn(align, ADAMS);
    const answer = await callToken(align, { ...secrets(align), grant_type: 'refresh_token', refresh_token }, basic());
    expect(answer.status).toBe(400);
  });

  test('takes only the configured way', async () => {
    const { refresh_token } = await signIn(align, ADAMS);
    align.flags.clientAuthentication = 'client_secret_basic';
    expect((await refresh(refresh_token)).status).toBe(401);
    align.flags.clientAuthentication = 'client_secret_post';
    expect((await callToken(align, { grant_type: 'refresh_token', refresh_token }, basic())).status).toBe(401);
  });

  test('wants a form, not JSON', async () => {
    const response = await fetch(`${align.oauthBase}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...secrets(align), grant_type: 'refresh_token', refresh_token: 'x' }),
    });
    expect((await read(response)).status).toBe(415);
  });
});

describe('a refresh token', () => {
  test('rotates: the newest one alone is good', async () => {
    const first = await signIn(align, ADAMS);
    const second = (await refresh(first.refresh_token)).body as unknown as Tokens;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await refresh(first.refresh_token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect((await refresh(second.refresh_token)).status).toBe(200);
  });

  test('stays the same where rotation is off', async () => {
    align.flags.rotateRefreshTokens = false;
    const first = await signIn(align, ADAMS);
    const second = (await refresh(first.refresh_token)).body as unknown as Tokens;
    expect(second.refresh_token).toBe(first.refresh_token);
    expect(second.access_token).not.toBe(first.access_token);
  });

  test('ends the whole grant when an old one is used and the cloud is strict about it', async () => {
    align.flags.revokeOnReuse = true;
    const first = await signIn(align, ADAMS);
    const second = (await refresh(first.refresh_token)).body as unknown as Tokens;
    await refresh(first.refresh_token);
    expect((await refresh(second.refresh_token)).body['error']).toBe('invalid_grant');
    expect((await companies(second.access_token)).status).toBe(401);
  });

  test('keeps the binding to the account', async () => {
    const token = await pairAs(align, ADAMS, 1017);
    const grant = [...align.state.grants.values()].find((one) => one.accessToken === token)!;
    const renewed = (await refresh(grant.refreshToken)).body as unknown as Tokens;
    expect((await call(align, 'getOrders', { token: renewed.access_token })).status).toBe(200);
  });
});

test('revoke logs out: neither token is good afterwards', async () => {
  const tokens = await signIn(align, ADAMS);
  const revoked = await fetch(`${align.oauthBase}/oauth/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ ...secrets(align), token: tokens.refresh_token }),
  });
  expect(revoked.status).toBe(200);
  expect((await companies(tokens.access_token)).status).toBe(401);
  expect((await refresh(tokens.refresh_token)).body['error']).toBe('invalid_grant');
});

test('OAuth and Discovery may live behind paths of their own', async () => {
  const other = await startAlign({ oauthPath: '/sso', basePath: '/gateway' });
  try {
    expect(other.align.oauthBase).toMatch(/\/sso$/);
    const { access_token } = await signIn(other.align, ADAMS);
    expect((await call(other.align, 'getAvailableCompanies', { token: access_token })).status).toBe(200);
  } finally {
    await other.align.close();
  }
});
