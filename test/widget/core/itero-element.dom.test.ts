import { assert } from 'chai';
import { html } from 'lit';
import { isAborted, type Fault } from '../../../widget/core/fault.ts';
import { IteroElement } from '../../../widget/core/itero-element.ts';
import { openLinks, type LinkState } from '../../../widget/core/page-link.ts';
import type { ComponentName } from '../../../shared/session.ts';
import { installFakeBff, SESSION_URL, type FakeBff } from '../../support/dom/fake-bff.ts';
import { watchLeaks } from '../../support/dom/leaks.ts';
import { mount, nextTask, unmount, until } from '../../support/dom/page.ts';

class ProbeElement extends IteroElement {
  static override component: ComponentName = 'scan_inbox';
  readonly heard: string[] = [];
  shown: unknown;
  fault: Fault | undefined;

  protected override dropData(): void {
    this.shown = undefined;
    this.heard.push('drop');
  }

  protected override linkChanged(state: LinkState): void {
    this.heard.push(state.kind);
    if (state.kind === 'ready') void this.load();
  }

  protected override streamEvent(event: { type: string }): void {
    this.heard.push(event.type);
  }

  async load(): Promise<void> {
    const answer = await this.link?.api.searchScans(this.chartNumber ? { chartNumber: this.chartNumber } : {});
    if (answer?.ok) this.shown = answer.value;
    else if (answer) this.fault = answer.error;
  }

  override render(): unknown {
    return html`<p>probe</p>`;
  }
}

class ProbeRequest extends ProbeElement {
  static override component: ComponentName = 'scan_request';
}

customElements.define('probe-inbox', ProbeElement);
customElements.define('probe-request', ProbeRequest);

const list = (total: number): object => ({ items: [], nextCursor: null, unread: 0, unmatched: 0, total });
const probe = (markup: string): ProbeElement => mount(markup) as ProbeElement;

describe('an element and its page link', () => {
  let bff: FakeBff;

  beforeEach(() => {
    bff = installFakeBff();
    bff.answer('POST', '/v1/scans/search', { json: list(1) });
  });

  afterEach(async () => {
    unmount();
    await nextTask();
    bff.restore();
  });

  it('asks for one session and opens one stream for all elements of a task', async () => {
    const first = probe(`<probe-inbox session-url="${SESSION_URL}" chart-number="A-1"></probe-inbox>`);
    probe(`<probe-request session-url="${SESSION_URL}" chart-number="A-1"></probe-request>`);
    await until('loaded', () => first.shown !== undefined);
    assert.deepEqual(bff.sessionRequests, [
      { chartNumber: 'A-1', components: ['scan_inbox', 'scan_request'], reason: 'start' },
    ]);
    assert.equal(bff.openStreams, 1);
    assert.deepEqual(first.heard, ['drop', 'starting', 'ready']);
  });

  it('renews the session when a later element brings another component', async () => {
    const first = probe(`<probe-inbox session-url="${SESSION_URL}"></probe-inbox>`);
    await until('loaded', () => first.shown !== undefined);
    const second = probe(`<probe-request session-url="${SESSION_URL}"></probe-request>`);
    await until('second ready', () => second.heard.includes('ready'));
    assert.deepEqual(bff.sessionRequests.at(-1), { components: ['scan_inbox', 'scan_request'], reason: 'renew' });
    assert.equal(bff.openStreams, 1);
    assert.include(first.heard, 'stream.reset', 'the stream was opened anew without a point to resume from');
  });

  it('drops data and stream of the former patient before it asks anew', async () => {
    const element = probe(`<probe-inbox session-url="${SESSION_URL}" chart-number="A-1"></probe-inbox>`);
    await until('loaded', () => element.shown !== undefined);
    element.setAttribute('chart-number', 'B-2');
    await element.updateComplete;
    assert.isUndefined(element.shown);
    assert.equal(bff.openStreams, 0);
    assert.lengthOf(bff.sessionRequests, 1);
    await until('asked anew', () => bff.sessionRequests.length === 2);
    assert.deepEqual(bff.sessionRequests[1], {
      chartNumber: 'B-2',
      components: ['scan_inbox'],
      reason: 'patient-changed',
    });
  });

  it('never takes a late answer about the former patient', async () => {
    const held = bff.hold('POST', '/v1/scans/search', ({ body }) => ({
      json: list((body as { chartNumber: string }).chartNumber === 'A-1' ? 111 : 222),
    }));
    const element = probe(`<probe-inbox session-url="${SESSION_URL}" chart-number="A-1"></probe-inbox>`);
    await until('asked for A', () => bff.calls.length === 1);
    element.setAttribute('chart-number', 'B-2');
    await element.updateComplete;
    held.release();
    await until('aborted', () => element.fault !== undefined);
    assert.isTrue(isAborted(element.fault as Fault));
    await until('B is shown', () => element.shown !== undefined);
    assert.deepEqual(element.shown, list(222));
  });

  it('takes an empty chart number for a fault, never for the whole clinic', async () => {
    const element = probe(`<probe-inbox session-url="${SESSION_URL}" chart-number=""></probe-inbox>`);
    await until('failed', () => element.heard.includes('failed'));
    assert.lengthOf(bff.calls, 0);
    assert.lengthOf(bff.sessionRequests, 0);
  });

  it('says that a session is missing when the page names no source', async () => {
    const element = probe('<probe-inbox></probe-inbox>');
    await until('failed', () => element.heard.includes('failed'));
  });

  it('renews an ended session once and repeats the call', async () => {
    const element = probe(`<probe-inbox session-url="${SESSION_URL}"></probe-inbox>`);
    await until('loaded', () => element.shown !== undefined);
    bff.endSession();
    element.shown = undefined;
    await element.load();
    assert.isDefined(element.shown);
    assert.equal(bff.sessionRequests.at(-1)?.reason, 'expired');
    await until('stream is back', () => bff.openStreams === 1);
  });

  it('is expired, and says so by an event, when the practice system refuses', async () => {
    const element = probe(`<probe-inbox session-url="${SESSION_URL}"></probe-inbox>`);
    await until('loaded', () => element.shown !== undefined);
    let told = 0;
    element.addEventListener('itero-session-expired', () => told++);
    bff.refuseSessions();
    bff.endSession();
    await element.load();
    assert.equal(element.fault?.code, 'session_refused');
    assert.equal(element.heard.at(-1), 'expired');
    assert.isAtLeast(told, 1);
    assert.equal(bff.openStreams, 0);
  });

  it('drops everything when the renewed session is another user’s', async () => {
    const element = probe(`<probe-inbox session-url="${SESSION_URL}"></probe-inbox>`);
    await until('loaded', () => element.shown !== undefined);
    bff.signInAs('assistant-kim');
    bff.endSession();
    await element.load();
    await until('ready again', () => element.heard.at(-1) === 'ready');
    assert.deepEqual(element.heard.slice(-3), ['drop', 'starting', 'ready']);
  });

  it('hears events of the stream', async () => {
    const element = probe(`<probe-inbox session-url="${SESSION_URL}"></probe-inbox>`);
    await until('loaded', () => element.shown !== undefined);
    bff.push('scan.received', { orderId: '123456789' });
    await until('heard', () => element.heard.includes('scan.received'));
  });

  it('keeps session and stream when it is moved within the page', async () => {
    const element = probe(`<probe-inbox session-url="${SESSION_URL}"></probe-inbox>`);
    await until('loaded', () => element.shown !== undefined);
    document.body.querySelector('main')?.append(element);
    await nextTask();
    await nextTask();
    assert.lengthOf(bff.sessionRequests, 1);
    assert.equal(bff.openStreams, 1);
  });

  it('prefers fetchSession over session-url over meta', async () => {
    const meta = document.createElement('meta');
    meta.name = 'itero-session-url';
    meta.content = SESSION_URL;
    document.head.append(meta);
    try {
      const byMeta = probe('<probe-inbox></probe-inbox>');
      await until('ready by meta', () => byMeta.heard.includes('ready'));
      const asked: unknown[] = [];
      const byFunction = probe(`<probe-inbox session-url="/nowhere"></probe-inbox>`);
      byFunction.fetchSession = async (request) => {
        asked.push(request);
        const answer = await fetch(SESSION_URL, { method: 'POST', body: JSON.stringify(request) });
        return ((await answer.json()) as { session_token: string }).session_token;
      };
      await until('ready by function', () => byFunction.heard.includes('ready'));
      assert.deepEqual(asked, [{ components: ['scan_inbox'], reason: 'start' }]);
    } finally {
      meta.remove();
    }
  });

  it('leaves no session, stream, timer or listener behind after 1,000 connects and disconnects', async () => {
    const leaks = watchLeaks();
    for (let round = 0; round < 1000; round++) {
      const element = probe(`<probe-inbox session-url="${SESSION_URL}" chart-number="A-${round % 3}"></probe-inbox>`);
      await element.updateComplete;
      if (round % 50 === 0) await until('stream', () => bff.openStreams === 1);
      unmount();
    }
    await until('all streams closed', () => bff.openStreams === 0);
    assert.equal(openLinks(), 0);
    await until('calls that were cut off have ended', () => leaks.left() === 0);
    assert.deepEqual(leaks.stop(), { listeners: [], timers: 0 });
  });
});
