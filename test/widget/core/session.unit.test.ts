import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionRequest } from '../../../shared/session.ts';
import type { Fault } from '../../../widget/core/fault.ts';
import { createSessionKeeper, renewalDelay, type SessionKeeper } from '../../../widget/core/session.ts';
import { askSession, toSession, type SessionSource } from '../../../widget/core/session-source.ts';
import fc from '../../support/fast-check.ts';
import { aToken, installPage, type FakePage } from './page-globals.ts';

const claims = (iat: number, exp: number) => ({
  vendor: 'v',
  tenant: 't',
  sub: 'u',
  sid: 's',
  livemode: false,
  scope: '',
  iat,
  exp,
});

describe('when a session is renewed', () => {
  it.each([
    ['at 80 % of its life', 900, 720_000],
    ['30 s before its end at the latest', 100, 70_000],
    ['never before half of a very short life', 30, 15_000],
  ])('%s', (_, life, delay) => {
    expect(renewalDelay(claims(1000, 1000 + life), 1_000_000, () => 0)).toBe(delay);
  });

  it('counts from now when the token has already lived for a while', () => {
    expect(renewalDelay(claims(1000, 1900), 1_400_000, () => 0)).toBe(400_000);
  });

  it('trusts the token’s own length when the clock of this computer is wrong', () => {
    expect(renewalDelay(claims(1000, 1900), 9_000_000, () => 0)).toBe(720_000);
    expect(renewalDelay(claims(1000, 1900), 0, () => 0)).toBe(720_000);
  });

  it('is always after now and before the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 3600 }), fc.double({ min: 0, max: 1, noNaN: true }), (life, random) => {
        const delay = renewalDelay(claims(1000, 1000 + life), 1_000_000, () => random);
        expect(delay).toBeGreaterThan(0);
        expect(delay).toBeLessThan(life * 1000);
      }),
    );
  });
});

describe('the session keeper', () => {
  let page: FakePage;
  let keeper: SessionKeeper;
  let asked: SessionRequest[];
  let answer: () => Promise<string>;
  let refusals: Fault[];
  let granted: string[];

  function keep(source: SessionSource, chartNumber?: string): void {
    keeper = createSessionKeeper({
      source,
      chartNumber,
      components: () => ['pair'],
      granted: (_, reason) => granted.push(reason),
      refused: (fault) => refusals.push(fault),
    });
  }

  const now = (): number => Date.now() / 1000;
  const byFunction = (): SessionSource => ({
    kind: 'function',
    fetchSession: (request) => {
      asked.push(request);
      return answer();
    },
  });

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    page = installPage();
    [asked, refusals, granted] = [[], [], []];
    answer = () => Promise.resolve(aToken({ iat: now(), exp: now() + 900, sid: `s${asked.length}` }));
  });

  afterEach(() => {
    keeper.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(page.listeners()).toBe(0);
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('asks once for all who wait', async () => {
    keep(byFunction());
    const tokens = await Promise.all([keeper.token(), keeper.token(), keeper.renew('start')]);
    expect(new Set(tokens.map((token) => token.ok && token.value)).size).toBe(1);
    expect(asked).toEqual([{ components: ['pair'], reason: 'start' }]);
  });

  it('renews by itself before the end, and names the patient each time', async () => {
    keep(byFunction(), 'A-1');
    await keeper.token();
    await vi.advanceTimersByTimeAsync(721_000);
    expect(asked).toEqual([
      { chartNumber: 'A-1', components: ['pair'], reason: 'start' },
      { chartNumber: 'A-1', components: ['pair'], reason: 'renew' },
    ]);
  });

  it('gives the newer token when an older one was refused meanwhile', async () => {
    keep(byFunction());
    const old = await keeper.token();
    await keeper.renew('renew');
    await keeper.renew('expired', old.ok ? old.value : '');
    expect(asked).toHaveLength(2);
  });

  it('tells a refusal and stays refused until it is asked again', async () => {
    keep(byFunction());
    answer = () => Promise.reject(new Error('signed out'));
    expect(await keeper.token()).toMatchObject({ ok: false, error: { code: 'session_refused' } });
    expect(await keeper.token()).toMatchObject({ ok: false });
    expect(asked).toHaveLength(1);
    expect(refusals).toHaveLength(1);
    answer = () => Promise.resolve(aToken({ iat: now(), exp: now() + 900 }));
    expect(await keeper.renew('expired')).toMatchObject({ ok: true });
  });

  it('keeps asking with pauses while the practice system cannot be reached, and at once when the network is back', async () => {
    const fetched = vi.fn(() => Promise.reject<Response>(new TypeError('no network')));
    vi.stubGlobal('fetch', fetched);
    keep({ kind: 'url', url: 'http://dpms.test/session' });
    expect(await keeper.token()).toMatchObject({ ok: false, error: { code: 'offline', retryable: true } });
    await vi.advanceTimersByTimeAsync(10_000);
    const tries = fetched.mock.calls.length;
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThan(8);
    page.wake();
    expect(fetched).toHaveBeenCalledTimes(tries + 1);
  });

  it('goes on with a session that has not ended when only its renewal cannot be reached', async () => {
    const good = aToken({ iat: now(), exp: now() + 900 });
    const fetched = vi.fn(() => Promise.resolve(Response.json({ session_token: good })));
    vi.stubGlobal('fetch', fetched);
    keep({ kind: 'url', url: 'http://dpms.test/session' });
    await keeper.token();
    fetched.mockImplementation(() => Promise.reject(new TypeError('no network')));
    await vi.advanceTimersByTimeAsync(730_000);
    expect(fetched.mock.calls.length).toBeGreaterThan(1);
    expect(await keeper.token()).toEqual({ ok: true, value: good });
    expect(refusals).toEqual([]);
  });

  it('lets calls go on with a token that has not ended while a person signs in for its renewal, and no longer', async () => {
    keep(byFunction());
    const first = await keeper.token();
    let signIn: (token: string) => void = () => undefined;
    answer = () =>
      new Promise((resolve) => {
        signIn = resolve;
      });
    await vi.advanceTimersByTimeAsync(730_000);
    expect(asked.map((one) => one.reason)).toEqual(['start', 'renew']);
    expect(await keeper.token()).toEqual(first);
    await vi.advanceTimersByTimeAsync(180_000);
    const after = keeper.token();
    const renewed = aToken({ iat: now(), exp: now() + 900, sid: 's2' });
    signIn(renewed);
    expect(await after).toEqual({ ok: true, value: renewed });
    expect(asked).toHaveLength(2);
  });

  it.each<[string, 'renew' | 'expired']>([
    ['one with more rights is asked for', 'renew'],
    ['one that was refused is replaced', 'expired'],
  ])('keeps calls waiting while %s', async (_, reason) => {
    keep(byFunction());
    const old = await keeper.token();
    void keeper.renew(reason, old.ok ? old.value : '');
    const next = await keeper.token();
    expect(next).toMatchObject({ ok: true });
    expect(next).not.toEqual(old);
  });

  it('says that a fixed token has ended, at its end', async () => {
    keep({ kind: 'token', token: aToken({ iat: now(), exp: now() + 60 }) });
    expect(await keeper.token()).toMatchObject({ ok: true });
    await vi.advanceTimersByTimeAsync(59_000);
    expect(refusals).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(refusals).toMatchObject([{ code: 'session_expired' }]);
  });

  it('renews after a sleep in which its timer stood still', async () => {
    keep(byFunction());
    await keeper.token();
    vi.setSystemTime(Date.now() + 800_000);
    page.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.map((one) => one.reason)).toEqual(['start', 'renew']);
  });
});

describe('asking the practice system', () => {
  afterEach(() => vi.unstubAllGlobals());
  const ask = () =>
    askSession(
      { kind: 'url', url: 'http://dpms.test/session' },
      { components: ['pair'], reason: 'start' },
      new AbortController().signal,
    );

  it('posts what it wants with the page’s cookies and a header that no plain form can send', async () => {
    const fetched = vi.fn(() => Promise.resolve(Response.json({ session_token: aToken({ iat: 1, exp: 2 }) })));
    vi.stubGlobal('fetch', fetched);
    expect(await ask()).toMatchObject({ ok: true, value: { claims: { tenant: 'north' } } });
    expect(fetched).toHaveBeenCalledWith(
      'http://dpms.test/session',
      expect.objectContaining({
        method: 'POST',
        credentials: 'include',
        body: '{"components":["pair"],"reason":"start"}',
        headers: expect.objectContaining({ 'X-Itero-Embed': '1', 'Content-Type': 'application/json' }),
      }),
    );
  });

  it.each<[string, () => Response, string]>([
    ['a refusal', () => new Response('', { status: 403 }), 'session_refused'],
    ['a sign-in page in place of an answer', () => new Response('<html>Sign in</html>'), 'session_refused'],
    ['a token that is none', () => Response.json({ session_token: 'abc' }), 'session_refused'],
    ['an answer of another shape', () => Response.json({ token: 'abc' }), 'session_refused'],
    ['a failing backend', () => new Response('', { status: 503 }), 'offline'],
  ])('takes %s for what it is', async (_, response, code) => {
    vi.stubGlobal('fetch', () => Promise.resolve(response()));
    expect(await ask()).toMatchObject({ ok: false, error: { code } });
  });

  it('reads claims with letters outside ASCII', () => {
    expect(toSession(aToken({ iat: 1, exp: 2, sub: 'žofie-漢' }))).toMatchObject({
      ok: true,
      value: { claims: { sub: 'žofie-漢' } },
    });
  });
});
