import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AlignFault, createAlign } from '../../../bff/align/index.ts';
import { silent } from '../support/fixtures.ts';
import { REDIRECT_URI, settingsFor, startUpstream, walkSignIn, type Upstream } from './upstream.ts';

const LOGIN = 'adams@riverside.example';
let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());

const input = { state: 's1', codeVerifier: 'v'.repeat(43), redirectUri: REDIRECT_URI };

async function faultOf(work: Promise<unknown>): Promise<AlignFault> {
  const fault = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(fault instanceof AlignFault)) throw new Error(`no fault: ${String(fault)}`);
  return fault;
}

describe('signing in', () => {
  it('sends the browser to Align with state and PKCE S256, and without a scope unless one is configured', async () => {
    const url = new URL(await upstream.align.authorizationUrl(input));
    expect(url.origin + url.pathname).toBe(`${upstream.cloud.oauthBase}/authorize`);
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    expect(url.searchParams.get('code_challenge')).toMatch(/^[\w-]{43}$/);
    expect(url.searchParams.get('state')).toBe('s1');
    expect(url.searchParams.has('scope')).toBe(false);
  });

  it('uses the login page instead of /authorize where Align handed one out, and the configured scope', async () => {
    const loginPage = upstream.cloud.loginPage;
    const settings = settingsFor(upstream.cloud, { loginPage, scope: 'offline_access' });
    const align = createAlign({ settings: () => settings, fetch, clock: upstream.clock, log: silent });
    const url = new URL(await align.authorizationUrl(input));
    expect(url.origin + url.pathname).toBe(loginPage);
    expect(url.searchParams.get('scope')).toBe('offline_access');
    const tokens = await upstream.signIn(LOGIN, align);
    expect(await align.accounts(tokens.accessToken)).toHaveLength(3);
  });

  it.each(['post', 'basic'] as const)('authenticates the client by %s as configured', async (clientAuth) => {
    upstream.cloud.flags.clientAuthentication = clientAuth === 'post' ? 'client_secret_post' : 'client_secret_basic';
    const settings = settingsFor(upstream.cloud, { clientAuth });
    const align = createAlign({ settings: () => settings, fetch, clock: upstream.clock, log: silent });
    const tokens = await upstream.signIn(LOGIN, align);
    expect(tokens.expiresAt).toBe(upstream.clock.now() + 3_600_000);
    upstream.cloud.flags.clientAuthentication = 'either';
  });

  it('tells a wrong client secret as a setting, naming it', async () => {
    const settings = settingsFor(upstream.cloud, { clientSecret: 'wrong' });
    const align = createAlign({ settings: () => settings, fetch, clock: upstream.clock, log: silent });
    const fault = await faultOf(upstream.signIn(LOGIN, align));
    expect([fault.kind, fault.property]).toEqual(['not_configured', 'clientSecret']);
    expect(JSON.stringify(fault) + String(fault.stack)).not.toContain('wrong');
  });

  it('takes Cancel for what it is', async () => {
    const answer = await walkSignIn(await upstream.align.authorizationUrl(input), LOGIN, 'cancel');
    const fault = await faultOf(upstream.align.exchangeCode({ ...input, answer }));
    expect(fault.kind).toBe('unauthorized');
  });

  it('refuses an answer with another state, and a code without its verifier', async () => {
    const answer = await walkSignIn(await upstream.align.authorizationUrl(input), LOGIN);
    const calls = upstream.cloud.calls('token').length;
    expect((await faultOf(upstream.align.exchangeCode({ ...input, answer, state: 'other' }))).kind).toBe('wrong_shape');
    expect(upstream.cloud.calls('token')).toHaveLength(calls);
    const fault = await faultOf(upstream.align.exchangeCode({ ...input, answer, codeVerifier: 'w'.repeat(43) }));
    expect(fault.kind).toBe('invalid_grant');
  });
});

describe('refreshing', () => {
  it('asks Discovery first, and keeps the newest refresh token', async () => {
    const tokens = await upstream.signIn(LOGIN);
    const discoveries = upstream.cloud.calls('discovery').length;
    const fresh = await upstream.align.refresh(tokens.refreshToken, upstream.align.environment().name);
    expect(upstream.cloud.calls('discovery')).toHaveLength(discoveries + 1);
    expect(fresh.refreshToken).not.toBe(tokens.refreshToken);
    expect((await faultOf(upstream.align.refresh(tokens.refreshToken, upstream.align.environment().name))).kind).toBe(
      'invalid_grant',
    );
  });

  it('keeps the former refresh token where upstream does not rotate', async () => {
    upstream.cloud.flags.rotateRefreshTokens = false;
    const tokens = await upstream.signIn(LOGIN);
    const fresh = await upstream.align.refresh(tokens.refreshToken, upstream.align.environment().name);
    expect(fresh.refreshToken).toBe(tokens.refreshToken);
    upstream.cloud.flags.rotateRefreshTokens = true;
  });

  it('revokes, after which the refresh token is dead', async () => {
    const tokens = await upstream.signIn(LOGIN);
    await upstream.align.revoke(tokens.refreshToken);
    expect((await faultOf(upstream.align.refresh(tokens.refreshToken, upstream.align.environment().name))).kind).toBe(
      'invalid_grant',
    );
  });

  it.each([
    [{ kind: 'status', status: 503 }, 'unavailable'],
    [{ kind: 'status', status: 429, retryAfter: 7 }, 'rate_limited'],
    [{ kind: 'reset' }, 'unavailable'],
    [{ kind: 'half-body' }, 'unavailable'],
    [{ kind: 'wrong-shape' }, 'wrong_shape'],
    [{ kind: 'wrong-shape', body: '<h1>Hello</h1>' }, 'wrong_shape'],
  ] as const)('decides what %o means', async (fault, kind) => {
    const tokens = await upstream.signIn(LOGIN);
    upstream.cloud.faults.add({ on: 'token', ...fault });
    const met = await faultOf(upstream.align.refresh(tokens.refreshToken, upstream.align.environment().name));
    expect(met.kind).toBe(kind);
    expect(met.retryAfterMs).toBe(kind === 'rate_limited' ? 7000 : undefined);
  });

  it('gives a silent token endpoint up after the configured time', async () => {
    const tokens = await upstream.signIn(LOGIN);
    upstream.cloud.faults.add({ on: 'token', kind: 'slow', ms: 3_600_000 });
    const before = upstream.cloud.calls('token').length;
    const work = faultOf(upstream.align.refresh(tokens.refreshToken, upstream.align.environment().name));
    await upstream.arrived('token', before + 1);
    await upstream.clock.advance(30_000);
    expect((await work).kind).toBe('timeout');
  });
});
