import type { Clock, Log } from './deps.ts';
import type { Store } from './store/index.ts';

/** How often it is looked for what was left behind (ms). */
const AGAIN_MS = 60_000;

/**
 * Puts right what a stop cut off. Alone on its database a starting process knows that nobody works on what was begun before it.
 * With others on it, only what is older than any call may take is surely nobody's. Every process looks again now and then: another
 * one may never come back, and its own call may have ended without being able to write how.
 */
export function createRecovery(parts: {
  store: Pick<Store, 'shared' | 'now'>;
  clock: Clock;
  log: Log;
  /** The longest that a call may run from its first row to its last (ms). */
  longestCall: () => number;
  /** By name; each is told until when (ms since the epoch) what it finds must have begun. */
  tasks: Readonly<Record<string, (begunUntil: number) => Promise<void>>>;
}): { run(startedAt: number): Promise<void>; start(): void; stop(): void } {
  const { store, clock, log } = parts;
  const tasks = Object.entries(parts.tasks);
  let cancel = (): void => undefined;

  const abandonedUntil = async (): Promise<number> => (await store.now()) - parts.longestCall();

  async function lookAgain(): Promise<void> {
    const until = await abandonedUntil();
    for (const [, run] of tasks) await run(until);
  }

  function schedule(): void {
    cancel = clock.after(AGAIN_MS, () => {
      schedule();
      lookAgain().catch((error: unknown) => log.error({ error }, 'what was cut off is looked for again in a minute'));
    });
  }

  return {
    async run(startedAt) {
      const until = store.shared ? await abandonedUntil() : startedAt;
      for (const [, run] of tasks) await run(until);
    },
    start: schedule,
    stop: () => cancel(),
  };
}
