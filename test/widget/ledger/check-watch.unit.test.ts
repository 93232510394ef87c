import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckWatch, untilChecked } from '../../../widget/ledger/check-watch.ts';

class Page extends EventTarget {
  visibilityState = 'visible';
  listeners = 0;
  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.listeners++;
    super.addEventListener(...args);
  }
  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.listeners--;
    super.removeEventListener(...args);
  }
  show(state: 'visible' | 'hidden'): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

const NOW = Date.UTC(2026, 10, 23, 9, 42);
const inSeconds = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();

describe('asking again when a check has run', () => {
  const ask = vi.fn<() => void>();
  let page: Page;
  let watch: CheckWatch;

  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
    page = new Page();
    vi.stubGlobal('document', page);
    ask.mockReset();
    watch = new CheckWatch(ask);
  });
  afterEach(() => {
    watch.stop();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('waits until the check is over, not less than half a minute and not more than five', () => {
    expect(untilChecked(inSeconds(120), NOW)).toBe(123_000);
    expect(untilChecked(inSeconds(-600), NOW)).toBe(30_000);
    expect(untilChecked(inSeconds(86_400), NOW)).toBe(300_000);
    expect(untilChecked(null, NOW)).toBe(60_000);
  });

  it('asks once the planned check has run', () => {
    watch.plan(inSeconds(120));
    vi.advanceTimersByTime(122_999);
    expect(ask).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('a page that nobody sees asks nothing, and catches up when it is seen', () => {
    watch.plan(inSeconds(60));
    page.show('hidden');
    vi.advanceTimersByTime(3_600_000);
    expect(ask).not.toHaveBeenCalled();
    page.show('visible');
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('looking at the page again before the check is due asks nothing', () => {
    watch.plan(inSeconds(60));
    page.show('hidden');
    page.show('visible');
    expect(ask).not.toHaveBeenCalled();
  });

  it('a burst of events is one question at once and one after it', () => {
    watch.plan(inSeconds(120));
    for (let event = 0; event < 50; event += 1) {
      watch.news();
      vi.advanceTimersByTime(10);
    }
    expect(ask).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2_000);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('leaves no listener and no timer behind', () => {
    watch.plan(inSeconds(60));
    watch.plan(inSeconds(60));
    watch.stop();
    expect(page.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
