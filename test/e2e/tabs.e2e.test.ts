/** Many tabs of one practice system in one browser: real pages, real locks and channels, a real BFF. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemo, type Demo } from './support/demo.ts';
import {
  chooseAccount,
  control,
  newPerson,
  openBrowser,
  signIn,
  signInAtAlign,
  type Person,
} from './support/people.ts';

const TABS = 8;
const INBOXES = 2;
const PAIRS = 8;

/** What the elements of a tab told their page: which element, which order, when (ms since the epoch). */
interface Told {
  readonly element: number;
  readonly orderId: string;
  readonly at: number;
}

/** What runs in the page: the practice system's side of the events. */
const LISTEN = `
  window.told = [];
  document.addEventListener('itero-scan-received', (event) => {
    const element = [...document.querySelectorAll('itero-scan-inbox')].indexOf(event.target);
    window.told.push({ element, orderId: event.detail.orderId, at: Date.now() });
  });
`;
/** The page has them all before the elements' module runs, as a practice system would send it. */
const MORE = `
  document.addEventListener('readystatechange', () => {
    if (document.readyState !== 'interactive') return;
    for (let count = 1; count < ${INBOXES}; count++) document.body.append(document.createElement('itero-scan-inbox'));
    for (let count = 0; count < ${PAIRS}; count++) document.body.append(document.createElement('itero-pair'));
  });
`;

let demo: Demo;
let browser: Browser;
let keller: Person;
let context: BrowserContext;
const tabs: Page[] = [];
/** Requests for the stream, as the tab and the time. */
const asked: { page: Page; at: number }[] = [];
let names = 0;

async function openTab(): Promise<Page> {
  const page = await context.newPage();
  await page.addInitScript(LISTEN + MORE);
  await page.goto(`${demo.dpms}/scans`);
  const shown = page.locator('itero-scan-inbox').last().locator('li[data-id]').first();
  await shown.waitFor();
  await page.locator('itero-pair').last().getByText('Riverside Dental').first().waitFor();
  return page;
}

async function streams(): Promise<number> {
  const metrics = await (await fetch(`${demo.bff}/metrics`)).text();
  return Number(/^itero_streams_open (\d+)/m.exec(metrics)?.[1]);
}

async function scan(): Promise<void> {
  const patient = { firstName: 'Walk', lastName: `Inn ${++names}`, chartNumber: '' };
  await control(demo, 'accounts/1017/scan?wait=true', { patient });
}

const told = (page: Page): Promise<Told[]> => page.evaluate('window.told');

/** Every element of every tab has told of this many scans, each once, and all of the same in the same order. */
async function allTold(pages: readonly Page[], scans: number): Promise<Told[]> {
  await expect
    .poll(async () => Promise.all(pages.map(async (page) => (await told(page)).length)), { timeout: 60_000 })
    .toEqual(pages.map(() => scans * INBOXES));
  const all = await Promise.all(pages.map(told));
  const ofElement = all.flatMap((list) =>
    Array.from({ length: INBOXES }, (_, element) =>
      list.filter((one) => one.element === element).map(({ orderId }) => orderId),
    ),
  );
  for (const orders of ofElement) expect(orders).toEqual(ofElement[0]);
  expect(new Set(ofElement[0]).size).toBe(scans);
  return all.flat();
}

describe('eight tabs of one person', () => {
  beforeAll(async () => {
    [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
    keller = await newPerson(browser);
    ({ context } = keller);
    await signIn(keller, demo, 'keller@lindenhof.example');
    await signInAtAlign(keller, demo, 'adams@riverside.example');
    await chooseAccount(keller, 'Riverside Dental');
    await keller.page.goto('about:blank');
    context.on('request', (request) => {
      if (new URL(request.url()).pathname === '/v1/events')
        asked.push({ page: request.frame().page(), at: Date.now() });
    });
  });

  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  it('have one stream for their eighty elements', async () => {
    await expect.poll(streams).toBe(0);
    while (tabs.length < TABS) tabs.push(await openTab());
    await expect.poll(streams).toBe(1);
    const elements = await Promise.all(
      tabs.map((page) => page.evaluate<number>(`document.querySelectorAll('itero-scan-inbox, itero-pair').length`)),
    );
    expect(elements).toEqual(tabs.map(() => INBOXES + PAIRS));
    await scan();
    await allTold(tabs, 1);
    expect(await streams()).toBe(1);
    expect(asked).toHaveLength(1);
  });

  it('go on within two seconds when the one that has the stream closes, and no event is lost or doubled', async () => {
    const leader = asked.at(-1)?.page;
    if (!leader) throw new Error('nobody has the stream');
    const others = tabs.filter((page) => page !== leader);
    const before = { asked: asked.length, scans: (await told(leader)).length / INBOXES };
    let closedAt = 0;
    leader.once('close', () => (closedAt = Date.now()));
    // Scans arrive before, while and after it closes.
    await Promise.all([scan(), leader.close(), scan()]);
    await scan();
    await allTold(others, before.scans + 3);
    expect(asked).toHaveLength(before.asked + 1);
    const takenOver = (asked.at(-1)?.at ?? Infinity) - closedAt;
    expect(others).toContain(asked.at(-1)?.page);
    expect(takenOver).toBeLessThan(2_000);
    expect(await streams()).toBe(1);
    tabs.splice(tabs.indexOf(leader), 1);
  });

  it('share none with a tab that shows one patient, nor with the tabs of the next person at this computer', async () => {
    const chart = await context.newPage();
    await chart.goto(`${demo.dpms}/patients/p-1001`);
    await chart.locator('itero-scan-inbox').waitFor();
    await expect.poll(streams).toBe(2);
    await signIn({ ...keller, page: chart }, demo, 'rossi@lindenhof.example');
    await expect.poll(streams).toBe(1);
    await chart.goto(`${demo.dpms}/scans`);
    await expect.poll(streams).toBe(2);
    const names = await chart.evaluate<string[]>(
      `navigator.locks.query().then(({ held, pending }) => [...held, ...pending].map(({ name }) => name))`,
    );
    expect(new Set(names.filter((name) => name.startsWith('itero-stream'))).size).toBe(2);
    for (const name of names) expect(name).not.toMatch(/LH-\d|rossi|keller/);
    await chart.close();
    await expect.poll(streams).toBe(1);
  });

  it('leave no stream when the last one closes', async () => {
    await Promise.all(tabs.map((page) => page.close()));
    await expect.poll(streams).toBe(0);
  });

  it('complained about nothing', () => {
    expect(keller.complaints).toEqual([]);
  });
});
