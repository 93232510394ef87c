import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CHROMIUM_FLAGS, findChromium } from '../support/chromium.ts';
import { ADAMS, PASSWORD, authorizeUrl, orderOf, pairAs, sendRx, startAlign } from './support/practice-system.ts';
import type { Simulated } from './support/practice-system.ts';
import type { AlignCloud } from '../../demo/align-cloud/index.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
let simulated: Simulated;
let align: AlignCloud;
let page: Page;
let token: string;
let errors: string[];
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_FLAGS });
  simulated = await startAlign();
  align = simulated.align;
});
afterAll(async () => {
  await browser.close();
  await align.close();
});
beforeEach(async () => {
  align.reset();
  token = await pairAs(align, ADAMS, 1017);
  errors = [];
});
afterEach(async () => {
  await page.close();
  expect(errors).toEqual([]);
});

async function open(options: { width?: number; colorScheme?: 'light' | 'dark'; url?: string } = {}): Promise<void> {
  const { width = 1280, colorScheme = 'light', url = `${align.url}/console` } = options;
  page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  page.setDefaultTimeout(30_000);
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url);
}

interface Violation {
  id: string;
  nodes: { target: unknown; failureSummary?: string }[];
}

/** The page's own policy keeps scripts out, so axe comes in by the debugger. */
async function violations(): Promise<string[]> {
  await page.evaluate(AXE);
  const found = (await page.evaluate(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((r) => r.violations)",
  )) as Violation[];
  return found.map(({ id, nodes }) => `${id}: ${JSON.stringify(nodes[0])}`);
}

async function fillConsole(): Promise<void> {
  await sendRx(align, token);
  const { orderId, finished } = align.perform({ do: 'scan-without-rx', companyId: 1017 });
  await finished;
  align.perform({ do: 'export-settings', orderId: orderId! });
  align.faults.add({ on: 'getOrders', kind: 'status', status: 503 });
  await align.settled();
}

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test.each([360, 768, 1280])(
    'the console has no accessibility fault and no sideways scroll at %i px',
    async (width) => {
      await fillConsole();
      await open({ width, colorScheme });
      await page.getByRole('button', { name: /^Scan Ida Noor/ }).waitFor();
      for (const summary of await page.locator('summary').all()) await summary.click();
      expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      expect(await violations()).toEqual([]);
    },
  );

  test('sign-in and consent have no accessibility fault', async () => {
    await open({ width: 360, colorScheme, url: authorizeUrl(align) });
    expect(await violations()).toEqual([]);
    await page.getByLabel('Login').fill(ADAMS);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Allow access?' }).waitFor();
    expect(await violations()).toEqual([]);
  });
});

test('an RX appears by itself, is picked up and scanned by keyboard, and the case walks on', async () => {
  await open();
  await page.getByText('No open prescription').waitFor();
  const rxId = await sendRx(align, token);
  const pickUp = page.getByRole('button', { name: 'Pick up the prescription of Ida Noor' });
  await pickUp.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('Picked up').waitFor();
  const scan = page.getByRole('button', { name: 'Scan Ida Noor', exact: true });
  // The row was drawn anew under the person's fingers: focus stays in it.
  await expect.poll(() => scan.evaluate((node) => node.ownerDocument.activeElement === node)).toBe(true);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Send to modeling: Ida Noor' }).click();
  await page.getByRole('button', { name: 'Complete modeling: Ida Noor' }).click();
  await page.locator('#orders').getByText('Lab Review').waitFor();
  expect((await orderOf(align, token, rxId)).status).toBe('Lab Review');
});

test('a walk-in, export settings, the clock, a fault and a scenario are set by hand', async () => {
  await open();
  await page.getByText('Scan a patient without a prescription').click();
  await page.getByLabel('Last name', { exact: true }).fill('Walker');
  await page.getByLabel('Procedure').selectOption('Fixed Restorative');
  await page.locator('#walk-in').getByRole('button', { name: 'Scan' }).click();
  const row = page.locator('#orders li', { hasText: 'Walker' });
  await row.getByText('Export settings').click();
  await row.getByLabel('Format').selectOption('PLY');
  await row.getByRole('button', { name: 'Change' }).click();
  await row.getByText('iDE soon').waitFor();
  await page.getByRole('button', { name: '+120 s' }).click();
  await row.getByText('iDE', { exact: true }).waitFor();

  await page.getByText('Set a single fault').click();
  await page.locator('#fault-on').selectOption('scan');
  await page.locator('#fault-kind').selectOption('ide-absent');
  await page.getByLabel('Seconds', { exact: true }).fill('30');
  await page.getByRole('button', { name: 'Set fault' }).click();
  await page.getByText('scan: ide-absent').waitFor();
  expect(align.faults.list()).toMatchObject([{ on: 'scan', kind: 'ide-absent', seconds: 30, left: 1 }]);
  await page.getByLabel('Scenario').selectOption('Strict about 120 seconds');
  await page.getByRole('button', { name: 'Play' }).click();
  await expect.poll(() => align.flags.strict).toBe(true);
  await expect.poll(() => page.getByLabel(/^Strict/).isChecked()).toBe(true);
});

test('another clinic is chosen by arrow key, and is un-paired from elsewhere', async () => {
  await open();
  await page.getByRole('radio', { name: /Riverside Dental 3?1017|Riverside Dental1017/ }).focus();
  await page.keyboard.press('ArrowDown');
  await page.getByText('Nobody is paired with this clinic.').waitFor();
  await page.keyboard.press('ArrowUp');
  await page.getByRole('button', { name: 'Un-pair from elsewhere: Riverside Dental' }).click();
  await expect.poll(() => align.state.accounts.get(1017)?.paired.size).toBe(0);
});

test('a refused action is told in a sentence', async () => {
  await open();
  const size = page.getByLabel('Largest page of orders');
  await size.fill('500');
  await size.press('Enter');
  await size.blur();
  await page.getByRole('status').getByText('maxPageSize has a wrong value').waitFor();
  expect(align.flags.maxPageSize).toBe(100);
  await expect.poll(() => size.inputValue()).toBe('100');
  expect(errors.splice(0)).toEqual([expect.stringContaining('422')]);
});

test('names are text, whatever they hold', async () => {
  const patient = { firstName: '<img src=x onerror=alert(1)>', lastName: "O'Brien", chartNumber: '&amp;' };
  await sendRx(align, token, { patient });
  await open();
  await page.getByText('<img src=x onerror=alert(1)>').waitFor();
  await page.getByText('Chart &amp;').waitFor();
  expect(await page.locator('img').count()).toBe(0);
});
