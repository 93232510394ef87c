import type { Clock, Log } from '../deps.ts';
import type { Store } from '../store/index.ts';

const TOPIC = 'session:';
/** A revocation whose wake-up was lost is found within this (ms). */
const LOOK_EVERY_MS = 2_000;
/** How far back each look goes: for clocks that differ and commits that took their time (ms). */
const LOOK_BACK_MS = 60_000;
/** Without a look for so long, what is kept in memory is not believed any more (ms). */
const BLIND_MS = 8_000;

/**
 * Sessions that other instances revoked: told by a wake-up at once, and found by looking at the table should it be lost, so that
 * a revoked session ends everywhere within seconds, its streams too.
 */
export interface Revocations {
  /** After the commit. */
  tell(sessionId: string): void;
  start(): void;
  stop(): void;
}

export function createRevocations(parts: {
  store: Store;
  clock: Clock;
  log: Log;
  onRevoked(sessionId: string): void;
  /** The database cannot be asked: nothing in memory may be taken for valid. */
  onBlind(): void;
}): Revocations {
  const { store, clock, log } = parts;
  let known = new Set<string>();
  let seenAt = 0;
  let stops: (() => void)[] = [];
  let cancel = (): void => undefined;

  async function look(): Promise<void> {
    const begunAt = clock.now();
    try {
      const rows = await store.db
        .selectFrom('sessions')
        .select('id')
        .where('revoked_at', '>', begunAt - LOOK_BACK_MS)
        .execute();
      seenAt = begunAt;
      const before = known;
      known = new Set(rows.map((row) => row.id));
      for (const id of known) if (!before.has(id)) parts.onRevoked(id);
    } catch (error) {
      if (clock.now() - seenAt < BLIND_MS) return;
      log.warn({ error }, 'revoked sessions cannot be looked up: no session is taken from memory');
      parts.onBlind();
    }
  }

  function schedule(): void {
    cancel = clock.after(LOOK_EVERY_MS, () => {
      void look().finally(() => {
        if (stops.length > 0) schedule();
      });
    });
  }

  return {
    tell: (sessionId) => store.wake(`${TOPIC}${sessionId}`),
    start() {
      if (!store.shared) return;
      seenAt = clock.now();
      stops = [
        store.onWake((topic) => {
          if (topic.startsWith(TOPIC)) parts.onRevoked(topic.slice(TOPIC.length));
        }),
        () => cancel(),
      ];
      schedule();
    },
    stop() {
      for (const stop of stops) stop();
      stops = [];
    },
  };
}
