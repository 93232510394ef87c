/** What only a browser can show: the cookie on plain http, the message to the opener, the strict policy, the closing. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { listen, type Listener } from '../../../bff/http/server.ts';
import { CHROMIUM_FLAGS, findChromium } from '../../support/chromium.ts';
import { createPairingStand, type PairingStand } from './stand.ts';

let browser: Browser;
let dpms: Server;
let origin: string;
let stand: PairingStand;
let listener: Listener;
let publicUrl: string;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const open = (server: Server, host: string): Promise<void> =>
  new Promise((resolve) => {
    server.listen(0, host, resolve);
  });

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_FLAGS });
  dpms = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(`<!doctype html><title>Practice</title><button>Connect</button><script>
      window.heard = [];
      addEventListener('message', (event) => heard.push([event.origin, event.data, event.source === window.popup]));
      document.querySelector('button').onclick = () => { window.popup = window.open(location.hash.slice(1), 'itero', 'popup,width=520,height=680'); };
    </script>`);
  });
  await open(dpms, 'localhost');
  origin = `http://localhost:${portOf(dpms)}`;
});
afterAll(async () => {
  await browser.close();
  dpms.close();
  dpms.closeAllConnections();
});

beforeEach(async () => {
  const probe = createServer();
  await open(probe, '127.0.0.1');
  const port = portOf(probe);
  await new Promise((resolve) => probe.close(resolve));
  publicUrl = `http://127.0.0.1:${port}`;
  stand = await createPairingStand({ publicUrl, origin });
  listener = await listen(stand.app, { port, host: '127.0.0.1', clock: stand.clock });
});
afterEach(async () => {
  const closed = listener.close(1000);
  await stand.clock.advance(1000);
  await closed;
  await stand.close();
});

async function openWindow(
  faults: string[],
): Promise<{ page: Page; popup: Page; ann: Awaited<ReturnType<PairingStand['person']>> }> {
  const ann = await stand.person('ann');
  const context = await browser.newContext();
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  await page.goto(`${origin}/#${await ann.startUrl(origin)}`);
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.click('button')]);
  popup.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  popup.on('pageerror', (error) => faults.push(error.message));
  return { page, popup, ann };
}

async function signIn(popup: Page): Promise<void> {
  await popup.getByRole('link', { name: 'Continue to iTero' }).click();
  await popup.getByLabel('Login').fill('adams@riverside.example');
  await popup.getByLabel('Password').fill('smile');
  await popup.getByRole('button', { name: 'Sign in', exact: true }).click();
  await popup.getByRole('button', { name: 'Allow' }).click();
}

it('takes the __Host- cookie on http://127.0.0.1, tells its opener alone, and closes', async () => {
  const faults: string[] = [];
  const { page, popup, ann } = await openWindow(faults);
  await expect.poll(() => popup.title()).toBe('Connect riverside');
  expect(await popup.locator('h1').innerText()).toBe('Connect clinic riverside in Molar <Pro>');
  const cookies = await page.context().cookies(publicUrl);
  expect(cookies.map(({ name, secure, httpOnly, sameSite, path }) => [name, secure, httpOnly, sameSite, path])).toEqual(
    [[expect.stringMatching(/^__Host-itero-sign-in-/), true, true, 'Lax', '/']],
  );
  const closed = popup.waitForEvent('close');
  await signIn(popup);
  await closed;
  await expect
    .poll(() => page.evaluate('heard'))
    .toEqual([[publicUrl, { type: 'itero-sign-in', outcome: 'signed_in' }, true]]);
  expect((await ann.pairing()).state).toBe('signed_in');
  expect(await page.context().cookies(publicUrl)).toEqual([]);
  expect(faults).toEqual([]);
  await page.context().close();
});

it('stores the outcome all the same when Align’s page cut the window from its opener', async () => {
  stand.upstream.cloud.flags.severOpener = true;
  const faults: string[] = [];
  const { page, popup, ann } = await openWindow(faults);
  await signIn(popup);
  await expect.poll(async () => (await ann.pairing()).state).toBe('signed_in');
  expect(await page.evaluate('heard')).toEqual([]);
  await page.context().close();
});
