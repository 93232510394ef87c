import type { Clock, Log } from './deps.ts';

const HOUR = 3_600_000;

/** Runs each task once an hour; a task that fails is tried again in the next one. */
export function createHourly(parts: { clock: Clock; log: Log; tasks: Readonly<Record<string, () => Promise<void>>> }): {
  start(): void;
  stop(): void;
} {
  const { clock, log, tasks } = parts;
  let cancel = (): void => {};
  const schedule = (): void => {
    cancel = clock.after(HOUR, () => {
      schedule();
      for (const [task, run] of Object.entries(tasks)) {
        run().catch((error: unknown) => log.error({ error, task }, 'hourly task failed; tried again in an hour'));
      }
    });
  };
  return { start: schedule, stop: () => cancel() };
}
