import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { Pairing } from '../../../shared/pairing.ts';
import type { Api } from '../../../widget/core/api.ts';
import { clientFault, type Fault } from '../../../widget/core/fault.ts';
import { ArrivalDesk, type ArrivalDoor, type ArrivalHost } from '../../../widget/itero-scan-inbox/arrival-desk.ts';
import { Inbox, type InboxSource } from '../../../widget/itero-scan-inbox/inbox.ts';
import { aPairing, unpaired } from '../fixtures/pairings.fixture.ts';
import { sampleList, sampleScan } from '../fixtures/scans.fixture.ts';
import { keepIn } from './keep-in.ts';

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** An inbox whose looks at the connection answer when the test says so. */
function openInbox(changed = (): void => undefined) {
  const looks: ((answer: Result<Pairing, Fault>) => void)[] = [];
  const nothing = (): void => undefined;
  const inbox = new Inbox({ changed, arrived: nothing, failed: nothing, settled: nothing, now: () => 0 });
  const api: Pick<Api, 'searchScans' | 'pairing'> = {
    searchScans: async () => ok(sampleList([])),
    pairing: () =>
      new Promise((answer) => {
        looks.push(answer);
      }),
  };
  const source = (readsPairing = true): InboxSource => ({
    api: api as Api,
    chartNumber: null,
    readsPairing,
    keep: keepIn(new Map()),
  });
  return { inbox, looks, source };
}

describe('answers that come late', () => {
  it('about the connection do not replace a newer look at it', async () => {
    const { inbox, looks, source } = openInbox();
    void inbox.start(source());
    inbox.streamEvent({ id: '1', type: 'pairing.created', data: {} });
    looks[1]?.(ok(aPairing()));
    await turn();
    looks[0]?.(ok(unpaired()));
    await turn();
    expect(inbox.pairing).toBe('paired');
  });

  it('about the connection count where a newer look at it failed', async () => {
    const { inbox, looks, source } = openInbox();
    void inbox.start(source());
    inbox.streamEvent({ id: '1', type: 'pairing.created', data: {} });
    looks[1]?.(fail(clientFault('offline')));
    await turn();
    looks[0]?.(ok(aPairing()));
    await turn();
    expect(inbox.pairing).toBe('paired');
  });

  it('from the browser about the clinic’s last list do not come into the patient’s chart that was opened meanwhile', async () => {
    const { inbox } = openInbox();
    let answer = (_kept: unknown): void => undefined;
    const get = (): Promise<unknown> =>
      new Promise((resolve) => {
        answer = resolve;
      });
    void inbox.showOutlines({ ...keepIn(new Map()), get });
    inbox.drop();
    answer([sampleScan('101')]);
    await turn();
    expect(inbox.outlines).toEqual([]);
  });
});

describe('a case that was told of and could not be read', () => {
  const RECEIVED = { id: '1', type: 'scan.received', data: { orderId: '101', version: 'v1' } } as const;

  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  /** Tells an inbox of a case that answers this fault, and counts how often it is read. */
  function tell(code: string) {
    const { inbox, source } = openInbox();
    const reads: string[] = [];
    const { api, ...rest } = source(false);
    const scan: Api['scan'] = async (orderId) => {
      reads.push(orderId);
      return fail({ code, displayMessage: '', retryable: false });
    };
    void inbox.start({ ...rest, api: { ...api, scan } });
    inbox.streamEvent(RECEIVED);
    return { inbox, reads };
  }

  for (const code of ['not_found', 'forbidden']) {
    it(`is not asked for again where the answer is ${code}`, async () => {
      const { inbox, reads } = tell(code);
      await vi.advanceTimersByTimeAsync(600_000);
      expect(reads).toHaveLength(1);
      inbox.drop();
    });
  }

  it('is asked for every half a minute at most, and no more once the element or its user left', async () => {
    const { inbox, reads } = tell('internal');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(reads.length).toBeGreaterThan(20);
    expect(reads.length).toBeLessThan(50);
    inbox.drop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is asked for at once when the session is there again', async () => {
    const { inbox, reads } = tell('session_refused');
    await vi.advanceTimersByTimeAsync(600_000);
    const before = reads.length;
    await inbox.start(openInbox().source(false));
    await vi.advanceTimersByTimeAsync(100);
    expect(reads).toHaveLength(before + 1);
    inbox.drop();
  });
});

describe('a look at the connection that failed', () => {
  class Page extends EventTarget {
    readonly visibilityState = 'visible';
  }

  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 23, 9, 42) });
    vi.stubGlobal('document', new Page());
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  /** The part of the element that follows it; what the element would draw plays no part. */
  function follow(readsPairing = true) {
    const host: Partial<ArrivalHost> = {
      addController: () => undefined,
      requestUpdate: () => undefined,
      renderRoot: { querySelector: () => null } as ArrivalHost['renderRoot'],
    };
    const opened = openInbox(() => desk.hostUpdated());
    const desk: ArrivalDesk = new ArrivalDesk(host as ArrivalHost, opened.inbox, {} as ArrivalDoor);
    void opened.inbox.start(opened.source(readsPairing));
    const drop = (): void => {
      desk.drop();
      opened.inbox.drop();
    };
    return { ...opened, desk, drop };
  }
  const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

  it('is repeated every minute until there is an answer, though it was the first one', async () => {
    const { inbox, looks, drop } = follow();
    for (let times = 1; times <= 3; times += 1) {
      expect(looks).toHaveLength(times);
      looks.at(-1)?.(fail(clientFault('offline')));
      await pass(59_000);
      expect(looks).toHaveLength(times);
      await pass(1_000);
    }
    looks.at(-1)?.(ok(unpaired()));
    await pass(0);
    expect(inbox.pairing).toBe('unpaired');
    drop();
  });

  it('is not repeated once the element or its patient left, also when it is under way then', async () => {
    const { looks, drop } = follow();
    looks[0]?.(fail(clientFault('offline')));
    await pass(60_000);
    expect(looks).toHaveLength(2);
    drop();
    looks[1]?.(fail(clientFault('offline')));
    await pass(600_000);
    expect(looks).toHaveLength(2);
  });

  it('is not planned where the session may not know', async () => {
    const { looks, drop } = follow(false);
    await pass(600_000);
    expect(looks).toEqual([]);
    drop();
  });
});
