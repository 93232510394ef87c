import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { build } from 'vite';
import { CHROMIUM_FLAGS, findChromium } from '../../support/chromium.ts';
import { interleave, median, toFigure, type Line } from '../figures.ts';
import { freshDirectory, type Effort } from '../setting.ts';

const SOURCE = fileURLToPath(new URL('../page', import.meta.url));

export async function inbox({ rounds }: Effort): Promise<Line[]> {
  const directory = freshDirectory();
  await build({
    configFile: false,
    root: SOURCE,
    base: './',
    logLevel: 'error',
    build: {
      outDir: directory,
      emptyOutDir: false,
      target: 'es2023',
      rolldownOptions: { input: { ours: join(SOURCE, 'ours.html'), peer: join(SOURCE, 'peer.html') } },
    },
  });
  const server = await serveFolder(directory);
  const browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_FLAGS });
  try {
    return await measure(browser, server.url, rounds);
  } finally {
    await browser.close();
    server.close();
  }
}

async function measure(browser: Browser, url: string, rounds: number): Promise<Line[]> {
  const paint = (page: string, kind: string) => () =>
    visit(browser, `${url}/${page}.html`, (open) => open.evaluate<number>(`bench.paint('${kind}')`));
  // The first visit of all compiles and fetches.
  await paint('ours', '')();
  await paint('peer', 'same')();
  const first = await interleave(rounds, paint('ours', ''), paint('peer', 'same'));
  const text: number[] = [];
  for (let round = 0; round < rounds; round += 1) text.push(await paint('peer', 'text')());
  const full = await visit(browser, `${url}/ours.html`, async (page) => {
    await page.evaluate(`bench.paint('')`);
    const nodes = await page.evaluate<{ elements: number; all: number }>('bench.loadAll()');
    const arrival = await page.evaluate<{ fromAnswer: number; fromEvent: number }>('bench.arrive()');
    return { nodes, arrival };
  });
  return [
    toFigure({
      what: 'inbox of 10,000 scans: first paint',
      unit: 'ms',
      ours: first.ours,
      peer: { name: 'lit-virtualizer', value: first.peer },
      atMost: 1.3,
      note:
        'until the first painted frame that rows fill (600 px). Ours: the whole element, session, first page of 50 and ' +
        'stream from a double of the BFF in the page. lit-virtualizer: all scans in memory, our row template and styles, ' +
        `nothing else; with one line of plain text for a row ${median(text).toFixed(0)} ms.`,
    }),
    toFigure({
      what: 'the same, all 10,000 listed: nodes',
      unit: 'elements',
      ours: full.nodes.elements,
      atMost: 800,
      note: `shadow root included, after scrolling through all pages and back to the top; ${full.nodes.all} with texts and comments.`,
    }),
    toFigure({
      what: 'the same: one new scan at the top',
      unit: 'ms',
      ours: full.arrival.fromAnswer,
      atMost: 30,
      note:
        'from the answer that holds it to the painted row, waiting for the frame included; from the event ' +
        `${full.arrival.fromEvent.toFixed(0)} ms, of which 60 ms gather the events of one moment.`,
    }),
  ];
}

/** Each visit is a new browser profile: nothing kept, nothing warm but the process. */
async function visit<T>(browser: Browser, url: string, work: (page: Page) => Promise<T>): Promise<T> {
  const context = await browser.newContext({ viewport: { width: 900, height: 800 } });
  try {
    const page = await context.newPage();
    const fault = new Promise<never>((_, reject) => page.once('pageerror', reject));
    fault.catch(() => undefined);
    await page.goto(url, { waitUntil: 'load' });
    await page.waitForFunction('window.bench');
    return await Promise.race([work(page), fault]);
  } finally {
    await context.close();
  }
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

function serveFolder(directory: string): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    readFile(join(directory, path)).then(
      (file) => response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'text/plain' }).end(file),
      () => response.writeHead(404).end(),
    );
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ url: `http://127.0.0.1:${port}`, close: () => server.closeAllConnections() });
    });
  });
}
