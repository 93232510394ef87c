import type { EventType } from '../../shared/stream-event.ts';

export interface ScanNews {
  readonly orderId: string;
  readonly type: Extract<EventType, 'scan.received' | 'scan.updated' | 'scan.asset_ready' | 'scan.asset_missing'>;
  readonly version: string | null;
}

export interface ScanReaderOptions {
  /** Reads one case again. */
  readonly read: (orderId: string, news: ScanNews) => Promise<void>;
  /** Looks up the newest cases in one call, because many changed at once. */
  readonly readRecent: () => Promise<void>;
  /** Whether what is shown already holds this news. */
  readonly isKnown: (news: ScanNews) => boolean;
  /** All news so far are dealt with. */
  readonly settled: (news: readonly ScanNews[]) => void;
}

/** Events of one moment are dealt with together (ms). */
const GATHER_MS = 60;
const AT_ONCE = 4;
const BURST = 12;

/** Turns events into as few reads as possible: several of one case are one, many at once are a look at the list. */
export class ScanReader {
  readonly #options: ScanReaderOptions;
  #waiting = new Map<string, ScanNews>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  /** Grows at `clear`: work that began before no longer counts. */
  #round = 0;

  constructor(options: ScanReaderOptions) {
    this.#options = options;
  }

  add(news: ScanNews): void {
    const known = this.#waiting.get(news.orderId);
    // That a case is new stays the news about it, whatever follows at once.
    const type = known?.type === 'scan.received' ? known.type : news.type;
    this.#waiting.set(news.orderId, { ...news, type, version: news.version ?? known?.version ?? null });
    this.#plan();
  }

  /** The case left: nothing is read about it any more. */
  remove(orderId: string): void {
    this.#waiting.delete(orderId);
  }

  clear(): void {
    this.#round += 1;
    this.#waiting.clear();
    this.#busy = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #plan(): void {
    if (this.#busy || this.#waiting.size === 0) return;
    this.#timer ??= setTimeout(() => void this.#work(), GATHER_MS);
  }

  async #work(): Promise<void> {
    const round = this.#round;
    this.#timer = undefined;
    this.#busy = true;
    const batch = [...this.#waiting.values()];
    this.#waiting = new Map();
    if (batch.length > BURST) await this.#options.readRecent();
    const unknown = batch.filter((news) => !this.#options.isKnown(news));
    const next = async (): Promise<void> => {
      for (let news = unknown.shift(); news; news = unknown.shift()) {
        if (round !== this.#round) return;
        await this.#options.read(news.orderId, news);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
    if (round !== this.#round) return;
    this.#busy = false;
    this.#options.settled(batch);
    this.#plan();
  }
}
