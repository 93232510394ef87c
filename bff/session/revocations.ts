import { MAX_SESSION_SECONDS } from '../../shared/session.ts';
import type { Clock, Log } from '../deps.ts';
import type { Store } from '../store/index.ts';

const TOPIC = 'session:';
/** A revocation whose wake-up was lost is found within this (ms). */
const LOOK_EVERY_MS = 2_000;
/** How far each look goes back behind the last one: for clocks that differ and commits that took their time (ms). */
const OVERLAP_MS = 60_000;
/** Whoever was known before so long is over by itself (ms). */
const LONGEST_SESSION_MS = MAX_SESSION_SECONDS * 1000;
/** Without an answer for so long, nothing here is believed any more (ms). */
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
  /** The table could not be asked for too long, and again each time that goes on for as long: nothing here may be taken for valid. */
  onBlind(): void;
}): Revocations {
  const { store, clock, log } = parts;
  let known = new Set<string>();
  let seenAt = 0;
  /** Why the last look failed; null: it succeeded, or nobody has answered yet. */
  let fault: unknown = null;
  let stops: (() => void)[] = [];
  let cancelLook = (): void => undefined;
  let cancelBlind = (): void => undefined;

  async function look(): Promise<void> {
    const begunAt = clock.now();
    try {
      const since = Math.max(seenAt, begunAt - LONGEST_SESSION_MS) - OVERLAP_MS;
      const rows = await store.db.selectFrom('sessions').select('id').where('revoked_at', '>', since).execute();
      seenAt = begunAt;
      fault = null;
      watchBlindness();
      const before = known;
      known = new Set(rows.map((row) => row.id));
      for (const id of known) if (!before.has(id)) parts.onRevoked(id);
    } catch (error) {
      fault = error;
    }
  }

  function schedule(): void {
    cancelLook = clock.after(LOOK_EVERY_MS, () => {
      void look().finally(() => {
        if (stops.length > 0) schedule();
      });
    });
  }

  /** Judged by a timer of its own: where a network swallows packets, a look fails only after half a minute. */
  function watchBlindness(): void {
    cancelBlind();
    if (stops.length === 0) return;
    cancelBlind = clock.after(BLIND_MS, () => {
      watchBlindness();
      log.warn({ error: fault }, 'revoked sessions cannot be looked up: none is taken from memory, streams end');
      parts.onBlind();
    });
  }

  return {
    tell: (sessionId) => store.wake(`${TOPIC}${sessionId}`),
    start() {
      if (!store.shared) return;
      stops = [
        store.onWake((topic) => {
          if (topic.startsWith(TOPIC)) parts.onRevoked(topic.slice(TOPIC.length));
        }),
        () => cancelLook(),
        () => cancelBlind(),
      ];
      seenAt = clock.now();
      watchBlindness();
      schedule();
    },
    stop() {
      for (const stop of stops) stop();
      stops = [];
    },
  };
}
