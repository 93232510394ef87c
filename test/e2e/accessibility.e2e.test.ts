/** Every page of the demo in its real states, audited with axe; and the story told by keyboard alone. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit } from './support/audit.ts';
import { startDemo, type Demo } from './support/demo.ts';
import { focused, press, tabTo } from './support/keyboard.ts';
import { control, newPerson, openBrowser, signIn, type Person } from './support/people.ts';

let demo: Demo;
let browser: Browser;
let keller: Person;
let page: Page;

const inbox = () => page.locator('itero-scan-inbox');
const pair = () => page.locator('itero-pair');

async function follow(name: RegExp): Promise<Page> {
  await tabTo(page, name);
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.keyboard.press('Enter')]);
  return popup;
}

async function newestRx(): Promise<string> {
  const state = (await (await fetch(`${demo.align}/control/state`)).json()) as {
    rxs: { rxId: string; state: string }[];
  };
  return state.rxs.findLast((rx) => rx.state !== 'scanned')?.rxId ?? '';
}

describe('by keyboard alone, every page without a finding', () => {
  beforeAll(async () => {
    [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
    keller = await newPerson(browser);
    ({ page } = keller);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  it('the sign-in page, also after a wrong password', async () => {
    await page.goto(`${demo.dpms}/sign-in`);
    expect(await audit(page)).toEqual([]);
    await tabTo(page, /^input/);
    await page.keyboard.type('keller@lindenhof.example');
    await press(page, 'Tab');
    await page.keyboard.type('wrong');
    await press(page, 'Enter');
    await page.getByRole('alert').waitFor();
    expect(await audit(page)).toEqual([]);
  });

  it.each(['/', '/patients', '/patients/p-1005/plan', '/patients/p-1009/notes', '/patients/p-1007', '/scans'])(
    'the practice system before anything is connected: %s',
    async (path) => {
      if (path === '/') await signIn(keller, demo, 'keller@lindenhof.example');
      await page.goto(demo.dpms + path);
      const elements = page.locator('itero-scan-request, itero-scan-inbox');
      if ((await elements.count()) > 0)
        await elements
          .getByText(/not connected to iTero/)
          .first()
          .waitFor();
      expect(await audit(page)).toEqual([]);
    },
  );

  it('connecting: settings, our start page, Align’s sign-in and consent, the choice of the account', async () => {
    await page.goto(`${demo.dpms}/settings`);
    await pair().getByRole('button', { name: 'Connect to iTero' }).waitFor();
    expect(await audit(page)).toEqual([]);
    const popup = await follow(/Connect to iTero/);
    await popup.getByRole('link', { name: 'Continue to iTero' }).waitFor();
    await expect.poll(() => focused(page)).toContain('itero-pair');
    expect(await audit(page)).toEqual([]);
    expect(await audit(popup)).toEqual([]);
    await tabTo(popup, /Continue to iTero/);
    await popup.keyboard.press('Enter');
    await popup.getByRole('button', { name: /adams@/ }).waitFor();
    expect(await audit(popup)).toEqual([]);
    await tabTo(popup, /adams@/);
    await popup.keyboard.press('Enter');
    await popup.getByRole('button', { name: 'Allow' }).waitFor();
    expect(await audit(popup)).toEqual([]);
    await tabTo(popup, /Allow/);
    await Promise.all([popup.waitForEvent('close'), popup.keyboard.press('Enter')]);
    await page.getByRole('radio').first().waitFor();
    await expect.poll(() => focused(page)).toContain('itero-pair');
    expect(await audit(page)).toEqual([]);
    await tabTo(page, /^itero-pair input/);
    await page.keyboard.press('Space');
    await tabTo(page, /Connect this account/);
    await page.keyboard.press('Enter');
    await pair().getByText('Riverside Dental is connected.').waitFor();
    await expect.poll(() => focused(page)).toContain('itero-pair');
    await pair()
      .getByText(/3 cases/)
      .waitFor();
    expect(await audit(page)).toEqual([]);
  });

  it('the question before disconnecting: what it affects, focus inside, and back to its button', async () => {
    await tabTo(page, /Disconnect clinic/);
    await page.keyboard.press('Enter');
    const dialog = pair().getByRole('dialog', { name: 'Disconnect Riverside Dental from iTero?' });
    await dialog.getByText(/Signed out of iTero: Dr. Anna Keller/).waitFor();
    await expect.poll(() => focused(page)).toContain('Keep connected');
    expect(await audit(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => focused(page)).toContain('Disconnect clinic');
  });

  it('the form: faults lead to their field, teeth by arrow, by number on the chart and by typing', async () => {
    await page.goto(`${demo.dpms}/patients/p-1005`);
    await tabTo(page, /^itero-scan-request button "Send to scanner"/);
    await page.keyboard.press('Enter');
    await page.getByLabel('Procedure').waitFor();
    await expect.poll(() => focused(page)).toContain('itero-scan-request select');
    await tabTo(page, /^itero-scan-request button "Send to scanner"/);
    await page.keyboard.press('Enter');
    await page.getByText('Choose a procedure.').waitFor();
    await expect.poll(() => focused(page)).toContain('itero-scan-request select');
    expect(await audit(page)).toEqual([]);
    await page.keyboard.type('Fixed');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Chair');
    await page.keyboard.press('Tab');
    await expect.poll(() => focused(page)).toContain('Tooth 16');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    await page.keyboard.type('36');
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    const entry = page.getByLabel('Teeth by number');
    expect(await entry.inputValue()).toBe('15, 36');
    await page.keyboard.press('End');
    await page.keyboard.type(', 55');
    await press(page, 'Tab');
    await page.getByText(/“55” is a primary tooth/).waitFor();
    expect(await audit(page)).toEqual([]);
    await tabTo(page, /itero-tooth-chart input/, 'Shift+Tab');
    await press(page, 'Control+A');
    await page.keyboard.type('16, 26');
    await tabTo(page, /^itero-scan-request select "Choose … Alice/);
    await page.keyboard.type('Alice');
    expect(await audit(page)).toEqual([]);
    await tabTo(page, /^itero-scan-request button "Send to scanner"/);
    await page.keyboard.press('Enter');
    await page.getByText('Sent to the scanner', { exact: true }).waitFor();
    await expect.poll(() => focused(page)).toContain('Send to scanner');
    expect(await audit(page)).toEqual([]);
  });

  it('the scanner console with an open prescription', async () => {
    const bench = await keller.context.newPage();
    await bench.goto(`${demo.align}/console`);
    await bench.getByRole('button', { name: /^Pick up/ }).waitFor();
    expect(await audit(bench)).toEqual([]);
    await bench.close();
  });

  it('a scan that arrives is told aloud once, by name, and takes no focus', async () => {
    const rxId = await newestRx();
    await control(demo, `rx/${rxId}/pick-up`);
    await control(demo, `rx/${rxId}/scan?wait=true`);
    const said = inbox().getByRole('status').filter({ hasText: 'New scan received' });
    await said.waitFor();
    expect(await said.allTextContents()).toEqual([expect.stringContaining('Maximiliana Theodora')]);
    await expect.poll(() => focused(page)).toContain('Send to scanner');
    await expect.poll(() => inbox().locator('img.thumb').count()).toBe(6);
    expect(await audit(page)).toEqual([]);
  });

  it('pictures large: arrows, what is shown is told, focus back where it was', async () => {
    await tabTo(page, /Look at 6 pictures/);
    await page.keyboard.press('Enter');
    const dialog = inbox().getByRole('dialog');
    await dialog.getByText(/1 of 6/).waitFor();
    expect(await audit(page)).toEqual([]);
    await page.keyboard.press('ArrowRight');
    await dialog.getByText(/2 of 6/).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(() => focused(page)).toContain('Look at 6 pictures');
  });

  it('a case opened, its prescription, a download, and closed by Escape', async () => {
    await tabTo(page, /button "(?:Unread)?Fixed Restorative/);
    await page.keyboard.press('Enter');
    await inbox().getByRole('region', { name: 'Files' }).waitFor();
    await tabTo(page, /summary "Prescription"/);
    await page.keyboard.press('Enter');
    await inbox().getByText('Tooth 16').waitFor();
    expect(await audit(page)).toEqual([]);
    await tabTo(page, /Download iDE files/, 'Shift+Tab');
    const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    expect(file.suggestedFilename()).toMatch(/\.zip$/);
    await page.keyboard.press('Escape');
    await expect.poll(() => focused(page)).toContain('Fixed Restorative');
  });

  it('the clinic’s inbox with an unmatched case, and MyiTero', async () => {
    await control(demo, 'accounts/1017/scan?wait=true', {
      patient: { firstName: 'Walk', lastName: 'Inn', chartNumber: '' },
    });
    await page.goto(`${demo.dpms}/scans`);
    await inbox()
      .getByRole('button', { name: /Walk Inn/ })
      .click();
    await inbox()
      .getByText(/This scan was not requested here/)
      .waitFor();
    expect(await audit(page)).toEqual([]);
    const [myItero] = await Promise.all([
      page.waitForEvent('popup'),
      inbox()
        .getByRole('link', { name: /MyiTero/ })
        .first()
        .click(),
    ]);
    await myItero.getByRole('heading').first().waitFor();
    expect(await audit(myItero)).toEqual([]);
    await myItero.close();
  });

  it('“Where did my scan go?”: asked, found, nothing found, and back to its button', async () => {
    await page.goto(`${demo.dpms}/scans`);
    await tabTo(page, /button "Where did my scan go\?"/);
    await page.keyboard.press('Enter');
    const dialog = inbox().getByRole('dialog', { name: 'Where did my scan go?' });
    await dialog.getByRole('textbox').waitFor();
    await expect.poll(() => focused(page)).toContain('itero-scan-inbox input');
    expect(await audit(page)).toEqual([]);
    await page.keyboard.type('walk inn');
    await page.keyboard.press('Enter');
    await dialog.getByRole('heading', { level: 3 }).first().waitFor();
    expect(await audit(page)).toEqual([]);
    await press(page, 'Control+A');
    await page.keyboard.type('nobody');
    await page.keyboard.press('Enter');
    await dialog.getByRole('heading', { name: 'Nothing was found' }).waitFor();
    expect(await audit(page)).toEqual([]);
    await tabTo(page, /Search for something else/);
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toContain('itero-scan-inbox input');
    await press(page, 'Escape');
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(() => focused(page)).toContain('Where did my scan go?');
  });

  it('the ends of a sign-in: refused at consent, and a link that is over', async () => {
    const meier = await newPerson(browser);
    // The page that returns closes itself; here it has to stay to be looked at.
    await meier.context.addInitScript('window.close = () => undefined;');
    await signIn(meier, demo, 'meier@lindenhof.example');
    await meier.page.goto(`${demo.dpms}/settings`);
    const [popup] = await Promise.all([
      meier.page.waitForEvent('popup'),
      meier.page.getByRole('button', { name: 'Add my sign-in' }).click(),
    ]);
    await popup.getByRole('link', { name: 'Continue to iTero' }).click();
    await popup.getByRole('button', { name: /baker@/ }).click();
    await popup.getByRole('button', { name: 'Cancel' }).click();
    await popup.getByRole('heading', { name: 'The sign-in did not succeed' }).waitFor();
    expect(await audit(popup)).toEqual([]);
    await meier.page.getByText(/The sign-in at iTero was not completed/).waitFor();
    expect(await audit(meier.page)).toEqual([]);
    await popup.reload();
    await popup.getByRole('heading', { name: 'This sign-in is over' }).waitFor();
    expect(await audit(popup)).toEqual([]);
    await meier.context.close();
  });

  it('somebody’s un-pair elsewhere, seen in the chart and in the settings', async () => {
    await control(demo, 'accounts/1017/unpair');
    await page.goto(`${demo.dpms}/settings`);
    await pair()
      .getByText(/was disconnected from iTero somewhere else/)
      .waitFor({ timeout: 60_000 });
    expect(await audit(page)).toEqual([]);
    await page.goto(`${demo.dpms}/patients/p-1005`);
    await inbox()
      .getByText(/new scans do not arrive/)
      .waitFor();
    expect(await audit(page)).toEqual([]);
  });

  it('and the strict content policy was never hurt', () => {
    // The wrong password is the one answer that the browser may complain about.
    expect(keller.complaints.filter((words) => !words.includes('status of 401'))).toEqual([]);
  });
});
