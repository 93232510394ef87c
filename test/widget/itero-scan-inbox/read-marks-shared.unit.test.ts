import { beforeEach, describe, expect, it } from 'vitest';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { Api } from '../../../widget/core/api.ts';
import { ABORTED, clientFault, type Fault } from '../../../widget/core/fault.ts';
import type { Keep } from '../../../widget/core/keep.ts';
import { Inbox } from '../../../widget/itero-scan-inbox/inbox.ts';
import { ReadMarks, type ReadMark } from '../../../widget/itero-scan-inbox/read-marks.ts';
import { sampleList } from '../fixtures/scans.fixture.ts';
import { keepIn } from './keep-in.ts';

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** An answer that waits until it is let go. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

describe('read marks of several inboxes in one browser', () => {
  let kept: Map<string, unknown>;
  let server: { orderId: string; read: boolean }[];
  let away: boolean;
  let now: number;

  /** One page; `reaches`: whether it reaches the BFF, whatever the others do. */
  async function open(reaches = (): boolean => !away, keep: Keep = keepIn(kept)): Promise<ReadMarks> {
    const send = async ({ orderId, read }: ReadMark): Promise<Result<unknown, Fault>> => {
      if (!reaches()) return fail(clientFault('offline'));
      server.push({ orderId, read });
      return ok(null);
    };
    const marks = new ReadMarks({ send, now: () => ++now });
    await marks.use(keep);
    return marks;
  }
  const keptOrders = (): string[] =>
    ((kept.get('read-marks') ?? []) as ReadMark[]).map(({ orderId }) => orderId).sort();

  beforeEach(() => {
    kept = new Map();
    server = [];
    away = true;
    now = 0;
  });

  it('are not lost when another one keeps its own', async () => {
    const one = await open();
    const two = await open();
    await one.mark('101', 'v1', true);
    await two.mark('102', 'v1', true);
    // Both pages are closed; the next one sends what waited.
    const next = await open();
    away = false;
    await next.flush();
    expect(server.map(({ orderId }) => orderId).sort()).toEqual(['101', '102']);
    await turn();
    expect(keptOrders()).toEqual([]);
  });

  it('are not lost when another one’s were sent', async () => {
    const one = await open();
    const two = await open(() => true);
    await one.mark('101', 'v1', true);
    await two.mark('102', 'v1', true);
    expect((await open()).waiting).toBe(1);
  });

  it('that one read from the queue do not undo newer ones when it sends late', async () => {
    const one = await open();
    await one.mark('101', 'v1', true);
    const two = await open();
    away = false;
    await one.flush();
    await one.mark('101', 'v1', false);
    await two.flush();
    expect(server.at(-1)).toEqual({ orderId: '101', read: false });
    expect(two.waiting).toBe(0);
  });

  it('that waited in one do not undo what was marked in another meanwhile', async () => {
    const one = await open();
    await one.mark('101', 'v1', true);
    await turn();
    const two = await open(() => true);
    await two.mark('101', 'v1', false);
    await turn();
    away = false;
    await one.flush();
    expect(server).toEqual([{ orderId: '101', read: false }]);
    expect(one.waiting).toBe(0);
  });

  it('made while the kept ones are being read do not take those from the store', async () => {
    await (await open()).mark('101', 'v1', true);
    const reading = gate();
    let first = true;
    const keep = keepIn(kept);
    const slow: Keep = {
      ...keep,
      async get(name) {
        const value = kept.get(name);
        if (first) {
          first = false;
          await reading.passed;
        }
        return value;
      },
    };
    const marks = new ReadMarks({ send: async () => fail(clientFault('offline')), now: () => ++now });
    const using = marks.use(slow);
    await marks.mark('102', 'v1', true);
    reading.open();
    await using;
    await marks.flush();
    expect(keptOrders()).toEqual(['101', '102']);
    expect(marks.waiting).toBe(2);
  });

  describe('when another user signs in', () => {
    let by: string[];
    let inbox: Inbox;
    let marks: ReadMarks;

    function start(user: string, answered: Promise<void>): void {
      const api: Pick<Api, 'searchScans' | 'markRead'> = {
        searchScans: async () => ok(sampleList([])),
        async markRead(orderId) {
          by.push(`${user} ${orderId}`);
          await answered;
          return user === 'lee' && away ? fail(ABORTED) : ok({ unread: 0 });
        },
      };
      void inbox.start({ api: api as Api, chartNumber: null, readsPairing: false, keep: keepIn(kept) });
    }
    /** The session goes to another user; what the browser kept of the new one is read after the new list only. */
    function changeUser(): void {
      inbox.drop();
      marks.drop();
      start('kim', Promise.resolve());
    }

    beforeEach(() => {
      by = [];
      const nothing = (): void => undefined;
      inbox = new Inbox({ changed: nothing, arrived: nothing, failed: nothing, settled: nothing, now: () => 0 });
      marks = new ReadMarks({
        send: ({ orderId, version, read }) => inbox.sendMark(orderId, version, read),
        now: () => ++now,
      });
    });

    it('are not sent in the name of the next', async () => {
      away = false;
      const answer = gate();
      start('lee', answer.passed);
      await marks.use(keepIn(kept));
      void marks.mark('101', 'v1', true);
      void marks.mark('102', 'v1', true);
      await turn();
      changeUser();
      answer.open();
      await turn();
      expect(by).toEqual(['lee 101']);
    });

    it('are not sent in the name of the next while it is asked whether they still wait', async () => {
      await (await open()).mark('101', 'v1', true);
      const looking = gate();
      let looks = 0;
      const keep = keepIn(kept);
      start('lee', Promise.resolve());
      await marks.use({
        ...keep,
        async get(name) {
          looks += 1;
          if (looks === 2) await looking.passed;
          return keep.get(name);
        },
      });
      void marks.flush();
      await turn();
      expect(looks).toBe(2);
      changeUser();
      looking.open();
      await turn();
      expect(by).toEqual([]);
    });
  });
});
