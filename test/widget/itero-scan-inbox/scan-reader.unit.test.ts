import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScanReader, type ScanNews } from '../../../widget/itero-scan-inbox/scan-reader.ts';

const news = (orderId: string, type: ScanNews['type'] = 'scan.updated', version: string | null = 'v'): ScanNews => ({
  orderId,
  type,
  version,
});

describe('events to reads', () => {
  const read = vi.fn<(orderId: string) => Promise<void>>();
  const readRecent = vi.fn<() => Promise<void>>();
  const settled = vi.fn<(batch: readonly ScanNews[]) => void>();
  let known: Set<string>;
  let reader: ScanReader;

  beforeEach(() => {
    vi.useFakeTimers();
    known = new Set();
    read.mockReset().mockResolvedValue();
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
    let finish = (): void => undefined;
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
    finish();
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
});
