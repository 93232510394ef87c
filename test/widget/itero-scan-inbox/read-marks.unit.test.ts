import { beforeEach, describe, expect, it, vi } from 'vitest';
import { fail, ok } from '../../../shared/result.ts';
import type { Keep } from '../../../widget/core/keep.ts';
import { ReadMarks, type ReadMarksOptions } from '../../../widget/itero-scan-inbox/read-marks.ts';
import { keepIn } from './keep-in.ts';

const fault = (code: string, retryable: boolean): ReturnType<ReadMarksOptions['send']> =>
  Promise.resolve(fail({ code, displayMessage: '', retryable }));

describe('read marks', () => {
  const send = vi.fn<ReadMarksOptions['send']>();
  let kept: Map<string, unknown>;
  let now: number;
  let marks: ReadMarks;
  let keep: Keep;
  const sent = (): string[] => send.mock.calls.map(([{ orderId, version, read }]) => `${orderId} ${version} ${read}`);

  beforeEach(async () => {
    send.mockReset().mockResolvedValue(ok({ unread: 0 }));
    kept = new Map();
    keep = keepIn(kept);
    now = 1_000;
    marks = new ReadMarks({ send, now: () => now });
    await marks.use(keep);
  });

  it('are sent at once, and nothing stays in the browser', async () => {
    await marks.mark('1', 'v1', true);
    expect(sent()).toEqual(['1 v1 true']);
    expect([marks.waiting, kept.size]).toEqual([0, 0]);
  });

  it('wait in the browser while there is no answer, the newest of a case only', async () => {
    send.mockImplementation(() => fault('offline', true));
    await marks.mark('1', 'v1', true);
    await marks.mark('1', 'v2', true);
    send.mockReset().mockResolvedValue(ok({ unread: 0 }));
    const later = new ReadMarks({ send, now: () => now });
    await later.use(keep);
    await later.flush();
    expect(sent()).toEqual(['1 v2 true']);
    expect(kept.size).toBe(0);
  });

  it('are dropped when the server refuses them', async () => {
    send.mockImplementation(() => fault('forbidden', false));
    await marks.mark('1', 'v1', true);
    expect([marks.waiting, kept.size]).toEqual([0, 0]);
  });

  it('wait while somebody has to sign in first', async () => {
    send.mockImplementationOnce(() => fault('session_refused', false));
    await marks.mark('1', 'v1', true);
    expect([marks.waiting, kept.size]).toEqual([1, 1]);
    await marks.flush();
    expect(sent()).toEqual(['1 v1 true', '1 v1 true']);
  });

  it('of another patient’s case wait for a session that sees it, without being sent over and over', async () => {
    send.mockImplementation(() => fault('not_found', false));
    await marks.mark('1', 'v1', true);
    await marks.flush();
    expect(send).toHaveBeenCalledTimes(1);
    expect([marks.waiting, kept.size]).toEqual([1, 1]);
  });

  it('are forgotten after a week', async () => {
    send.mockImplementation(() => fault('offline', true));
    await marks.mark('1', 'v1', true);
    now += 8 * 86_400_000;
    const later = new ReadMarks({ send, now: () => now });
    await later.use(keep);
    expect(later.waiting).toBe(0);
    await later.mark('2', 'v1', true);
    expect(kept.get('read-marks')).toMatchObject([{ orderId: '2' }]);
  });

  it('do not follow to another user', async () => {
    send.mockImplementation(() => fault('offline', true));
    await marks.mark('1', 'v1', true);
    await marks.use({ ...keep, get: () => Promise.resolve(undefined) });
    expect(marks.waiting).toBe(0);
  });

  it('are sent though the browser’s store never answers', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    void marks.use({ get: never, set: never, update: never });
    void marks.mark('1', 'v1', true);
    await vi.waitFor(() => expect(sent()).toEqual(['1 v1 true']));
  });

  it('wait in memory where the browser keeps nothing', async () => {
    const nothing = (): Promise<undefined> => Promise.resolve(undefined);
    await marks.use({ get: nothing, set: nothing, update: nothing });
    send.mockImplementationOnce(() => fault('offline', true));
    await marks.mark('1', 'v1', true);
    await marks.flush();
    expect(sent()).toEqual(['1 v1 true', '1 v1 true']);
    expect(marks.waiting).toBe(0);
  });

  it('survive rubbish in the browser', async () => {
    kept.set('read-marks', [null, 7, { orderId: 1 }, { orderId: '1', version: 'v', read: true, at: now }]);
    const later = new ReadMarks({ send, now: () => now });
    await later.use(keep);
    expect(later.waiting).toBe(1);
  });
});
