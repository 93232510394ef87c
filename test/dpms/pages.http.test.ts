/** The pages around the elements. */
import { describe, expect, it } from 'vitest';
import { patients } from '../../demo/dpms/patients.ts';
import { openPractice } from './practice.ts';

const practice = openPractice('http://embed.example');

async function pageFor(email: string, path: string): Promise<{ status: number; html: string; headers: Headers }> {
  const { cookie } = await practice.signIn(email);
  const answer = await practice.get(path, cookie);
  return { status: answer.status, html: await answer.text(), headers: answer.headers };
}

describe('signing in', () => {
  it('sends everybody without a session to the sign-in page', async () => {
    for (const path of ['/', '/patients', '/patients/p-1001', '/scans', '/settings']) {
      const answer = await practice.get(path);
      expect([path, answer.status, answer.headers.get('location')]).toEqual([path, 303, '/sign-in']);
    }
  });

  it('refuses a wrong password with a sentence and sets no cookie', async () => {
    expect(await practice.signIn('keller@lindenhof.example', 'Demo')).toEqual({ status: 401, cookie: '' });
    expect(await practice.signIn('nobody@lindenhof.example')).toEqual({ status: 401, cookie: '' });
  });

  it('keeps its cookie from scripts and other sites', async () => {
    const body = new URLSearchParams({ email: ' Keller@Lindenhof.example ', password: 'demo' });
    const cookie = (await practice.post('/sign-in', '', body)).headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Lax/);
  });
});

describe('the charts', () => {
  it('of another clinic do not exist, nor do tabs that are none', async () => {
    expect((await pageFor('keller@lindenhof.example', '/patients/p-2001')).status).toBe(404);
    expect((await pageFor('osei@harbour.example', '/patients/p-1001')).status).toBe(404);
    expect((await pageFor('keller@lindenhof.example', '/patients/p-1001/constructor')).status).toBe(404);
  });

  it('list the patients of one clinic only', async () => {
    const { html } = await pageFor('osei@harbour.example', '/patients');
    const listed = patients.filter(({ id }) => html.includes(`/patients/${id}"`));
    expect(new Set(listed.map(({ clinicId }) => clinicId))).toEqual(new Set(['harbour-smile']));
  });

  it('write every name as text, in the page and in the attributes of the elements', async () => {
    const { html } = await pageFor('osei@harbour.example', '/patients/p-2007');
    expect(html).not.toContain('<b>Tables</b>');
    expect(html).toContain('last-name="&lt;b&gt;Tables&lt;/b&gt;; --"');
    const quoted = await pageFor('keller@lindenhof.example', '/patients/p-1004');
    expect(quoted.html).toContain('last-name="O&#39;Neill-D&#39;Souza"');
  });

  it('name no patient in any address', async () => {
    const { html } = await pageFor('keller@lindenhof.example', '/patients');
    const addresses = [...html.matchAll(/(?:href|src|action)="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(addresses.filter((address) => /Brunner|LH-|1987/.test(decodeURIComponent(address)))).toEqual([]);
  });

  it('say so where the scanner service is away, and keep the chart', async () => {
    const { html } = await pageFor('keller@lindenhof.example', '/patients/p-1001');
    expect(html).toMatch(/<itero-scan-inbox[^>]*><p class="fallback">\s*The scanner service cannot be reached/);
    expect(html).toContain('Crown, zirconia');
  });
});

it('the content policy allows scripts of the page and of the embed, and no inline style', async () => {
  const { headers } = await pageFor('keller@lindenhof.example', '/patients/p-1001');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self' http://embed.example");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).not.toMatch(/unsafe/);
});
