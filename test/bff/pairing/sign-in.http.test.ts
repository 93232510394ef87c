import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { routes } from '../../../shared/routes.ts';
import { walkSignIn } from '../align/upstream.ts';
import { ADAMS, codeOf, createPairingStand, ORIGIN, PUBLIC_URL, type PairingStand } from './stand.ts';

let stand: PairingStand;
beforeEach(async () => {
  stand = await createPairingStand();
});
afterEach(() => stand.close());

describe('the start page', () => {
  it('names the clinic and the product, so that nobody is lured into another’s', async () => {
    const ann = await stand.person('ann', 'river "side"'.replaceAll(' ', '-'));
    const answer = await ann.navigate(await ann.startUrl());
    const html = await answer.text();
    expect(html).toContain('Connect clinic river-&quot;side&quot; in Molar &lt;Pro&gt;');
    expect(html).toContain('Dr. ann');
    expect(html).not.toMatch(/<script|style=|javascript:/);
  });

  it('names the clinic as its people know it, where the vendor told', async () => {
    const ann = await stand.person('ann', 'c-7f3a', 'molar', { tenantName: 'Lindenhof <Dental>' });
    const html = await (await ann.navigate(await ann.startUrl())).text();
    expect(html).toContain('Connect clinic Lindenhof &lt;Dental&gt; in Molar');
    expect(html).not.toContain('c-7f3a');
  });

  it('works once: used, unknown and old tickets look alike', async () => {
    const ann = await stand.person('ann');
    const url = await ann.startUrl();
    expect((await ann.navigate(url)).status).toBe(200);
    const used = await ann.navigate(url);
    const unknown = await ann.navigate(`${PUBLIC_URL}${routes.pairingStart('x'.repeat(43))}`);
    const old = await ann.startUrl();
    await stand.clock.advance(601_000);
    const late = await ann.navigate(old);
    const pages = await Promise.all([used, unknown, late].map((answer) => answer.text()));
    expect([used.status, unknown.status, late.status]).toEqual([404, 404, 404]);
    expect(new Set(pages).size).toBe(1);
  });

  it('works once even when opened twice at the same moment', async () => {
    const ann = await stand.person('ann');
    const url = await ann.startUrl();
    const answers = await Promise.all([ann.navigate(url), ann.navigate(url), ann.navigate(url)]);
    expect(answers.map((answer) => String(answer.status)).sort()).toEqual(['200', '404', '404']);
  });

  it('is not used up by a HEAD or a prefetch', async () => {
    const ann = await stand.person('ann');
    const url = await ann.startUrl();
    expect((await ann.call('HEAD', url.replace(PUBLIC_URL, ''))).status).toBe(405);
    const prefetch = await ann.call('GET', url.replace(PUBLIC_URL, ''), undefined, { 'sec-purpose': 'prefetch' });
    expect(prefetch.status).toBe(405);
    expect((await ann.navigate(url)).status).toBe(200);
  });

  it('cannot be framed, cached or scripted, and does not cut the window from its opener', async () => {
    const ann = await stand.person('ann');
    const { headers } = await ann.navigate(await ann.startUrl());
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-opener-policy')).toBe('unsafe-none');
    expect(headers.getSetCookie()).toHaveLength(1);
    expect(headers.getSetCookie()[0]).toMatch(
      /^__Host-itero-sign-in-[0-9a-f]{8}=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('says so when Align cannot be asked, and leaves the ticket whole', async () => {
    const ann = await stand.person('ann');
    const url = await ann.startUrl();
    const environment = stand.upstream.settings.environment;
    stand.upstream.settings.environment = 'gone';
    const answer = await ann.navigate(url);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('not set up for iTero as it should be');
    stand.upstream.settings.environment = environment;
    expect((await ann.navigate(url)).status).toBe(200);
  });
});

describe('coming back', () => {
  it('stores the outcome, tells the opener’s origin alone, and closes', async () => {
    const ann = await stand.person('ann');
    const answer = await ann.signIn(ADAMS);
    const html = await answer.text();
    expect(answer.status).toBe(200);
    expect(html).toContain(`data-origin="${ORIGIN}" data-outcome="signed_in"`);
    const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(script).digest('base64');
    expect(answer.headers.get('content-security-policy')).toContain(`script-src 'sha256-${hash}'`);
    expect(answer.headers.getSetCookie()[0]).toMatch(/=; Max-Age=0; Path=\/; HttpOnly; Secure/);
    expect(await ann.pairing()).toMatchObject({ state: 'signed_in', choosing: true, signInProblem: null });
  });

  it('lets the page talk to nobody when the request for it named no origin', async () => {
    const ann = await stand.person('ann');
    const back = await ann.navigate((await walkSignIn(await ann.open(await ann.startUrl(null)), ADAMS)).href);
    const html = await back.text();
    expect(html).toContain('data-origin="" data-outcome="signed_in"');
    expect(html).toContain('You can close this window');
  });

  it.each(['another browser’s cookie', 'no cookie'])(
    'is refused with %s, and the right browser may still finish',
    async (what) => {
      const ann = await stand.person('ann');
      const mallory = await stand.person('mallory', 'elsewhere');
      const back = await walkSignIn(await ann.open(await ann.startUrl()), ADAMS);
      if (what !== 'no cookie') await mallory.open(await mallory.startUrl());
      expect((await mallory.navigate(back.href)).status).toBe(404);
      expect(stand.upstream.cloud.calls('token')).toHaveLength(0);
      expect((await mallory.pairing()).choosing).toBe(false);
      expect((await ann.navigate(back.href)).status).toBe(200);
      expect((await ann.pairing()).choosing).toBe(true);
    },
  );

  it('is refused with the right cookie name but another value', async () => {
    const ann = await stand.person('ann');
    const back = await walkSignIn(await ann.open(await ann.startUrl()), ADAMS);
    const name = ann.cookies().split('=', 1)[0] ?? '';
    const forged = await ann.call('GET', back.href.replace(PUBLIC_URL, ''), undefined, {
      cookie: `${name}=${'x'.repeat(43)}`,
    });
    expect(forged.status).toBe(404);
  });

  it('is refused with a state that was forged, or played back', async () => {
    const ann = await stand.person('ann');
    const back = await walkSignIn(await ann.open(await ann.startUrl()), ADAMS);
    const forged = new URL(back);
    forged.searchParams.set('state', 'x'.repeat(43));
    expect((await ann.navigate(forged.href)).status).toBe(404);
    const cookies = ann.cookies();
    expect((await ann.navigate(back.href)).status).toBe(200);
    const again = await ann.call('GET', back.href.replace(PUBLIC_URL, ''), undefined, { cookie: cookies });
    expect(again.status).toBe(404);
    expect(stand.upstream.cloud.calls('token')).toHaveLength(1);
    expect((await ann.navigate(`${PUBLIC_URL}${routes.pairingCallback}`)).status).toBe(404);
  });

  it('sends one code once when the answer comes twice at the same moment', async () => {
    const ann = await stand.person('ann');
    const back = await walkSignIn(await ann.open(await ann.startUrl()), ADAMS);
    const answers = await Promise.all([ann.navigate(back.href), ann.navigate(back.href)]);
    expect(answers.map((answer) => String(answer.status)).sort()).toEqual(['200', '404']);
    expect(stand.upstream.cloud.calls('token')).toHaveLength(1);
  });

  it('tells a cancelled sign-in in words, and lets the person try again', async () => {
    const ann = await stand.person('ann');
    const answer = await ann.signIn(ADAMS, 'cancel');
    expect(await answer.text()).toContain('data-outcome="failed"');
    expect(await ann.pairing()).toMatchObject({ state: 'unpaired', choosing: false, signInProblem: 'not_signed_in' });
    expect(await codeOf(ann.call('GET', routes.accounts))).toBe('409 not_signed_in');
    await ann.signIn(ADAMS);
    expect(await ann.pairing()).toMatchObject({ state: 'signed_in', signInProblem: null });
  });

  it.each([
    [{ kind: 'status', status: 503 }, 'upstream_unavailable'],
    [{ kind: 'wrong-shape' }, 'upstream_wrong_shape'],
    [{ kind: 'reset' }, 'upstream_unavailable'],
  ] as const)('tells %o at the token endpoint as %s', async (fault, problem) => {
    const ann = await stand.person('ann');
    stand.upstream.cloud.faults.add({ on: 'token', ...fault });
    const answer = await ann.signIn(ADAMS);
    expect(await answer.text()).toContain('data-outcome="failed"');
    expect((await ann.pairing()).signInProblem).toBe(problem);
  });

  it('belongs to the person who began it, not to others of the clinic', async () => {
    const ann = await stand.person('ann');
    const bob = await stand.person('bob');
    await ann.signIn(ADAMS);
    expect((await bob.pairing()).choosing).toBe(false);
    expect(await codeOf(bob.call('GET', routes.accounts))).toBe('409 not_signed_in');
  });

  it('is over when no account was chosen for half an hour, and its tokens are destroyed', async () => {
    const ann = await stand.person('ann');
    await ann.signIn(ADAMS);
    await stand.clock.advance(1_801_000);
    expect((await ann.pairing()).choosing).toBe(false);
    expect(await codeOf(ann.choose('1017'))).toBe('409 not_signed_in');
    await ann.startUrl();
    const rows = await stand.store.db.selectFrom('sign_ins').select(['tokens', 'state']).execute();
    expect(rows.filter((row) => row.tokens !== null)).toEqual([]);
  });
});

it('keeps ticket, state, cookie, verifier and tokens out of the database', async () => {
  const ann = await stand.person('ann');
  const startUrl = await ann.startUrl();
  const align = new URL(await ann.open(startUrl));
  const cookie = ann.cookies().split('=')[1] ?? '';
  await ann.navigate((await walkSignIn(align.href, ADAMS)).href);
  const stored = JSON.stringify([
    await stand.store.db.selectFrom('sign_ins').selectAll().execute(),
    await stand.store.db.selectFrom('idempotency').selectAll().execute(),
  ]);
  const [token] = [...stand.upstream.cloud.state.accessTokens.keys()];
  const secrets = [startUrl.split('/').at(-1), align.searchParams.get('state'), cookie, token];
  for (const secret of secrets) {
    expect(secret?.length).toBeGreaterThan(20);
    expect(stored).not.toContain(secret);
  }
});
