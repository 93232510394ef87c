import { uncounted, type Activity, type Clock, type Log } from '../deps.ts';

export interface DueLoop {
  start(): void;
  /** Something may be due now. */
  wake(): void;
  /** Begins nothing more and resolves when all that runs has ended. */
  stop(): Promise<void>;
}

/** What a pass may use to run things beside itself, so that a slow one holds up no other. */
export interface Slots {
  free(): number;
  has(key: string): boolean;
  /** Runs beside the pass; the loop looks again when it has ended. */
  launch(key: string, task: (signal: AbortSignal, rest: Rest) => Promise<void>): void;
}

/** Waits in the middle of a task, whose slot others may have meanwhile. @throws the signal's reason */
export type Rest = (ms: number) => Promise<void>;

/** The schedule is in the database and may be changed by others: look at least so often (ms). */
const IDLE_MS = 30_000;
const SOONEST_MS = 20;
const AFTER_FAULT_MS = 5000;

/**
 * Works off what is due in the database. `pass` launches it and tells when the next is due (ms since the epoch), or null.
 * Nothing is kept in memory but what is running, so a kill forgets nothing.
 */
export function createDueLoop(parts: {
  name: string;
  clock: Clock;
  log: Log;
  limit: number;
  activity?: Activity | undefined;
  pass(slots: Slots): Promise<number | null>;
}): DueLoop {
  const { name, clock, log, limit, activity = uncounted } = parts;
  const running = new Map<string, Promise<void>>();
  let stopping: AbortController | null = null;
  let cancelTimer = (): void => {};
  let passing: Promise<void> | null = null;
  let again = false;
  let resting = 0;

  async function rest(ms: number, signal: AbortSignal): Promise<void> {
    resting += 1;
    wake();
    try {
      await clock.sleep(ms, signal);
    } finally {
      resting -= 1;
    }
  }

  const slots: Slots = {
    free: () => (stopping === null || stopping.signal.aborted ? 0 : limit - running.size + resting),
    has: (key) => running.has(key),
    launch(key, task) {
      if (stopping === null) return;
      const { signal } = stopping;
      const run = activity
        .run(() => task(signal, (ms) => rest(ms, signal)))
        .catch(async (error: unknown) => {
          if (signal.aborted) return;
          log.error({ error, loop: name }, 'a background task failed; it will be tried again');
          // Its row is as due as before: without a pause it would be tried without end.
          await clock.sleep(AFTER_FAULT_MS, signal).catch(() => undefined);
        })
        .finally(() => {
          running.delete(key);
          wake();
        });
      running.set(key, run);
    },
  };

  async function look(): Promise<void> {
    cancelTimer();
    let wait = IDLE_MS;
    try {
      const due = await parts.pass(slots);
      if (due !== null) wait = Math.min(IDLE_MS, Math.max(SOONEST_MS, due - clock.now()));
    } catch (error) {
      log.error({ error, loop: name }, 'a background look failed; it will be tried again');
      wait = AFTER_FAULT_MS;
    }
    if (stopping !== null && !stopping.signal.aborted) cancelTimer = clock.after(wait, wake);
  }

  function wake(): void {
    if (stopping === null || stopping.signal.aborted) return;
    if (passing !== null) {
      again = true;
      return;
    }
    again = false;
    passing = activity.run(look).finally(() => {
      passing = null;
      if (again) wake();
    });
  }

  return {
    start() {
      stopping = new AbortController();
      wake();
    },
    wake,
    async stop() {
      stopping?.abort();
      cancelTimer();
      await passing;
      await Promise.all(running.values());
    },
  };
}

/** The database's clock and ours may differ: when that time there comes here (ms). */
export function toLocal(clock: Clock, databaseNow: number, due: number | null): number | null {
  return due === null ? null : clock.now() + (due - databaseNow);
}

export function soonest(...times: readonly (number | null)[]): number | null {
  return times.reduce((least, time) => (time === null ? least : Math.min(least ?? time, time)), null);
}
