/** The story of issue 2, as people live it: real processes, a real browser, a real database. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { PLYLoader } from 'three/examples/jsm/loaders/PLYLoader.js';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startDemo, type Demo } from './support/demo.ts';
import {
  chooseAccount,
  clearFaults,
  control,
  newPerson,
  openBrowser,
  sendRx,
  signIn,
  signInAtAlign,
  type Person,
} from './support/people.ts';
import { focused, press, tabTo } from './support/keyboard.ts';

let demo: Demo;
let browser: Browser;
let keller: Person;
let orderId: string;

const downloads = mkdtempSync(join(tmpdir(), 'itero-e2e-'));
const inbox = (person: Person) => person.page.locator('itero-scan-inbox');
const requests = (person: Person) => person.page.locator('itero-scan-request');

async function download(person: Person, name: RegExp): Promise<string> {
  const [file] = await Promise.all([
    person.page.waitForEvent('download'),
    person.page.getByRole('link', { name }).click(),
  ]);
  const path = join(downloads, file.suggestedFilename());
  await file.saveAs(path);
  return path;
}

/** Moves the case on at the console, as the lab would. */
async function move(button: string): Promise<void> {
  const bench = await keller.context.newPage();
  await bench.goto(`${demo.align}/console`);
  const step = bench.getByRole('button', { name: new RegExp(`^${button}: .*Brunner`) });
  await step.click();
  await step.waitFor({ state: 'detached' });
  await bench.close();
}

/** Opens "Where did my scan go?" by keyboard, and waits for its part: what is typed before goes nowhere. */
async function askWhere(key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await tabTo(keller.page, /button "Where did my scan go\?"/, key);
  await press(keller.page, 'Enter');
  await inbox(keller).getByRole('dialog').getByRole('textbox').waitFor();
  await expect.poll(() => focused(keller.page)).toContain('itero-scan-inbox input');
}

describe('from "Send to scanner" to a picture in the patient record', () => {
  beforeAll(async () => {
    [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
    keller = await newPerson(browser);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  afterEach(async ({ task }) => {
    // What the dentist saw when it failed says more than a stack.
    if (task.result?.state === 'fail')
      await keller.page.screenshot({ path: join(tmpdir(), `e2e-${task.id}.png`), fullPage: true });
  });

  it('a dentist connects the clinic and sees who is paired', async () => {
    await signIn(keller, demo, 'keller@lindenhof.example');
    await signInAtAlign(keller, demo, 'adams@riverside.example');
    const radios = keller.page.getByRole('radio');
    await radios.first().waitFor();
    expect(await radios.count()).toBe(3);
    expect(await keller.page.getByRole('radio', { name: /Harbor Dental/ }).isDisabled()).toBe(true);
    await chooseAccount(keller, 'Riverside Dental');
    await keller.page.locator('itero-pair').getByText('Dr. Anna Keller').waitFor();
    await keller.page.getByText(/3 cases, 0 by notification, 3 from before/).waitFor();
  });

  it('she sends an RX from the chart and sees it open', async () => {
    await keller.page.goto(`${demo.dpms}/patients/p-1001`);
    await sendRx(keller, {
      procedure: 'Fixed Restorative',
      type: 'Chair Side Milling',
      teeth: ['Tooth 16, upper right first molar'],
      doctor: 'Alice Adams',
    });
    await requests(keller).getByText('Sent to the scanner', { exact: true }).waitFor();
    await requests(keller)
      .getByText(/by Dr\. Anna Keller/)
      .waitFor();
  });

  it('picked up and scanned at the scanner, the case appears without a reload, with six pictures', async () => {
    const scanner = await keller.context.newPage();
    await scanner.goto(`${demo.align}/console`);
    await scanner.getByRole('button', { name: /^Pick up/ }).click();
    await scanner.getByRole('button', { name: /^Scan .*Brunner/ }).click();
    await inbox(keller).getByText('1 scan', { exact: true }).waitFor();
    const pictures = inbox(keller).locator('img');
    await expect.poll(() => pictures.count()).toBe(6);
    const widths = (): Promise<number[]> =>
      pictures.evaluateAll((images) =>
        images.map((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
      );
    await expect.poll(widths).toEqual([320, 320, 320, 320, 320, 320]);
    await requests(keller).getByText('Scanned', { exact: true }).waitFor();
    orderId =
      /Order (\d+)/.exec(
        (await inbox(keller)
          .getByText(/Order \d+/)
          .first()
          .textContent()) ?? '',
      )?.[1] ?? '';
    expect(orderId).toMatch(/^\d{8,9}$/);
    await scanner.close();
  });

  it('she opens a picture large and goes through them by keyboard', async () => {
    await inbox(keller)
      .getByRole('button', { name: /Look at 6 pictures/ })
      .click();
    const dialog = inbox(keller).getByRole('dialog');
    const large = dialog.locator('img').first();
    await expect
      .poll(() => large.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth))
      .toBe(1920);
    await dialog.getByText('1 of 6', { exact: false }).waitFor();
    await keller.page.keyboard.press('ArrowRight');
    await dialog.getByText('2 of 6', { exact: false }).waitFor();
    await keller.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });

  it('the iDE zip opens with unzip and holds meshes that a viewer reads; the screen captures come too', async () => {
    await inbox(keller)
      .getByRole('button', { name: /Fixed Restorative/ })
      .click();
    const ide = await download(keller, /Download iDE files/);
    expect(execFileSync('unzip', ['-t', ide], { encoding: 'utf8' })).toContain('No errors detected');
    const files = unzipSync(new Uint8Array(readFileSync(ide)));
    const upper = Object.keys(files).find((name) => name.includes(`upper_jaw_with_ditch_${orderId}`)) ?? '';
    const bytes = files[upper];
    if (bytes === undefined) throw new Error(`no upper jaw in ${Object.keys(files).join(', ')}`);
    const mesh = new PLYLoader().parse(new Uint8Array(bytes).buffer);
    expect(mesh.getAttribute('position').count).toBeGreaterThan(2000);
    const captures = unzipSync(new Uint8Array(readFileSync(await download(keller, /Download screen captures/))));
    expect(Object.keys(captures).length).toBeGreaterThanOrEqual(2);
  });

  it('through modeling and rescan, status, history and files change in the open chart', async () => {
    const history = inbox(keller).getByRole('region', { name: 'History' });
    await move('Send to modeling');
    await inbox(keller).getByText('iTero Modeling').first().waitFor();
    await move('Complete modeling');
    await inbox(keller).getByText('Lab Review').first().waitFor();
    await move('Send back for a rescan');
    await inbox(keller).getByText('Scanning', { exact: true }).first().waitFor();
    await move('Complete rescan');
    await expect
      .poll(async () => (await history.getByRole('listitem').allTextContents()).length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(5);
    const told = (await history.getByRole('listitem').allTextContents()).join(' ');
    for (const status of ['Completed', 'iTero Modeling', 'Lab Review', 'Scanning']) expect(told).toContain(status);
    expect(told).toContain('told by iTero');
    expect(told).toContain('found by the regular check');
  });

  it('a scan without any RX stands in the clinic’s unmatched tray', async () => {
    await control(demo, 'accounts/1017/scan?wait=true', {
      patient: { firstName: 'Walk', lastName: 'Inn', chartNumber: '' },
    });
    await keller.page.goto(`${demo.dpms}/scans`);
    await inbox(keller).locator('.mark', { hasText: 'Unmatched' }).first().waitFor();
    await inbox(keller).getByText('Walk Inn').waitFor();
  });

  it('a scan whose notification was lost is recovered by the regular check, and the ledger says so', async () => {
    await control(demo, 'faults', { on: 'notification', kind: 'drop', times: 'always' });
    await control(demo, 'accounts/1017/scan?wait=true', {
      patient: { firstName: 'Lost', lastName: 'Notice', chartNumber: '' },
    });
    await inbox(keller).locator('bdi', { hasText: 'Lost Notice' }).first().waitFor({ timeout: 60_000 });
    await clearFaults(demo);
    await inbox(keller)
      .getByText(/\d+ cases, .* 3 from before, [1-9]\d* recovered, checked \d\d:\d\d/)
      .waitFor();
    await keller.page.goto(`${demo.dpms}/settings`);
    const line = keller.page.locator('itero-pair').getByText(/\d+ cases, .* recovered, checked/);
    await line.waitFor();
    const [cases, ...parts] = ((await line.textContent()) ?? '').match(/\d+(?= (case|by|from|recovered))/g) ?? [];
    expect(parts.reduce((sum, part) => sum + Number(part), 0)).toBe(Number(cases));
    await keller.page.getByText('What these numbers mean').click();
    await keller.page.getByText('found it: it came later, and was not lost').waitFor();
  });

  it('asked by keyboard where a scan went, the inbox finds it by name and opens it', async () => {
    await keller.page.goto(`${demo.dpms}/scans`);
    await askWhere();
    await keller.page.keyboard.type('lost notice');
    await press(keller.page, 'Enter');
    await inbox(keller).getByRole('heading', { name: 'It is here.' }).first().waitFor();
    await tabTo(keller.page, /button "Open the case"/);
    await press(keller.page, 'Enter');
    await inbox(keller).getByRole('region', { name: 'Lost Notice' }).waitFor();
    await expect.poll(() => focused(keller.page)).toMatch(/itero-scan-inbox button "Lost Notice/);
    await askWhere('Shift+Tab');
    await keller.page.keyboard.type('Nobody Knows-Them');
    await press(keller.page, 'Enter');
    await inbox(keller).getByRole('heading', { name: 'Nothing was found here.' }).waitFor();
    await press(keller.page, 'Escape');
    await expect.poll(() => focused(keller.page)).toMatch(/button "Where did my scan go\?"/);
  });

  it('a missing iDE says what to do, with details for support that name no patient', async () => {
    await keller.page.goto(`${demo.dpms}/patients/p-1005`);
    await sendRx(keller, { procedure: 'Study Model/iRecord', type: 'Study Model', doctor: 'Alice Adams' });
    await requests(keller).getByText('Sent to the scanner', { exact: true }).waitFor();
    await inbox(keller).getByRole('button', { name: 'Where did my scan go?' }).first().click();
    await inbox(keller).getByRole('heading', { name: 'it has not been opened on the scanner yet' }).waitFor();
    await press(keller.page, 'Escape');
    await control(demo, 'faults', { on: 'scan', kind: 'ide-absent' });
    await control(demo, 'rx/open/pick-up');
    await control(demo, 'rx/open/scan?wait=true');
    await inbox(keller).getByText('1 scan', { exact: true }).waitFor({ timeout: 60_000 });
    await inbox(keller)
      .getByRole('button', { name: /Study Model/ })
      .click();
    await keller.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await inbox(keller).getByRole('button', { name: 'Copy support details' }).click();
    await inbox(keller).getByText('Copied.').waitFor();
    const details = await keller.page.evaluate<string>('navigator.clipboard.readText()');
    expect(details).toMatch(/Account number: 1017\nOrder number: \d+/);
    expect(details).toMatch(/iDE files: (waiting|missing)/);
    expect(details).toMatch(/Request ids: req_/);
    const heading = (await keller.page.locator('.band').textContent()) ?? '';
    const patient = [...heading.matchAll(/\p{Lu}[\p{L}’'-]{3,}|LH-\d+/gu)].map(([word]) => word);
    expect(patient.length).toBeGreaterThan(2);
    expect(patient.filter((word) => !['Chart', 'Born', 'Phone'].includes(word) && details.includes(word))).toEqual([]);
    await clearFaults(demo);
  });

  it('an assistant without an Align login sends an RX through the dentist’s', async () => {
    const rossi = await newPerson(browser);
    await signIn(rossi, demo, 'rossi@lindenhof.example');
    await rossi.page.goto(`${demo.dpms}/patients/p-1003`);
    await sendRx(rossi, { procedure: 'Study Model/iRecord', type: 'Study Model', doctor: 'Alice Adams' });
    await requests(rossi).getByText('Sent to the scanner', { exact: true }).waitFor();
    await requests(rossi)
      .getByText(/Giulia Rossi.*Dr\. Anna Keller/s)
      .waitFor();
    await rossi.context.close();
  });

  it('the second clinic sees none of it', async () => {
    const osei = await newPerson(browser);
    await signIn(osei, demo, 'osei@harbour.example');
    await osei.page.goto(`${demo.dpms}/settings`);
    await osei.page.getByRole('button', { name: 'Connect to iTero' }).waitFor();
    await osei.page.goto(`${demo.dpms}/patients/p-2003`);
    await osei.page.locator('itero-scan-inbox').waitFor();
    expect(await osei.page.locator('itero-scan-inbox img').count()).toBe(0);
    // Same session, asked directly: the order does not exist for this clinic, nor does the dentist's chart.
    const answers = await osei.page.evaluate(
      async ([bff, order]) => {
        const ask = (body: unknown) =>
          fetch('/itero/session', {
            method: 'POST',
            headers: { 'content-type': 'application/json', 'x-itero-embed': '1' },
            body: JSON.stringify(body),
          });
        const stranger = await ask({ chartNumber: 'LH-10432', components: ['scan_inbox'], reason: 'start' });
        const session = (await (await ask({ components: ['scan_inbox'], reason: 'start' })).json()) as {
          session_token: string;
        };
        const headers = { authorization: `Bearer ${session.session_token}` };
        const known = await fetch(`${bff}/v1/scans/${order}`, { headers });
        const unknown = await fetch(`${bff}/v1/scans/111111111`, { headers });
        const body = async (answer: Response): Promise<unknown> => ({
          ...((await answer.json()) as object),
          requestId: '',
        });
        return {
          stranger: stranger.status,
          known: known.status,
          same: JSON.stringify(await body(known)) === JSON.stringify(await body(unknown)),
        };
      },
      [demo.bff, orderId] as const,
    );
    expect(answers).toEqual({ stranger: 403, known: 404, same: true });
    await osei.context.close();
  });

  it('no patient stood in any address, and the strict content policy was never hurt', () => {
    const addresses = keller.urls.map((url) => decodeURIComponent(url));
    expect(addresses.length).toBeGreaterThan(50);
    expect(addresses.filter((url) => /Mara|Brunner|LH-10432|1987-04-19|Notice|Nobody/.test(url))).toEqual([]);
    expect(keller.complaints).toEqual([]);
  });
});
