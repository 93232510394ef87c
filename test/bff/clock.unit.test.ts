import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSystemClock } from '../../bff/clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const DAY = 86_400_000;

describe('the system clock', () => {
  it('waits longer than one timer can hold', () => {
    const ran = vi.fn();
    createSystemClock().after(60 * DAY, ran);
    vi.advanceTimersByTime(60 * DAY - 1);
    expect(ran).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(ran).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('calls a wait off, a long one too', () => {
    const ran = vi.fn();
    const cancel = createSystemClock().after(60 * DAY, ran);
    vi.advanceTimersByTime(50 * DAY);
    cancel();
    vi.advanceTimersByTime(50 * DAY);
    expect(ran).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends a sleep with the reason of its signal and leaves no timer', async () => {
    const abort = new AbortController();
    const slept = createSystemClock().sleep(1000, abort.signal);
    abort.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    expect(vi.getTimerCount()).toBe(0);
    await expect(createSystemClock().sleep(1000, abort.signal)).rejects.toThrow('enough');
  });
});
