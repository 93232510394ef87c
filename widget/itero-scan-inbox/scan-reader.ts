import type { EventType } from '../../shared/stream-event.ts';
import { pauseBefore } from '../core/backoff.ts';

export interface ScanNews {
  readonly orderId: string;
  readonly type: Extract<EventType, 'scan.received' | 'scan.updated' | 'scan.asset_ready' | 'scan.asset_missing'>;
  readonly version: string | null;
}

export interface ScanReaderOptions {
  /** Reads one case again; false when that has to be repeated. */
  readonly read: (orderId: string, news: ScanNews) => Promise<boolean>;
  /** Looks up the newest cases in one call, because many changed at once. */
  readonly readRecent: () => Promise<void>;
  /** Whether what is shown already holds this news. */
  readonly isKnown: (news: ScanNews) => boolean;
  /** These news are dealt with. */
  readonly settled: (news: readonly ScanNews[]) => void;
}

/** Events of one moment are dealt with together (ms). */
const GATHER_MS = 60;
const AT_ONCE = 4;
const BURST = 12;

/**
 * Turns events into as few reads as possible: several of one case are one, many at once are a look at the list. What
 * could not be read is read again, after growing pauses: the stream tells of it no second time.
 */
export class ScanReader {
  readonly #options: ScanReaderOptions;
  #waiting = new Map<string, ScanNews>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  /** The timer is a pause. */
  #pausing = false;
  /** Rounds in a row in which something could not be read. */
  #tries = 0;
  /** Grows at `clear`: work that began before no longer counts. */
  #round = 0;

  constructor(options: ScanReaderOptions) {
    this.#options = options;
  }

  add(news: ScanNews): void {
    this.#put(this.#waiting.get(news.orderId), news);
    this.hurry();
  }

  /** Ends a pause. */
  hurry(): void {
    if (this.#busy || this.#waiting.size === 0) return;
    if (this.#pausing) this.#stop();
    this.#timer ??= setTimeout(() => void this.#work(), GATHER_MS);
  }

  /** The case left: nothing is read about it any more. */
  remove(orderId: string): void {
    this.#waiting.delete(orderId);
  }

  clear(): void {
    this.#round += 1;
    this.#waiting.clear();
    this.#tries = 0;
    this.#busy = false;
    this.#stop();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pausing = false;
  }

  /** That a case is new stays the news about it, whatever follows before it was read. */
  #put(earlier: ScanNews | undefined, { orderId, type, version }: ScanNews): void {
    this.#waiting.set(orderId, {
      orderId,
      type: earlier?.type === 'scan.received' ? earlier.type : type,
      version: version ?? earlier?.version ?? null,
    });
  }

  async #work(): Promise<void> {
    const round = this.#round;
    this.#stop();
    this.#busy = true;
    const batch = [...this.#waiting.values()];
    this.#waiting = new Map();
    if (batch.length > BURST) await this.#options.readRecent();
    const unknown = batch.filter((news) => !this.#options.isKnown(news));
    const unread = new Set<ScanNews>();
    const next = async (): Promise<void> => {
      for (let news = unknown.shift(); news; news = unknown.shift()) {
        if (round !== this.#round) return;
        if (!(await this.#options.read(news.orderId, news))) unread.add(news);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
    if (round !== this.#round) return;
    this.#busy = false;
    this.#tries = unread.size > 0 ? this.#tries + 1 : 0;
    // News that came meanwhile wait for no pause.
    this.hurry();
    for (const news of unread) this.#put(news, this.#waiting.get(news.orderId) ?? news);
    if (unread.size > 0 && this.#timer === undefined) {
      this.#pausing = true;
      this.#timer = setTimeout(() => void this.#work(), pauseBefore(this.#tries - 1));
    }
    if (unread.size < batch.length) this.#options.settled(batch.filter((news) => !unread.has(news)));
  }
}
