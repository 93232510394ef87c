import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScanReader, type ScanNews, type ScanReaderOptions } from '../../../widget/itero-scan-inbox/scan-reader.ts';

const news = (orderId: string, type: ScanNews['type'] = 'scan.updated', version: string | null = 'v'): ScanNews => ({
  orderId,
  type,
  version,
});

describe('events to reads', () => {
  const read = vi.fn<ScanReaderOptions['read']>();
  const readRecent = vi.fn<() => Promise<void>>();
  const settled = vi.fn<(batch: readonly ScanNews[]) => void>();
  let known: Set<string>;
  let reader: ScanReader;

  beforeEach(() => {
    vi.useFakeTimers();
    known = new Set();
    read.mockReset().mockResolvedValue(true);
    readRecent.mockReset().mockResolvedValue();
    settled.mockReset();
    reader = new ScanReader({ read, readRecent, settled, isKnown: ({ orderId }) => known.has(orderId) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('reads a case once for the events of one moment; that it is new stays the news', async () => {
    reader.add(news('1', 'scan.received'));
    reader.add(news('1', 'scan.asset_ready'));
    await vi.runAllTimersAsync();
    expect(read).toHaveBeenCalledTimes(1);
    expect(settled.mock.calls[0]?.[0]).toEqual([news('1', 'scan.received')]);
  });

  it('reads again for an event that comes while it reads', async () => {
    let finish = (_read: boolean): void => undefined;
    read.mockImplementationOnce(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    reader.add(news('1'));
    await vi.runAllTimersAsync();
    reader.add(news('1'));
    await vi.runAllTimersAsync();
    expect(read).toHaveBeenCalledTimes(1);
    finish(true);
    await vi.runAllTimersAsync();
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('reads four at a time', async () => {
    let running = 0;
    let most = 0;
    read.mockImplementation(async () => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      return true;
    });
    for (let id = 0; id < 12; id += 1) reader.add(news(String(id)));
    await vi.runAllTimersAsync();
    expect([most, read.mock.calls.length, readRecent.mock.calls.length]).toEqual([4, 12, 0]);
  });

  it('looks at the list first when many changed, and reads only what that did not tell', async () => {
    readRecent.mockImplementation(() => {
      for (let id = 0; id < 29; id += 1) known.add(String(id));
      return Promise.resolve();
    });
    for (let id = 0; id < 30; id += 1) reader.add(news(String(id)));
    await vi.runAllTimersAsync();
    expect(read.mock.calls.map(([orderId]) => orderId)).toEqual(['29']);
    expect(settled.mock.calls[0]?.[0]).toHaveLength(30);
  });

  it('forgets everything when cleared, also what is under way', async () => {
    reader.add(news('1'));
    await vi.advanceTimersByTimeAsync(100);
    settled.mockReset();
    reader.add(news('2'));
    reader.clear();
    await vi.runAllTimersAsync();
    expect(read).toHaveBeenCalledTimes(1);
    expect(settled).not.toHaveBeenCalled();
    reader.add(news('3'));
    await vi.runAllTimersAsync();
    expect(read).toHaveBeenLastCalledWith('3', news('3'));
  });

  it('does not read a case that left before', async () => {
    reader.add(news('1'));
    reader.remove('1');
    await vi.runAllTimersAsync();
    expect(read).not.toHaveBeenCalled();
  });

  describe('that could not be read', () => {
    const orders = (): string[] => read.mock.calls.map(([orderId]) => orderId);

    it('are read again after growing pauses, half a minute at most, and told of once they are', async () => {
      const times: number[] = [];
      const begun = Date.now();
      read.mockImplementation(async () => {
        times.push(Date.now() - begun);
        return times.length > 12;
      });
      reader.add(news('1', 'scan.received'));
      await vi.advanceTimersByTimeAsync(100);
      expect(times).toHaveLength(1);
      expect(settled).not.toHaveBeenCalled();
      await vi.runAllTimersAsync();
      expect(times).toHaveLength(13);
      const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      for (const [index, pause] of pauses.entries()) {
        const full = Math.min(30_000, 1_000 * 2 ** index);
        expect(pause).toBeGreaterThanOrEqual(full / 2);
        expect(pause).toBeLessThanOrEqual(full);
      }
      expect(settled.mock.calls).toEqual([[[news('1', 'scan.received')]]]);
      expect(vi.getTimerCount()).toBe(0);
    });

    it('hold back no others, and go with the next news', async () => {
      read.mockResolvedValueOnce(false);
      reader.add(news('1'));
      reader.add(news('2'));
      await vi.advanceTimersByTimeAsync(100);
      expect(settled.mock.calls).toEqual([[[news('2')]]]);
      reader.add(news('3'));
      await vi.advanceTimersByTimeAsync(100);
      expect(orders()).toEqual(['1', '2', '1', '3']);
      expect(vi.getTimerCount()).toBe(0);
    });

    it('are not put off by news that come without a break', async () => {
      read.mockResolvedValueOnce(false);
      reader.add(news('1'));
      await vi.advanceTimersByTimeAsync(100);
      for (let turn = 0; turn < 10; turn += 1) {
        reader.add(news('2'));
        await vi.advanceTimersByTimeAsync(50);
      }
      expect(orders().filter((orderId) => orderId === '1')).toHaveLength(2);
    });

    it('make news that come while they are being read wait for no pause', async () => {
      let finish = (_read: boolean): void => undefined;
      read.mockImplementationOnce(() => new Promise((resolve) => void (finish = resolve)));
      reader.add(news('1'));
      await vi.advanceTimersByTimeAsync(100);
      reader.add(news('2'));
      finish(false);
      await vi.advanceTimersByTimeAsync(100);
      expect(orders()).toEqual(['1', '2', '1']);
    });

    it('are read at once when the link is back', async () => {
      read.mockResolvedValueOnce(false);
      reader.add(news('1'));
      await vi.advanceTimersByTimeAsync(100);
      reader.hurry();
      await vi.advanceTimersByTimeAsync(100);
      expect(orders()).toEqual(['1', '1']);
      reader.hurry();
      expect(vi.getTimerCount()).toBe(0);
    });

    it('stay the news that a case is new, whatever follows meanwhile', async () => {
      read.mockResolvedValueOnce(false);
      reader.add(news('1', 'scan.received', 'v1'));
      await vi.advanceTimersByTimeAsync(100);
      reader.add(news('1', 'scan.asset_ready', null));
      await vi.runAllTimersAsync();
      expect(settled.mock.calls).toEqual([[[news('1', 'scan.received', 'v1')]]]);
    });

    it('are forgotten when the case left, or everything goes', async () => {
      read.mockResolvedValue(false);
      reader.add(news('1'));
      reader.add(news('2'));
      await vi.advanceTimersByTimeAsync(100);
      reader.remove('1');
      await vi.advanceTimersByTimeAsync(1_000);
      expect(orders()).toEqual(['1', '2', '2']);
      reader.clear();
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});
