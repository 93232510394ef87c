/** Never asked more often than this for a check that should have run (ms): the clock here may be wrong. */
const LEAST_MS = 30_000;
/** At the latest asked again after this (ms). */
const MOST_MS = 300_000;
/** A check takes a moment (ms). */
const RUNS_MS = 3_000;
/** While no check is planned (ms). */
const UNPLANNED_MS = 60_000;
/** Events of a burst are one reason to ask (ms). */
const APART_MS = 2_000;

/** How long to wait (ms) until a check that is planned for then has run. */
export function untilChecked(nextCheckAt: string | null, now: number): number {
  const wait = Date.parse(nextCheckAt ?? '') - now + RUNS_MS;
  if (Number.isNaN(wait)) return UNPLANNED_MS;
  return Math.min(Math.max(wait, LEAST_MS), MOST_MS);
}

/**
 * Keeps "checked 09:42" true while a page stands open: asks when a check has run and when news came, never in a page
 * that nobody sees, and never in a rush.
 */
export class CheckWatch {
  readonly #ask: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watching = false;
  #asked = 0;

  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** An answer came that says when the next check is due. */
  plan(nextCheckAt: string | null): void {
    if (!this.#watching) {
      this.#watching = true;
      document.addEventListener('visibilitychange', this.#seen);
    }
    this.#wait(untilChecked(nextCheckAt, Date.now()));
  }

  /** Something happened that is counted. */
  news(): void {
    const since = Date.now() - this.#asked;
    if (since >= APART_MS) this.#now();
    else this.#wait(APART_MS - since);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    document.removeEventListener('visibilitychange', this.#seen);
    this.#watching = false;
    this.#asked = 0;
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (document.visibilityState === 'visible') this.#now();
    }, ms);
  }

  #now(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asked = Date.now();
    this.#ask();
  }

  /** What became due while nobody looked is asked for now. */
  readonly #seen = (): void => {
    if (document.visibilityState === 'visible' && this.#timer === undefined) this.#now();
  };
}
