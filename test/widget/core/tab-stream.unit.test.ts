import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fault } from '../../../widget/core/fault.ts';
import type { EventStream } from '../../../widget/core/stream.ts';
import { openTabStream } from '../../../widget/core/tab-stream.ts';
import { FakeBrowser, type FakeTab } from './fake-browser.ts';
import { FakeStreamServer } from './fake-stream-server.ts';

const FORBIDDEN: Fault = { code: 'forbidden', displayMessage: '', retryable: false, status: 403 };
const NO_SESSION: Fault = { code: 'offline', displayMessage: '', retryable: true };

interface Member {
  readonly tab: FakeTab;
  readonly stream: EventStream;
  readonly heard: string[];
}

describe('the stream of a group of tabs', () => {
  let browser: FakeBrowser;
  let server: FakeStreamServer;
  let members: Member[];

  const pass = (ms = 10): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
  const events = ({ heard }: Member): string[] => heard.filter((one) => /^\d+$/.test(one));
  const upTo = (last: number): string[] => Array.from({ length: last }, (_, index) => String(index + 1));

  function open(group = 'g', from = ''): Member {
    const tab = browser.newTab();
    const heard: string[] = [];
    const stream = tab.run(() =>
      openTabStream({
        transport: server.transport,
        group,
        from,
        event: (event) => heard.push('id' in event ? event.id : event.type),
        opened: (resumed) => heard.push(resumed ? 'resumed' : 'opened'),
        failed: (fault, tries) => heard.push(`failed ${tries}${fault?.code === 'forbidden' ? ' forbidden' : ''}`),
      }),
    );
    const member = { tab, stream, heard };
    members.push(member);
    return member;
  }

  const close = ({ tab, stream }: Member): void => tab.run(() => stream.close());

  async function openTabs(count: number): Promise<Member[]> {
    const opened = Array.from({ length: count }, () => open());
    await pass();
    return opened;
  }

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    vi.spyOn(Math, 'random').mockReturnValue(1);
    browser = new FakeBrowser();
    server = new FakeStreamServer();
    members = [];
  });

  afterEach(async () => {
    for (const member of members) close(member);
    server.close();
    await pass();
    expect(server.open).toBe(0);
    expect([browser.locks.held, browser.locks.waiting]).toEqual([false, 0]);
    expect([...browser.channels].filter(({ tab }) => !tab.dead)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('is one connection for eight tabs, and each hears each event once', async () => {
    const tabs = await openTabs(8);
    server.push();
    server.push();
    await pass();
    expect(server.asked).toHaveLength(1);
    expect(tabs.map(({ heard }) => heard)).toEqual(tabs.map(() => ['opened', '1', '2']));
  });

  it('gives a tab that comes later the place where the stream stands, not what was before', async () => {
    await openTabs(1);
    server.push();
    await pass();
    const late = open();
    await pass();
    server.push();
    await pass();
    expect(late.heard).toEqual(['opened', '2']);
    expect(server.asked).toHaveLength(1);
  });

  it('gives a tab that comes back what it missed', async () => {
    const [first] = await openTabs(1);
    for (let event = 0; event < 4; event++) server.push();
    await pass();
    const back = open('g', '2');
    await pass(100);
    server.push();
    await pass();
    expect(back.heard).toEqual(['resumed', '3', '4', '5']);
    expect(events(first as Member)).toEqual(upTo(5));
    expect(server.open).toBe(1);
  });

  it.each<[string, (member: Member) => void]>([
    ['closes', close],
    ['crashes', ({ tab }) => tab.crash()],
    ['freezes', ({ tab }) => tab.freeze()],
    ['is left for another page', ({ tab }) => tab.window.dispatchEvent(new Event('pagehide'))],
  ])('is taken over at once when the tab that leads %s, without a gap and without a double', async (_, leave) => {
    const [first, ...others] = await openTabs(4);
    server.push();
    await pass();
    // On its way to the leader when it goes: the others have to get it from the log.
    server.push();
    (first as Member).tab.run(() => leave(first as Member));
    server.push();
    await pass(100);
    server.push();
    await pass();
    expect(server.open).toBe(1);
    expect(server.readers.at(-1)).not.toBe(first?.tab);
    for (const other of others) expect(other.heard).toEqual(['opened', ...upTo(4)]);
  });

  it('is taken over when the tab that leads gives no sign of life, and that one follows when it is back', async () => {
    const [first, ...others] = await openTabs(3);
    server.push();
    await pass();
    first?.tab.hang();
    server.push();
    await pass(10_000);
    expect(server.readers.at(-1)).not.toBe(first?.tab);
    for (const other of others) expect(events(other)).toEqual(upTo(2));
    first?.tab.goOn();
    await pass(100);
    server.push();
    await pass();
    expect(server.open).toBe(1);
    for (const member of members) expect(events(member)).toEqual(upTo(3));
  });

  it('leaves a leader alone that answers, however long nothing happens', async () => {
    await openTabs(3);
    await pass(600_000);
    expect(server.asked).toHaveLength(1);
  });

  it('lets hidden tabs judge nobody: their timers are late', async () => {
    const [first, second] = await openTabs(2);
    second?.tab.show(false);
    first?.tab.hang();
    await pass(60_000);
    expect(server.asked).toHaveLength(1);
    second?.tab.show(true);
    await pass(2_500);
    expect(server.asked).toHaveLength(2);
    first?.tab.goOn();
    await pass(100);
  });

  it('takes up again what it missed when it was frozen', async () => {
    const [first, second] = await openTabs(2);
    second?.tab.freeze();
    server.push();
    server.push();
    await pass(60_000);
    expect(events(second as Member)).toEqual([]);
    second?.tab.resume();
    await pass(100);
    expect(events(second as Member)).toEqual(upTo(2));
    expect(events(first as Member)).toEqual(upTo(2));
  });

  it('notices an event that did not arrive, and gets it', async () => {
    const [, second] = await openTabs(2);
    const channel = [...browser.channels].find(({ tab }) => tab === second?.tab);
    if (!channel) throw new Error('no channel');
    browser.channels.delete(channel);
    server.push();
    await pass();
    browser.channels.add(channel);
    server.push();
    await pass(100);
    expect(events(second as Member)).toEqual(upTo(2));
  });

  it('tells everybody when the log does not reach back far enough', async () => {
    const tabs = await openTabs(3);
    server.push();
    await pass();
    server.stop();
    await pass(100);
    server.last = 50;
    server.prunedTo = 40;
    server.start();
    await pass(5_000);
    for (const { heard } of tabs)
      expect(heard.filter((one) => !one.startsWith('failed'))).toEqual(['opened', '1', 'stream.reset']);
    server.push();
    await pass();
    for (const tab of tabs) expect(events(tab)).toEqual(['1', '51']);
  });

  it('tries as often as one tab would while the BFF is away, and all know how it stands', async () => {
    const tabs = await openTabs(8);
    server.stop();
    await pass(130_000);
    // As a single stream: after 1, 3, 7, 15, 31, 61, 91 and 121 s.
    expect(server.asked.slice(1)).toHaveLength(8);
    for (const { heard } of tabs) expect(heard.slice(0, 3)).toEqual(['opened', 'failed 2', 'failed 3']);
    server.start();
    await pass(31_000);
    for (const { heard } of tabs) expect(heard.at(-1)).toBe('resumed');
    expect(server.open).toBe(1);
  });

  it('obeys Retry-After as one', async () => {
    await openTabs(4);
    server.stop();
    server.down = { ...NO_SESSION, retryAfterSeconds: 60 };
    await pass(1_500);
    const asked = server.asked.length;
    await pass(58_000);
    expect(server.asked).toHaveLength(asked);
    await pass(2_000);
    expect(server.asked).toHaveLength(asked + 1);
  });

  it('goes to the next tab when the session of the one that leads cannot be renewed', async () => {
    const [first, ...others] = await openTabs(3);
    server.refuse((first as Member).tab, NO_SESSION);
    server.push();
    await pass(3_100);
    expect(server.readers).not.toContain(first?.tab);
    expect(server.open).toBe(1);
    for (const other of others) expect(events(other)).toEqual(upTo(1));
  });

  it('goes to the next tab when the one that leads waits for a person to sign in, without a gap and without a double', async () => {
    const [first, ...others] = await openTabs(3);
    server.push();
    await pass();
    server.endSession((first as Member).tab);
    server.push();
    await pass(6_100);
    expect(server.open).toBe(1);
    server.push();
    await pass();
    // Also the one that waits hears it, by the others.
    for (const member of members) expect(events(member)).toEqual(upTo(3));
    for (const other of others) expect(other.heard.filter((one) => one.startsWith('failed'))).not.toContain('failed 2');
    server.giveSession((first as Member).tab);
    server.push();
    await pass(60_000);
    for (const member of members) expect(events(member)).toEqual(upTo(4));
    expect(server.open).toBe(1);
    expect(server.readers).not.toContain(first?.tab);
  });

  it('stays with a tab that waits for a person alone, and goes to one that comes meanwhile', async () => {
    const [first] = await openTabs(1);
    server.endSession((first as Member).tab);
    await pass(60_000);
    expect(first?.heard).toEqual(['opened']);
    const second = open();
    await pass(100);
    server.push();
    await pass();
    expect(server.readers).toEqual([second.tab]);
    for (const member of members) expect(events(member)).toEqual(upTo(1));
  });

  it('does not tell a tab that comes while the one that leads has no connection that it stands', async () => {
    const [first] = await openTabs(1);
    server.endSession((first as Member).tab);
    await pass();
    const second = open();
    await pass(1_000);
    expect(second.heard).toEqual([]);
    await pass(5_000);
    expect(second.heard.at(-1)).toBe('opened');
  });

  it('goes on from tab to tab while all wait for a person, and stands with the first whose session comes', async () => {
    const tabs = await openTabs(4);
    for (const { tab } of tabs) server.endSession(tab);
    await pass(120_000);
    expect(server.asked).toHaveLength(1);
    server.push();
    server.giveSession((tabs[2] as Member).tab);
    await pass(120_000);
    expect(server.readers).toEqual([tabs[2]?.tab]);
    for (const member of members) expect(events(member)).toEqual(upTo(1));
  });

  it('waits longer from tab to tab, so that a BFF that is slow for all is reached', async () => {
    const tabs = await openTabs(4);
    server.stop();
    server.start();
    server.slowness = 12_000;
    await pass(45_000);
    expect(server.open).toBe(1);
    // Five were given up, after 5 s each and the last after 8 s.
    expect(server.asked.slice(1)).toHaveLength(6);
    for (const { heard } of tabs) expect(heard.at(-1)).toBe('resumed');
  });

  it('tells all when there is no right to any event: they have the same', async () => {
    const [first, second] = await openTabs(2);
    server.stop();
    server.down = FORBIDDEN;
    await pass(4_000);
    expect(first?.heard.slice(0, 3)).toEqual(['opened', 'failed 2 forbidden', 'failed 3 forbidden']);
    expect(second?.heard.slice(0, 3)).toEqual(['opened', 'failed 2 forbidden', 'failed 3 forbidden']);
  });

  it('tries at once when somebody looks at a tab again', async () => {
    const [, second] = await openTabs(2);
    second?.tab.show(false);
    server.stop();
    await pass(40_000);
    server.start();
    second?.tab.show(true);
    await pass();
    expect(server.open).toBe(1);
    expect(second?.heard.at(-1)).toBe('resumed');
  });

  it('is an own connection where no lock is to be had, and it tries again by itself', async () => {
    browser.locks.refusing = true;
    const [alone] = await openTabs(1);
    server.push();
    server.stop();
    await pass(1_500);
    server.start();
    server.push();
    await pass(10_000);
    expect(events(alone as Member)).toEqual(upTo(2));
  });

  it('is not disturbed by garbage on its channel', async () => {
    const [first, second] = await openTabs(2);
    const [channel] = [...browser.channels];
    const junk = [null, 7, 'x', [], {}, { kind: 'event' }, { kind: 'down', tries: '2' }, { kind: 'behind' }];
    for (const data of [...junk, { kind: 'event', after: '', event: { id: '9', type: 'x', data: {} } }]) {
      for (const member of members) member.tab.run(() => channel?.dispatchEvent(new MessageEvent('message', { data })));
    }
    server.push();
    await pass();
    for (const member of [first, second]) expect(member?.heard).toEqual(['opened', '1']);
  });

  it('goes on after an element that cannot bear an event, in this tab and in the others', async () => {
    const errors: unknown[] = [];
    const tab = browser.newTab();
    const told: string[] = [];
    const stream = tab.run(() =>
      openTabStream({
        transport: server.transport,
        group: 'g',
        event(event) {
          told.push('id' in event ? event.id : event.type);
          if (told.length === 1) throw new Error('an element broke');
        },
        opened: () => undefined,
        failed: (fault) => errors.push(fault),
      }),
    );
    members.push({ tab, stream, heard: told });
    await pass();
    const other = open();
    await pass();
    server.push();
    await pass(2_000);
    server.push();
    await pass();
    expect(told).toEqual(upTo(2));
    expect(events(other)).toEqual(upTo(2));
  });
});
