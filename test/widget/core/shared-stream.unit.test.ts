import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSharedStream } from '../../../widget/core/shared-stream.ts';
import type { EventStream } from '../../../widget/core/stream.ts';
import * as tabStream from '../../../widget/core/tab-stream.ts';
import { FakeBrowser, type FakeTab } from './fake-browser.ts';
import { FakeStreamServer } from './fake-stream-server.ts';

describe('the part that shares a stream', () => {
  let browser: FakeBrowser;
  let server: FakeStreamServer;
  let tab: FakeTab;
  let stream: EventStream;
  let heard: string[];
  /** The chunk comes, or not, when the test says so. */
  let part: PromiseWithResolvers<typeof tabStream>;

  const pass = (ms = 10): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
  const arrived = (): Promise<unknown> => {
    part.resolve(tabStream);
    return pass(100);
  };

  beforeEach(async () => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    part = Promise.withResolvers();
    browser = new FakeBrowser();
    server = new FakeStreamServer();
    tab = browser.newTab();
    heard = [];
    stream = tab.run(() =>
      openSharedStream(
        {
          transport: server.transport,
          event: (event) => heard.push('id' in event ? event.id : event.type),
          opened: (resumed) => heard.push(resumed ? 'resumed' : 'opened'),
          failed: (_, tries) => heard.push(`failed ${tries}`),
        },
        'group',
        () => part.promise,
      ),
    );
    await pass();
  });

  afterEach(async () => {
    tab.run(() => stream.close());
    server.close();
    await pass();
    expect(server.open).toBe(0);
    expect(browser.locks.held).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('is waited for a moment, so that a tab that can share opens no stream of its own', async () => {
    expect(server.asked).toHaveLength(0);
    await arrived();
    expect(server.asked).toHaveLength(1);
    expect(browser.locks.held).toBe(true);
  });

  it('is not needed for a stream: without it there is an own one, which it takes over without a gap when it comes', async () => {
    await pass(1_000);
    expect(server.open).toBe(1);
    server.push();
    await pass();
    expect(heard).toEqual(['opened', '1']);
    await arrived();
    server.push();
    await pass();
    expect(heard).toEqual(['opened', '1', 'resumed', '2']);
    expect(server.asked.map(({ from }) => from)).toEqual([undefined, '1']);
    expect(server.open).toBe(1);
  });

  it('is done without at once when it cannot be had', async () => {
    part.reject(new TypeError('Failed to fetch dynamically imported module'));
    await pass();
    expect(server.open).toBe(1);
    expect(browser.locks.held).toBe(false);
  });
});
