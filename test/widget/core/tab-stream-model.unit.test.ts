import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventStream } from '../../../widget/core/stream.ts';
import { openTabStream } from '../../../widget/core/tab-stream.ts';
import fc from '../../support/fast-check.ts';
import { FakeBrowser, type FakeTab } from './fake-browser.ts';
import { FakeStreamServer } from './fake-stream-server.ts';

/** Whatever tabs, people and servers do, in any order. */
const STEPS = [
  'open',
  'close',
  'crash',
  'hang',
  'go on',
  'freeze',
  'resume',
  'hide',
  'show',
  'event',
  'server stops',
  'server starts',
  'session fails',
  'session is back',
  'session waits',
  'session comes',
] as const;
type Step = readonly [what: (typeof STEPS)[number], which: number, then: number];

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom(...STEPS, 'event', 'event', 'open'),
  fc.nat(7),
  fc.constantFrom(0, 0, 1, 20, 300, 1_500, 8_000),
);

/** A tab as its elements see it: what they loaded when the stream stood, and what they were told since. */
class Reader {
  readonly told: string[] = [];
  /** Everything up to this event was loaded. */
  loaded = -1;
  readonly tab: FakeTab;
  readonly stream: EventStream;

  constructor(browser: FakeBrowser, server: FakeStreamServer) {
    this.tab = browser.newTab();
    const load = (): void => {
      this.loaded = server.last;
    };
    this.stream = this.tab.run(() =>
      openTabStream({
        transport: server.transport,
        group: 'g',
        event: (event) => ('id' in event ? this.told.push(event.id) : load()),
        opened: (resumed) => resumed || load(),
        failed: () => undefined,
      }),
    );
  }

  close(): void {
    this.tab.run(() => this.stream.close());
  }

  missing(last: number): number[] {
    const known = new Set(this.told.map(Number));
    return Array.from({ length: last - this.loaded }, (_, index) => this.loaded + 1 + index).filter(
      (id) => !known.has(id),
    );
  }
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

async function live(steps: readonly Step[]): Promise<void> {
  const browser = new FakeBrowser();
  const server = new FakeStreamServer();
  const all: Reader[] = [];
  let readers: Reader[] = [];
  const isOpen = ({ tab }: Reader): boolean => !tab.dead;

  const act: Record<Step[0], (reader: Reader | undefined) => void> = {
    open: () => {
      if (readers.length < 8) all.push(new Reader(browser, server));
      readers = [...readers, ...all.slice(-1)].filter((one, index, list) => list.indexOf(one) === index);
    },
    close(reader) {
      reader?.tab.goOn();
      reader?.close();
      readers = readers.filter((one) => one !== reader);
    },
    crash(reader) {
      reader?.tab.crash();
      readers = readers.filter(isOpen);
    },
    hang: (reader) => reader?.tab.hang(),
    'go on': (reader) => reader?.tab.goOn(),
    freeze: (reader) => reader?.tab.freeze(),
    resume: (reader) => reader?.tab.resume(),
    hide: (reader) => reader?.tab.show(false),
    show: (reader) => reader?.tab.show(true),
    event: () => server.push(),
    'server stops': () => server.stop(),
    'server starts': () => server.start(),
    'session fails': (reader) =>
      reader && server.refuse(reader.tab, { code: 'offline', displayMessage: '', retryable: true }),
    'session is back': (reader) => reader && server.refuse(reader.tab, undefined),
    'session waits': (reader) => reader && server.endSession(reader.tab),
    'session comes': (reader) => reader && server.giveSession(reader.tab),
  };

  for (const [what, which, then] of steps) {
    act[what](readers[which % Math.max(1, readers.length)]);
    await pass(then);
  }
  // All is well again, and somebody looks at each tab.
  server.start();
  for (const { tab } of readers) {
    server.refuse(tab, undefined);
    server.giveSession(tab);
    tab.goOn();
    tab.resume();
    tab.show(true);
  }
  await pass(70_000);
  server.push();
  await pass(1_000);
  const told = readers.map((reader) => ({
    missing: reader.missing(server.last),
    twice: reader.told.filter((id, index) => reader.told.indexOf(id) !== index),
    inOrder: reader.told.every((id, index) => index === 0 || Number(reader.told[index - 1]) < Number(id)),
  }));
  expect(told).toEqual(readers.map(() => ({ missing: [], twice: [], inOrder: true })));
  expect(server.open).toBe(readers.length > 0 ? 1 : 0);

  for (const reader of readers) reader.close();
  server.close();
  await pass(100);
  expect(server.open).toBe(0);
  expect([browser.locks.held, browser.locks.waiting]).toEqual([false, 0]);
}

describe('a group of tabs, whatever happens to them', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('ends with one connection, and each tab was told each event exactly once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), async (steps) => {
        vi.clearAllTimers();
        await live(steps);
        vi.unstubAllGlobals();
      }),
      { numRuns: Number(process.env['ITERO_TABS_RUNS'] ?? 150) },
    );
  }, 120_000);
});
