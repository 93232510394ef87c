import { assert } from 'chai';
import { html } from 'lit';
import type { ComponentName } from '../../../shared/session.ts';
import type { StreamEvent } from '../../../shared/stream-event.ts';
import { IteroElement } from '../../../widget/core/itero-element.ts';
import type { LinkState } from '../../../widget/core/page-link.ts';
// Fetched late, a link opens a stream of its own first: here it is there from the start.
import '../../../widget/core/tab-stream.ts';
import { installFakeBff, SESSION_URL, type FakeBff } from '../../support/dom/fake-bff.ts';
import { ownStorage } from '../../support/dom/own-storage.ts';
import { mount, nextTask, unmount, until } from '../../support/dom/page.ts';

class TabProbe extends IteroElement {
  static override component: ComponentName = 'scan_inbox';
  readonly heard: string[] = [];

  protected override linkChanged(state: LinkState): void {
    this.heard.push(state.kind);
  }

  protected override streamEvent(event: StreamEvent | { readonly type: 'stream.reset' }): void {
    this.heard.push(('data' in event && event.data.orderId) || event.type);
  }

  override render(): unknown {
    return html`<p>probe</p>`;
  }
}

customElements.define('tab-probe', TabProbe);

const CHART = 'Canary-77';

/** Links of one page, each with its own session, are to each other as tabs are: real locks, real channels. */
function openTab(tab: number, elements = 1, chart = CHART): { root: HTMLElement; probes: TabProbe[] } {
  const one = `<tab-probe session-url="${SESSION_URL}?tab=${tab}" chart-number="${chart}"></tab-probe>`;
  const root = mount(`<section>${one.repeat(elements)}</section>`);
  return { root, probes: [...root.querySelectorAll<TabProbe>('tab-probe')] };
}

const orders = (probe: TabProbe): string[] => probe.heard.filter((one) => /^\d+$/.test(one));
const isReady = ({ heard }: TabProbe): boolean => heard.includes('ready');

async function openTabs(tabs: number, elements: number): Promise<ReturnType<typeof openTab>[]> {
  const opened = Array.from({ length: tabs }, (_, tab) => openTab(tab, elements));
  await until('all are ready', () => opened.every(({ probes }) => probes.every(isReady)));
  return opened;
}

/** Locks of this file's groups: held and waiting. */
async function locks(): Promise<{ held: number; pending: number; names: string[] }> {
  const { held = [], pending = [] } = await navigator.locks.query();
  const ours = (list: LockInfo[]): LockInfo[] => list.filter(({ name }) => name?.includes(ownStorage));
  return {
    held: ours(held).length,
    pending: ours(pending).length,
    names: ours([...held, ...pending]).map(({ name }) => name ?? ''),
  };
}

describe('tabs of one browser', () => {
  let bff: FakeBff;

  beforeEach(() => {
    bff = installFakeBff();
    bff.share(({ chartNumber = '' }, user) => `${user} ${chartNumber.length}`);
  });

  afterEach(async () => {
    unmount();
    await nextTask();
    bff.restore();
  });

  it('share one stream: 10 elements in each of 8, and each element hears each event once', async () => {
    const tabs = await openTabs(8, 10);
    bff.push('scan.received', { orderId: '1' });
    bff.push('scan.received', { orderId: '2' });
    const probes = tabs.flatMap((tab) => tab.probes);
    assert.lengthOf(probes, 80);
    await until('all heard both', () => probes.every((probe) => orders(probe).length === 2));
    for (const probe of probes) assert.deepEqual(orders(probe), ['1', '2']);
    assert.equal(bff.openStreams, 1);
    assert.lengthOf(bff.resumedFrom, 1);
    const { held, pending } = await locks();
    assert.deepEqual([held, pending], [1, 7]);
  });

  it('of two groups have two streams, and nothing of one is heard in the other’s channel', async () => {
    const own = openTab(1);
    const other = openTab(2, 1, 'Another-chart');
    openTab(3);
    openTab(4, 1, 'Another-chart');
    await until('both ready', () => [...own.probes, ...other.probes].every(isReady));
    assert.equal(bff.openStreams, 2);
    const { names } = await locks();
    assert.lengthOf(new Set(names), 2);
  });

  it('take over at once when the one with the stream closes, and lose and double nothing', async () => {
    const tabs = await openTabs(4, 2);
    bff.push('scan.received', { orderId: '1' });
    await until('heard', () => tabs.every(({ probes }) => probes.every((probe) => orders(probe).length === 1)));
    const closedAt = performance.now();
    tabs[0]?.root.remove();
    bff.push('scan.received', { orderId: '2' });
    await until('the first stream is gone', () => bff.resumedFrom.length === 2);
    bff.push('scan.received', { orderId: '3' });
    const others = tabs.slice(1).flatMap(({ probes }) => probes);
    await until('all heard all', () => others.every((probe) => orders(probe).length === 3));
    // By the lock: on a starved machine it takes its time, but a page that probes for the leader begins after 5 s of silence.
    assert.isBelow(performance.now() - closedAt, 5_000);
    for (const probe of others) {
      assert.deepEqual(orders(probe), ['1', '2', '3']);
      assert.notInclude(probe.heard, 'stream.reset');
      assert.notInclude(probe.heard, 'offline');
    }
    assert.equal(bff.openStreams, 1);
  });

  it('stop to share when the session of one goes to another user', async () => {
    const [first, second] = await openTabs(2, 1);
    bff.signInAs('assistant-kim');
    bff.endSession();
    await until('both went over', () =>
      [first, second].every(
        (tab) =>
          tab?.probes[0]?.heard.at(-1) === 'ready' && tab.probes[0].heard.filter((one) => one === 'ready').length === 2,
      ),
    );
    await until('one stream', () => bff.openStreams === 1);
    const { names } = await locks();
    assert.isNotEmpty(names);
    for (const name of names) assert.include(name, 'assistant-kim');
  });

  it('tell each other, and their browser, no chart number', async () => {
    const said: string[] = [];
    const RealChannel = BroadcastChannel;
    globalThis.BroadcastChannel = class extends RealChannel {
      override postMessage(message: unknown): void {
        said.push(`${this.name} ${JSON.stringify(message)}`);
        // oxlint-disable-next-line unicorn/require-post-message-target-origin
        super.postMessage(message);
      }
    };
    try {
      const [first] = await openTabs(3, 1);
      bff.push('scan.received', { orderId: '1' });
      first?.root.remove();
      bff.push('scan.received', { orderId: '2' });
      await until('taken over', () => bff.resumedFrom.length === 2);
      said.push(...(await locks()).names, ...Object.keys(localStorage), ...Object.keys(sessionStorage));
      assert.isAbove(said.length, 5);
      for (const text of said) assert.notInclude(text, CHART);
    } finally {
      globalThis.BroadcastChannel = RealChannel;
    }
  });

  it('have streams of their own without a group', async () => {
    bff.restore();
    bff = installFakeBff();
    await openTabs(3, 2);
    assert.equal(bff.openStreams, 3);
  });

  it('have streams of their own where the browser has no locks, as on pages that are not served securely', async () => {
    Object.defineProperty(navigator, 'locks', { configurable: true, value: undefined });
    try {
      await openTabs(2, 1);
      assert.equal(bff.openStreams, 2);
    } finally {
      Reflect.deleteProperty(navigator, 'locks');
    }
  });

  it('have streams of their own where locks are refused, as in a page without an origin', async () => {
    const request = (): Promise<never> => Promise.reject(new DOMException('no origin', 'SecurityError'));
    Object.defineProperty(navigator.locks, 'request', { configurable: true, value: request });
    try {
      const tabs = await openTabs(2, 1);
      assert.equal(bff.openStreams, 2);
      bff.push('scan.received', { orderId: '1' });
      await until('each heard it', () => tabs.every(({ probes }) => probes.every((probe) => orders(probe).length > 0)));
    } finally {
      Reflect.deleteProperty(navigator.locks, 'request');
    }
  });
});
