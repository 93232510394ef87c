import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { CHROMIUM_FLAGS, findChromium } from '../../support/chromium.ts';
import type { Demo } from './demo.ts';

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_FLAGS });
}

/** Somebody at a screen. What the browser complained about and asked for is kept, to be looked at afterwards. */
export interface Person {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly complaints: string[];
  readonly urls: string[];
}

export async function newPerson(browser: Browser): Promise<Person> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' });
  context.setDefaultTimeout(45_000);
  const complaints: string[] = [];
  const urls: string[] = [];
  context.on('page', (page) => {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => urls.push(request.url()));
  });
  return { page: await context.newPage(), context, complaints, urls };
}

export async function signIn({ page }: Person, demo: Demo, email: string): Promise<void> {
  await page.goto(`${demo.dpms}/sign-in`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill('demo');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Schedule' }).waitFor();
}

/** Connects the clinic on the settings page, up to the account choice. */
export async function signInAtAlign({ page }: Person, demo: Demo, login: string): Promise<void> {
  await page.goto(`${demo.dpms}/settings`);
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Connect to iTero' }).click(),
  ]);
  await popup.getByRole('link', { name: 'Continue to iTero' }).click();
  await popup.getByRole('button', { name: new RegExp(login) }).click();
  await Promise.all([popup.waitForEvent('close'), popup.getByRole('button', { name: 'Allow' }).click()]);
}

export async function chooseAccount({ page }: Person, name: string): Promise<void> {
  await page.getByRole('radio', { name, exact: false }).first().check();
  await page.getByRole('button', { name: 'Connect this account' }).click();
  await page.getByText('Connected', { exact: true }).waitFor();
}

export interface RxWish {
  readonly procedure: string;
  readonly type?: string;
  readonly teeth?: readonly string[];
  readonly doctor: string;
}

/** Sends an RX from the open chart. */
export async function sendRx({ page }: Person, wish: RxWish): Promise<void> {
  await page.locator('itero-scan-request #open').click();
  await page.getByLabel('Procedure').selectOption({ label: wish.procedure });
  if (wish.type !== undefined) await page.getByLabel('Type', { exact: true }).selectOption({ label: wish.type });
  for (const tooth of wish.teeth ?? []) await page.getByRole('checkbox', { name: tooth }).click();
  await page.getByLabel('Doctor').selectOption({ label: wish.doctor });
  await page.locator('itero-scan-request #send').click();
}

/** The simulator's control API, for what happens away from the screens. */
export async function control(demo: Demo, path: string, body: unknown = {}): Promise<unknown> {
  const answer = await fetch(`${demo.align}/control/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`control/${path}: ${answer.status} ${text}`);
  return text === '' ? null : (JSON.parse(text) as unknown);
}

/** Ends every fault that was asked for. */
export async function clearFaults(demo: Demo): Promise<void> {
  const answer = await fetch(`${demo.align}/control/faults`, {
    method: 'DELETE',
    headers: { 'content-type': 'application/json' },
  });
  if (!answer.ok) throw new Error(`the faults were not cleared: ${answer.status}`);
}
