import { describe, expect, it } from 'vitest';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { ScanList, SearchScans } from '../../../shared/scan.ts';
import type { Api } from '../../../widget/core/api.ts';
import { clientFault, type Fault } from '../../../widget/core/fault.ts';
import { Inbox } from '../../../widget/itero-scan-inbox/inbox.ts';
import { NO_FILTER } from '../../../widget/itero-scan-inbox/scan-filter.ts';
import { sampleList, sampleScan } from '../fixtures/scans.fixture.ts';

const UNREAD = { status: 'unread', from: null, to: null } as const;
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** An inbox whose calls and whose browser store answer when the test says so. */
function openInbox() {
  const searches: { query: SearchScans; answer(result: Result<ScanList, Fault>): void }[] = [];
  const asked = new Map<string, (kept: unknown) => void>();
  const faults: Fault[] = [];
  const api: Pick<Api, 'searchScans'> = {
    searchScans: (query) =>
      new Promise((answer) => {
        searches.push({ query, answer });
      }),
  };
  const inbox = new Inbox({
    changed: () => undefined,
    arrived: () => undefined,
    failed: (fault) => faults.push(fault),
    settled: () => undefined,
    now: () => 0,
  });
  void inbox.start({
    api: api as Api,
    chartNumber: null,
    readsPairing: false,
    keep: {
      get: (name) =>
        new Promise((answer) => {
          asked.set(name, answer);
        }),
      set: () => Promise.resolve(),
      update: () => Promise.resolve(),
    },
  });
  return {
    inbox,
    searches,
    faults,
    keeps: (name: string, value: unknown) => asked.get(name)?.(value),
    ids: () => inbox.state.rows.map(({ scan }) => scan.orderId),
  };
}

const read = sampleScan('101', { minute: 1, unread: false });
const unread = sampleScan('102', { minute: 2, unread: true });

describe('the first list and what the browser kept', () => {
  it('is there though the browser’s store never answers', async () => {
    const { searches, ids, inbox } = openInbox();
    expect(searches.map(({ query }) => query)).toEqual([{}]);
    searches[0]?.answer(ok(sampleList([unread, read])));
    await turn();
    expect(inbox.state.load.kind).toBe('ready');
    expect(ids()).toEqual(['102', '101']);
  });

  it('is narrowed as it was kept, whatever the plain one answers later', async () => {
    const { searches, ids, keeps, faults, inbox } = openInbox();
    keeps('inbox-filter', UNREAD);
    await turn();
    expect(searches.map(({ query }) => query)).toEqual([{}, { status: 'unread' }]);
    searches[1]?.answer(ok(sampleList([unread])));
    searches[0]?.answer(ok(sampleList([unread, read])));
    await turn();
    expect(ids()).toEqual(['102']);
    expect(inbox.state.filter).toEqual(UNREAD);
    expect(faults).toEqual([]);
  });

  it('is narrowed as it was kept when the plain one came first', async () => {
    const { searches, ids, keeps } = openInbox();
    searches[0]?.answer(ok(sampleList([unread, read])));
    await turn();
    keeps('inbox-filter', UNREAD);
    await turn();
    searches[1]?.answer(ok(sampleList([unread])));
    await turn();
    expect(ids()).toEqual(['102']);
  });

  it('tells no fault of the plain one once the narrowed one was asked for', async () => {
    const { searches, keeps, faults, inbox } = openInbox();
    keeps('inbox-filter', UNREAD);
    await turn();
    searches[0]?.answer(fail(clientFault('offline')));
    await turn();
    expect(inbox.state.load.kind).toBe('loading');
    expect(faults).toEqual([]);
    searches[1]?.answer(fail(clientFault('offline')));
    await turn();
    expect(inbox.state.load.kind).toBe('failed');
    expect(faults.map(({ code }) => code)).toEqual(['offline']);
  });

  it('stays as the person narrowed it before the store answered', async () => {
    const { searches, keeps, inbox } = openInbox();
    void inbox.narrow({ ...NO_FILTER, status: 'waiting' });
    keeps('inbox-filter', UNREAD);
    await turn();
    expect(searches.map(({ query }) => query)).toEqual([{}, { status: 'waiting' }]);
    expect(inbox.state.filter.status).toBe('waiting');
  });
});
