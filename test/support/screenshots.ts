/**
 * `npm run screenshots`: lives the story in a real browser on full-size cases and writes docs/screenshots/*.png.
 * `--all <folder>` takes every picture at every width and in both colour schemes, into that folder.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { startDemo, type Demo } from '../e2e/support/demo.ts';
import {
  chooseAccount,
  clearFaults,
  control,
  newPerson,
  openBrowser,
  sendRx,
  signIn,
  type Person,
} from '../e2e/support/people.ts';

type Scheme = 'light' | 'dark';
interface Look {
  readonly width: number;
  readonly scheme: Scheme;
}

const HEIGHTS: Readonly<Record<number, number>> = { 360: 780, 768: 1024, 1280: 860 };
const EVERY_LOOK: readonly Look[] = Object.keys(HEIGHTS).flatMap((width) =>
  (['light', 'dark'] as const).map((scheme) => ({ width: Number(width), scheme })),
);
const wide: Look = { width: 1280, scheme: 'light' };
const wideDark: Look = { width: 1280, scheme: 'dark' };
const tablet: Look = { width: 768, scheme: 'light' };
const phone: Look = { width: 360, scheme: 'light' };
const phoneDark: Look = { width: 360, scheme: 'dark' };

const everything = process.argv.indexOf('--all');
const all = everything > 0;
const folder = all
  ? (process.argv[everything + 1] ?? stopWith('--all needs a folder.'))
  : fileURLToPath(new URL('../../docs/screenshots', import.meta.url));

function stopWith(message: string): never {
  console.error(message);
  process.exit(1);
}

/** The page as it stands, once for each look; pictures are waited for, nothing moves. */
async function shoot(page: Page, name: string, looks: readonly Look[]): Promise<void> {
  for (const { width, scheme } of all ? EVERY_LOOK : looks) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: HEIGHTS[width] ?? 800 });
    await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined); // the stream never ends
    await page.evaluate(DRAWN);
    const suffix = `${width}${scheme === 'dark' ? '-dark' : ''}`;
    await page.screenshot({ path: join(folder, `${name}-${suffix}.png`), animations: 'disabled', caret: 'hide' });
    console.log(`${name}-${suffix}.png`);
  }
  await page.setViewportSize({ width: 1280, height: 860 });
}

/** Runs in the page: every picture in view, in shadow roots too, is there and painted. One scrolled out of its list never comes. */
const DRAWN = `(async () => {
  const roots = [document];
  for (const root of roots) for (const element of root.querySelectorAll('*')) if (element.shadowRoot) roots.push(element.shadowRoot);
  const inView = (image) => image.getBoundingClientRect().top < innerHeight && image.checkVisibility();
  const images = roots.flatMap((root) => [...root.querySelectorAll('img')]).filter(inView);
  const late = new Promise((done) => setTimeout(done, 15000));
  await Promise.race([late, Promise.all(images.map((image) => image.decode().catch(() => undefined)))]);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
})()`;

async function connect({ page }: Person, demo: Demo): Promise<void> {
  await page.goto(`${demo.dpms}/settings`);
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Connect to iTero' }).click(),
  ]);
  await popup.getByRole('link', { name: 'Continue to iTero' }).waitFor();
  if (all) await shoot(popup, 'sign-in-start', []);
  await popup.getByRole('link', { name: 'Continue to iTero' }).click();
  await popup.getByRole('button', { name: /adams@/ }).click();
  await Promise.all([popup.waitForEvent('close'), popup.getByRole('button', { name: 'Allow' }).click()]);
  await page.getByRole('radio').first().check();
  await shoot(page, 'pairing-choose', [wide]);
  await chooseAccount({ page } as Person, 'Riverside Dental');
  await page.getByText(/3 cases/).waitFor();
  await shoot(page, 'pairing-connected', [phoneDark]);
}

async function send(dentist: Person): Promise<void> {
  const { page } = dentist;
  await page.locator('itero-scan-request #open').click();
  await page.getByLabel('Procedure').selectOption({ label: 'Fixed Restorative' });
  await page.getByLabel('Type', { exact: true }).selectOption({ label: 'Chair Side Milling' });
  await page.getByRole('checkbox', { name: 'Tooth 16, upper right first molar' }).click();
  await page.getByLabel('Restoration').selectOption({ label: 'Crown' });
  await page.getByLabel('Shade').selectOption({ label: 'A2' });
  await page.getByLabel('Doctor').selectOption({ label: 'Alice Adams' });
  await page.getByText(/known here under this chart number/i).waitFor();
  await page.evaluate('document.activeElement.blur(), scrollTo(0, 0)');
  await shoot(page, 'request-form', [tablet, phone]);
  await page.locator('itero-scan-request #send').click();
  await page.getByText('Sent to the scanner', { exact: true }).waitFor();
}

/** Other patients' cases, among them names that break layouts, one further on in its flow and one without any RX. */
async function fillClinic(dentist: Person, demo: Demo): Promise<void> {
  for (const [patient, procedure, type] of [
    ['p-1005', 'Study Model/iRecord', 'Study Model'],
    ['p-1006', 'Invisalign | Vivera', 'Invisalign'],
  ] as const) {
    await dentist.page.goto(`${demo.dpms}/patients/${patient}`);
    await sendRx(dentist, { procedure, type, doctor: 'Björn Baker' });
    await dentist.page.getByText('Sent to the scanner', { exact: true }).waitFor();
    await scanOpenRx(demo);
    await dentist.page.getByText('1 scan', { exact: true }).waitFor({ timeout: 60_000 });
    if (all) await shoot(dentist.page, `chart-${patient}`, []);
  }
  await control(demo, 'accounts/1017/scan?wait=true', {
    patient: { firstName: 'Walk', lastName: 'Inn', chartNumber: '' },
  });
}

interface Simulated {
  readonly rxs: readonly { readonly rxId: string; readonly state: string }[];
}

async function scanOpenRx(demo: Demo): Promise<void> {
  const { rxs } = (await (await fetch(`${demo.align}/control/state`)).json()) as Simulated;
  const open = rxs.findLast((rx) => rx.state !== 'scanned') ?? stopWith('No prescription is open at the simulator.');
  await control(demo, `rx/${open.rxId}/pick-up`);
  await control(demo, `rx/${open.rxId}/scan?wait=true`);
}

/** What happens when something is lost: a notification, an iDE, a scan that somebody looks for. */
async function loseThings(dentist: Person, demo: Demo): Promise<void> {
  const { page } = dentist;
  const inbox = page.locator('itero-scan-inbox');
  await control(demo, 'faults', { on: 'notification', kind: 'drop', times: 'always' });
  await control(demo, 'accounts/1017/scan?wait=true', {
    patient: { firstName: 'Petra', lastName: 'Lindqvist', chartNumber: 'LH-10500' },
  });
  await inbox.locator('bdi', { hasText: 'Petra Lindqvist' }).first().waitFor({ timeout: 60_000 });
  await inbox.getByRole('button', { name: 'Where did my scan go?' }).click();
  await page.keyboard.type('petra lindqvist');
  await page.keyboard.press('Enter');
  await inbox.getByRole('dialog').getByRole('heading', { level: 3 }).first().waitFor();
  await shoot(page, 'where', [wide, phone]);
  await page.goto(`${demo.dpms}/settings`);
  await page.getByText(/[1-9]\d* recovered/).waitFor();
  await page.getByText('What these numbers mean').click();
  await shoot(page, 'ledger', [wide]);
  await clearFaults(demo);

  await control(demo, 'faults', { on: 'scan', kind: 'ide-absent' });
  await page.goto(`${demo.dpms}/patients/p-1003`);
  await sendRx(dentist, { procedure: 'Study Model/iRecord', type: 'Study Model', doctor: 'Alice Adams' });
  await page.getByText('Sent to the scanner', { exact: true }).waitFor();
  await inbox.getByRole('button', { name: 'Where did my scan go?' }).first().click();
  await inbox.getByRole('dialog').getByRole('heading', { level: 3 }).first().waitFor();
  await shoot(page, 'where-never-opened', [tablet, wideDark]);
  await page.keyboard.press('Escape');
  await scanOpenRx(demo);
  await inbox.getByText('1 scan', { exact: true }).waitFor({ timeout: 60_000 });
  await inbox.getByRole('button', { name: /Study Model/ }).click();
  await inbox.getByText('The iDE files are missing.').waitFor({ timeout: 60_000 });
  await page.evaluate('document.activeElement.blur()');
  await shoot(page, 'missing-file', [tablet]);
  await inbox.getByRole('button', { name: 'Where did my scan go?' }).click();
  await inbox.getByRole('dialog').getByRole('heading', { level: 3 }).first().waitFor();
  if (all) await shoot(page, 'where-files-missing', []);
}

async function takeAll(dentist: Person, demo: Demo): Promise<void> {
  const { page } = dentist;
  const inbox = page.locator('itero-scan-inbox');
  await signIn(dentist, demo, 'keller@lindenhof.example');
  await connect(dentist, demo);
  await fillClinic(dentist, demo);

  await page.goto(`${demo.dpms}/patients/p-1001`);
  await send(dentist);
  const bench = await dentist.context.newPage();
  await bench.goto(`${demo.align}/console`);
  await bench.getByRole('button', { name: /^Pick up/ }).waitFor();
  await shoot(bench, 'scanner-console', [wide]);
  await bench.close();
  await scanOpenRx(demo);
  await inbox.getByText('1 scan', { exact: true }).waitFor({ timeout: 60_000 });
  await shoot(page, 'chart', [wide, wideDark, phoneDark]);

  await inbox.getByRole('button', { name: /Fixed Restorative/ }).click();
  await inbox.getByRole('link', { name: /Download iDE files/ }).waitFor();
  await page.evaluate('document.activeElement.blur()');
  await shoot(page, 'scan-detail', [tablet]);
  await inbox.getByRole('button', { name: /Enlarge: Upper arch/ }).click();
  await inbox.getByRole('dialog').waitFor();
  await shoot(page, 'lightbox', [wide]);
  await page.keyboard.press('Escape');

  await page.goto(`${demo.dpms}/scans`);
  await inbox.getByText('Walk Inn').waitFor();
  await shoot(page, 'clinic-inbox', [wide, phoneDark]);
  await loseThings(dentist, demo);
}

mkdirSync(folder, { recursive: true });
const [demo, browser] = await Promise.all([
  startDemo({ DEMO_DETAIL: 'full', DEMO_DATA: `data/screenshots-${process.pid}` }),
  openBrowser(),
]);
try {
  await takeAll(await newPerson(browser), demo);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
  await demo.stop();
}
