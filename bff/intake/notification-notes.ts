import type { Clock, Log } from '../deps.ts';
import { NOTED_EVERY_MS, type Connections } from '../pairing/connections.ts';
import type { Store } from '../store/index.ts';

/** Notes that a connection's callback works, apart from storing what was told. */
export interface NotificationNotes {
  /** @param ids of connections of which a notification is on disk now */
  note(ids: Iterable<string>): void;
  /** Resolves when all is noted that was told. */
  stop(): Promise<void>;
}

/**
 * After the hint, in a write of its own, one at a time: the connection's row may be held by another instance's work, and one that
 * stands still there must not make this one refuse notifications.
 */
export function createNotificationNotes(parts: {
  store: Store;
  connections: Pick<Connections, 'noteNotification'>;
  clock: Clock;
  log: Log;
}): NotificationNotes {
  const { store, connections, clock, log } = parts;
  const waiting = new Set<string>();
  let notedAt = -Infinity;
  let running: Promise<void> | null = null;
  let cancel: (() => void) | null = null;

  async function keep(ids: readonly string[]): Promise<void> {
    try {
      await store.write(async (tx) => {
        for (const id of ids) await connections.noteNotification(tx, id);
      });
    } catch (error) {
      // What was told is on disk; the next notification is noted again.
      log.warn({ error, connections: ids.length }, 'the time of a notification could not be noted');
    }
  }

  async function flush(): Promise<void> {
    notedAt = clock.now();
    const ids = [...waiting];
    waiting.clear();
    // With others at the database each row by itself: one that is held must not hold the rest.
    if (store.shared) for (const id of ids) await keep([id]);
    else await keep(ids);
  }

  function plan(): void {
    if (running !== null || cancel !== null || waiting.size === 0) return;
    const begin = (): void => {
      cancel = null;
      running = flush().finally(() => {
        running = null;
        plan();
      });
    };
    const wait = notedAt + NOTED_EVERY_MS - clock.now();
    // Longer than it ever is: the clock was set back since.
    if (wait <= 0 || wait > NOTED_EVERY_MS) begin();
    else cancel = clock.after(wait, begin);
  }

  return {
    note(ids) {
      for (const id of ids) waiting.add(id);
      plan();
    },
    async stop() {
      cancel?.();
      cancel = () => undefined;
      await running;
      if (waiting.size > 0) await flush();
    },
  };
}
