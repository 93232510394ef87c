import type { Practice } from '../../shared/practice.ts';
import { AlignFault, type AlignPort } from '../align/index.ts';
import type { Clock, Log } from '../deps.ts';
import type { ConnectionRow } from '../store/schema.ts';
import type { Vault } from '../vault/vault.ts';

/** Practice configurations change rarely and every form opens one (ms). */
const FRESH_MS = 10 * 60_000;
/** While upstream is away an older one serves; `fetchedAt` in it says how old (ms). */
const STALE_MS = 24 * 3_600_000;
/** Before a choice is refused, the configuration it is judged by is at most this old (ms). */
export const JUDGE_MS = 30_000;

const MOST_KEPT = 500;

interface Entry {
  readonly practice: Practice;
  readonly at: number;
}

/** Practice configuration per connection, as last read. */
export interface PracticeBook {
  /**
   * @param maxAge ms; an older one is read anew
   * @throws AlignFault when it cannot be read and none is kept
   */
  read(connection: ConnectionRow, userId: string, maxAge?: number): Promise<Practice>;
  /** What serves whoever cannot wait for upstream; null when none is kept, or only one that is too old. */
  kept(connection: ConnectionRow): Practice | null;
}

export function createPracticeBook(parts: { align: AlignPort; vault: Vault; clock: Clock; log: Log }): PracticeBook {
  const { align, vault, clock, log } = parts;
  const kept = new Map<string, Entry>();
  const running = new Map<string, Promise<Practice>>();

  function fetchOnce(connection: ConnectionRow, userId: string): Promise<Practice> {
    const already = running.get(connection.id);
    if (already !== undefined) return already;
    const call = vault
      .withToken({ connection, userId }, (token) => align.practice(token))
      .then((practice) => {
        kept.delete(connection.id);
        kept.set(connection.id, { practice, at: clock.now() });
        const [oldest] = kept.keys();
        if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
        return practice;
      })
      .finally(() => running.delete(connection.id));
    running.set(connection.id, call);
    return call;
  }

  return {
    async read(connection, userId, maxAge = FRESH_MS) {
      const entry = kept.get(connection.id);
      const age = entry === undefined ? Infinity : clock.now() - entry.at;
      // Under zero: the clock was set back since, and nobody knows how old it is.
      if (entry !== undefined && age >= 0 && age <= maxAge) return entry.practice;
      try {
        return await fetchOnce(connection, userId);
      } catch (error) {
        if (entry === undefined || age > STALE_MS || !isPassing(error)) throw error;
        log.warn({ error, connection: connection.id }, 'practice configuration not readable, the former one serves');
        return entry.practice;
      }
    },
    kept(connection) {
      const entry = kept.get(connection.id);
      return entry === undefined || clock.now() - entry.at > STALE_MS ? null : entry.practice;
    },
  };
}

/** Upstream is away for the moment: says nothing about the connection. */
function isPassing(error: unknown): boolean {
  return error instanceof AlignFault && ['unavailable', 'timeout', 'rate_limited', 'wrong_shape'].includes(error.kind);
}
