/** A pause that a test can end by moving the clock. Times are milliseconds since 1970. */
export interface Clock {
  readonly kind: 'real' | 'manual';
  now(): number;
  /** Runs once, `ms` from now by this clock. Returns a function that calls it off. */
  after(ms: number, run: () => void | Promise<void>): () => void;
  /** Resolves `ms` from now by this clock, or at once when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Moves the clock forward and runs, in order, all that falls due on the way. */
  advance(ms: number): Promise<void>;
  /** Calls off all that waits. */
  clear(): void;
  close(): void;
}

interface Timer {
  due: number;
  run: () => void | Promise<void>;
}

export interface ClockOptions {
  kind: 'real' | 'manual';
  startAt?: number;
  onError: (error: unknown) => void;
}

const LONGEST_TIMEOUT = 2 ** 31 - 1;

export function createClock({ kind, startAt, onError }: ClockOptions): Clock {
  let shift = kind === 'manual' ? (startAt ?? Date.now()) : (startAt ?? Date.now()) - Date.now();
  let wake: NodeJS.Timeout | undefined;
  let closed = false;
  const timers: Timer[] = [];
  const now = (): number => (kind === 'manual' ? shift : Date.now() + shift);

  async function runOne(timer: Timer): Promise<void> {
    try {
      await timer.run();
    } catch (error) {
      onError(error);
    }
  }

  function arm(): void {
    clearTimeout(wake);
    const next = timers[0];
    if (kind === 'manual' || next === undefined || closed) return;
    wake = setTimeout(
      () => {
        while (timers[0] !== undefined && timers[0].due <= now()) void runOne(timers.shift()!);
        arm();
      },
      Math.min(Math.max(next.due - now(), 0), LONGEST_TIMEOUT),
    );
  }

  function after(ms: number, run: () => void | Promise<void>): () => void {
    const timer: Timer = { due: now() + Math.max(ms, 0), run };
    const place = timers.findIndex((other) => other.due > timer.due);
    timers.splice(place === -1 ? timers.length : place, 0, timer);
    arm();
    return () => {
      const index = timers.indexOf(timer);
      if (index !== -1) timers.splice(index, 1);
      arm();
    };
  }

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = after(ms, resolve);
      const stop = (): void => {
        cancel();
        resolve();
      };
      if (signal?.aborted === true) stop();
      else signal?.addEventListener('abort', stop, { once: true });
    });
  }

  async function advance(ms: number): Promise<void> {
    const target = now() + ms;
    while (timers[0] !== undefined && timers[0].due <= target) {
      const timer = timers.shift()!;
      shift += Math.max(timer.due - now(), 0);
      await runOne(timer);
    }
    shift += Math.max(target - now(), 0);
    arm();
  }

  function clear(): void {
    clearTimeout(wake);
    timers.length = 0;
  }

  function close(): void {
    closed = true;
    clear();
  }

  return { kind, now, after, sleep, advance, clear, close };
}
