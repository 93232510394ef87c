import type { Result } from '../../shared/result.ts';
import type { Fault } from '../core/fault.ts';
import type { Keep } from '../core/keep.ts';

export interface ReadMark {
  readonly orderId: string;
  readonly version: string;
  readonly read: boolean;
  /** When the person did it (ms). */
  readonly at: number;
}

export interface ReadMarksOptions {
  readonly send: (mark: ReadMark) => Promise<Result<unknown, Fault>>;
  readonly now: () => number;
}

const KEPT_AS = 'read-marks';
const KEPT_MS = 7 * 86_400_000;
const MOST = 500;
/** Faults that are not the server's refusal of a mark: the element left, or somebody has to sign in first. */
const NO_ANSWER = new Set(['aborted', 'session_refused']);

/**
 * Read marks are the server's (rules.md "Read marks"); they wait here only until it took them. A mark that it refuses
 * is dropped, except `not_found`: it may be of another patient than the one this page is bound to, and is sent later.
 */
export class ReadMarks {
  readonly #options: ReadMarksOptions;
  #keep: Keep | null = null;
  #marks = new Map<string, ReadMark>();
  #sending: Promise<void> | null = null;
  /** Known to be in the browser, where another tab may send them, or put a newer one in their place. */
  readonly #kept = new WeakSet<ReadMark>();
  /** Unknown to this session: not sent again before the next start. */
  #unknown = new Set<ReadMark>();

  constructor(options: ReadMarksOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#marks.size;
  }

  /** Another vendor, tenant or user: the marks of the former stay in the former's place. */
  async use(keep: Keep): Promise<void> {
    this.drop();
    this.#keep = keep;
    const kept = this.#toFresh(await keep.get(KEPT_AS));
    if (this.#keep !== keep) return;
    for (const mark of kept) this.#kept.add(mark);
    // A mark made while reading is newer than the kept one.
    this.#marks = new Map([...kept.map((mark) => [mark.orderId, mark] as const), ...this.#marks]);
  }

  /** What waits is the former user's, or patient's: it stays in the browser. */
  drop(): void {
    this.#keep = null;
    this.#marks = new Map();
    this.#unknown = new Set();
  }

  async mark(orderId: string, version: string, read: boolean): Promise<void> {
    this.#marks.delete(orderId);
    this.#marks.set(orderId, { orderId, version, read, at: this.#options.now() });
    // A store that never answers holds no mark back.
    void this.#store(orderId);
    await this.flush();
  }

  /** Sends what waits, one after the other; stops at the first call that got no answer. */
  async flush(): Promise<void> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = null;
    });
    await this.#sending;
  }

  async #send(): Promise<void> {
    for (;;) {
      const mark = [...this.#marks.values()].find((one) => !this.#unknown.has(one));
      if (mark === undefined) return;
      const stands = !this.#kept.has(mark) || (await this.#isKept(mark));
      // Meanwhile the person marked the case anew, or another user came, in whose name it must not be sent.
      if (this.#marks.get(mark.orderId) !== mark) continue;
      if (!stands) {
        this.#marks.delete(mark.orderId);
        continue;
      }
      const answer = await this.#options.send(mark);
      if (!answer.ok && (answer.error.retryable || NO_ANSWER.has(answer.error.code))) {
        void this.#noteKept(mark);
        return;
      }
      if (!answer.ok && answer.error.code === 'not_found') {
        this.#unknown.add(mark);
        continue;
      }
      if (this.#marks.get(mark.orderId) === mark) this.#marks.delete(mark.orderId);
      void this.#store(mark.orderId, mark);
    }
  }

  /** A browser that keeps nothing says nothing about a mark. */
  async #noteKept(mark: ReadMark): Promise<void> {
    if (await this.#isKept(mark)) this.#kept.add(mark);
  }

  async #isKept(mark: ReadMark): Promise<boolean> {
    return this.#toFresh(await this.#keep?.get(KEPT_AS)).some((one) => isSame(one, mark));
  }

  /**
   * Keeps what waits for this case, or keeps no longer what was `sent`. Marks of other cases, and a newer one of this
   * case, may be another tab's.
   */
  async #store(orderId: string, sent?: ReadMark): Promise<void> {
    const mine = this.#marks.get(orderId);
    await this.#keep?.update(KEPT_AS, (kept) => {
      const stays = (one: ReadMark): boolean =>
        one.orderId !== orderId || (mine === undefined && sent !== undefined && !isSame(one, sent));
      const marks = [...this.#toFresh(kept).filter(stays), ...(mine ? [mine] : [])].slice(-MOST);
      return marks.length === 0 ? undefined : marks;
    });
  }

  #toFresh(kept: unknown): ReadMark[] {
    return toMarks(kept).filter(({ at }) => at > this.#options.now() - KEPT_MS);
  }
}

function isSame(a: ReadMark, b: ReadMark): boolean {
  return a.orderId === b.orderId && a.version === b.version && a.read === b.read && a.at === b.at;
}

function toMarks(kept: unknown): ReadMark[] {
  return Array.isArray(kept) ? kept.filter(isMark) : [];
}

function isMark(value: unknown): value is ReadMark {
  if (typeof value !== 'object' || value === null) return false;
  const { orderId, version, read, at } = value as Record<string, unknown>;
  return (
    typeof orderId === 'string' && typeof version === 'string' && typeof read === 'boolean' && typeof at === 'number'
  );
}
