import type { Clock, Log } from '../deps.ts';

/** A person waits: what upstream did not say by then is told as no answer (ms). */
const PATIENCE_MS = 8000;

/** How long one question waits for upstream, whatever it asks it for. */
export interface Patience {
  /**
   * What comes of `work`, or what `late` says once the time is up. The work goes on then, and what becomes of it is nobody's
   * answer any more: a fault is logged.
   */
  wait<T>(work: Promise<T>, late: () => T): Promise<T>;
  /** Nobody waits any more. */
  end(): void;
}

/** It runs from now on. */
export function createPatience({ clock, log }: { clock: Clock; log: Log }): Patience {
  const enough = new AbortController();
  let isHeard = true;
  const over = clock
    .sleep(PATIENCE_MS, enough.signal)
    .catch(() => undefined)
    .then(() => void (isHeard = false));
  return {
    async wait(work, late) {
      work.catch((error: unknown) => {
        if (!isHeard) log.error({ error }, 'what nobody waited for any more failed');
      });
      return Promise.race([work, over.then(late)]);
    },
    end() {
      enough.abort();
    },
  };
}
