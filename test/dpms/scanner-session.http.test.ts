/** The only place where the practice system meets the embed: what it asks for is a wish, what it grants is decided here. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPractice, startEmbedService, VENDOR_KEY, type EmbedService, type Practice } from './practice.ts';

const EVERYTHING = ['pair', 'scan_request', 'scan_inbox'];
const UNAVAILABLE = { message: 'The scanner service is not available at the moment.' };

let embed: EmbedService;
let practice: Practice;

async function cookieOf(email: string): Promise<string> {
  return (await practice.signIn(email)).cookie;
}

beforeEach(async () => {
  embed = await startEmbedService();
  practice = openPractice(embed.url);
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await embed.stop();
});

describe('what a page may have', () => {
  it.each([
    ['keller@lindenhof.example', { manage: true, write: true, correct_patient: true, download: true }],
    ['rossi@lindenhof.example', { manage: false, write: true, correct_patient: true, download: true }],
    ['huber@lindenhof.example', { manage: true, write: false, correct_patient: false, download: false }],
  ])('%s gets the rights of that role and no more, whatever the page wishes', async (email, rights) => {
    const wish = { components: EVERYTHING, tenant: 'harbour-smile', role: 'dentist', features: { manage: true } };
    const answer = await practice.askSession(await cookieOf(email), wish);
    expect(answer.status).toBe(200);
    const { body, authorization } = embed.asked[0] ?? {};
    expect(Object.assign({}, ...Object.values(body?.components ?? {}).map(({ features }) => features))).toEqual(rights);
    expect(body?.tenant).toBe('lindenhof');
    expect(body?.tenantName).toBe('Lindenhof Dental');
    expect(body?.allowedOrigins).toEqual(['http://dpms.example']);
    expect(authorization).toBe(`Bearer ${VENDOR_KEY}`);
  });

  it('enables only the components the page has', async () => {
    await practice.askSession(await cookieOf('keller@lindenhof.example'), { components: ['scan_inbox', 'admin'] });
    const { components } = embed.asked[0]?.body ?? {};
    expect(Object.entries(components ?? {}).map(([name, { enabled }]) => [name, enabled])).toEqual([
      ['pair', false],
      ['scan_request', false],
      ['scan_inbox', true],
    ]);
  });

  it('binds the session to the patient with the practice’s own data, not the page’s', async () => {
    const wish = { components: EVERYTHING, chartNumber: 'LH-10432', patient: { lastName: 'Forged' } };
    await practice.askSession(await cookieOf('keller@lindenhof.example'), wish);
    expect(embed.asked[0]?.body.patient).toEqual({
      chartNumber: 'LH-10432',
      firstName: 'Mara',
      lastName: 'Brunner',
      dateOfBirth: '1987-04-19',
    });
  });

  it('hands on the token and its end, nothing else, and lets nobody cache it', async () => {
    const answer = await practice.askSession(await cookieOf('keller@lindenhof.example'), { components: EVERYTHING });
    expect(Object.keys((await answer.json()) as object)).toEqual(['session_token', 'expires_at']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe('what it refuses, without asking the embed service', () => {
  afterEach(() => expect(embed.asked).toEqual([]));

  it('nobody signed in', async () => {
    expect((await practice.askSession('', { components: EVERYTHING })).status).toBe(401);
    expect((await practice.askSession('dpms_session=guessed', { components: EVERYTHING })).status).toBe(401);
  });

  it('a session after signing out', async () => {
    const cookie = await cookieOf('keller@lindenhof.example');
    await practice.post('/sign-out', cookie);
    expect((await practice.askSession(cookie, { components: EVERYTHING })).status).toBe(401);
  });

  it('a call without X-Itero-Embed, as a foreign page could make one', async () => {
    const cookie = await cookieOf('keller@lindenhof.example');
    expect((await practice.askSession(cookie, { components: EVERYTHING }, {})).status).toBe(400);
    expect((await practice.askSession(cookie, { components: EVERYTHING }, { 'x-itero-embed': '0' })).status).toBe(400);
  });

  it.each([['HS/2291'], ['LH-99999'], [''], ['lh-10432'], ['LH-10432 ']])(
    'a chart that is not one of this clinic, to the letter: "%s"',
    async (chartNumber) => {
      const cookie = await cookieOf('keller@lindenhof.example');
      const answer = await practice.askSession(cookie, { components: EVERYTHING, chartNumber });
      expect([answer.status, await answer.json()]).toEqual([403, { message: 'No such chart in this clinic.' }]);
    },
  );

  it.each([
    ['{'],
    ['null'],
    ['[]'],
    ['{"components":"pair"}'],
    ['{"components":[1]}'],
    ['{"components":[],"chartNumber":7}'],
  ])('a body of the wrong shape: %s', async (body) => {
    const cookie = await cookieOf('keller@lindenhof.example');
    const headers = { 'content-type': 'application/json', 'x-itero-embed': '1' };
    expect((await practice.post('/itero/session', cookie, body, headers)).status).toBe(400);
  });
});

describe('when the embed service fails', () => {
  it('that is down is said in one sentence, and the key stands in no log', async () => {
    await embed.stop();
    const answer = await practice.askSession(await cookieOf('keller@lindenhof.example'), { components: EVERYTHING });
    expect([answer.status, await answer.json()]).toEqual([502, UNAVAILABLE]);
    expect(JSON.stringify(vi.mocked(console.error).mock.calls)).not.toContain(VENDOR_KEY);
  });

  it.each([
    ['refuses', 401, '{"code":"unauthorized","detail":"secret inside"}'],
    ['breaks', 500, 'oops'],
    ['answers half a body', 201, '{"session_token":"a.b'],
    ['answers another shape', 201, '{"token":"x"}'],
  ])('that %s too, without its words', async (_what, status, body) => {
    embed.answer = { status, body };
    const answer = await practice.askSession(await cookieOf('keller@lindenhof.example'), { components: EVERYTHING });
    expect([answer.status, await answer.json()]).toEqual([502, UNAVAILABLE]);
  });
});
