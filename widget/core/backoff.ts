const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** How long to wait before attempt n + 1 (ms): growing from 1 s to 30 s, half of it random, so that clients spread. */
export function pauseBefore(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return full * (0.5 + random() / 2);
}

/** Calls back when the network or the person came back: worth an immediate try. Returns the way to stop. */
export function onWake(handler: () => void): () => void {
  const visible = (): void => {
    if (document.visibilityState === 'visible') handler();
  };
  window.addEventListener('online', handler);
  document.addEventListener('visibilitychange', visible);
  return () => {
    window.removeEventListener('online', handler);
    document.removeEventListener('visibilitychange', visible);
  };
}
