import type { Clock, Random } from './deps.ts';

/** setTimeout cannot hold more (ms); longer waits are taken in steps. */
const LONGEST_TIMER = 2_147_483_647;

export function createSystemClock(): Clock {
  const after = (ms: number, task: () => void): (() => void) => {
    const due = Date.now() + ms;
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const left = Math.max(0, due - Date.now());
      timer = setTimeout(left > LONGEST_TIMER ? arm : task, Math.min(left, LONGEST_TIMER));
    };
    arm();
    return () => clearTimeout(timer);
  };
  return {
    now: () => Date.now(),
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const stop = (): void => {
          cancel();
          reject(signal?.reason);
        };
        const cancel = after(ms, () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        });
        signal?.addEventListener('abort', stop, { once: true });
      }),
  };
}

export function createSystemRandom(): Random {
  return {
    bytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
    fraction: () => Math.random(),
  };
}
