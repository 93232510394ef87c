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

/**
 * Read marks are the server's (rules.md "Read marks"); they wait here only until it took them. A mark that it refuses
 * is dropped, except `not_found`: it may be of another patient than the one this page is bound to, and is sent later.
 */
export class ReadMarks {
  readonly #options: ReadMarksOptions;
  #keep: Keep | null = null;
  #marks = new Map<string, ReadMark>();
  #sending: Promise<void> | null = null;
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
    this.#keep = keep;
    this.#marks = new Map();
    this.#unknown = new Set();
    const kept = toMarks(await keep.get(KEPT_AS)).filter(({ at }) => at > this.#options.now() - KEPT_MS);
    if (this.#keep !== keep) return;
    // A mark made while reading is newer than the kept one.
    this.#marks = new Map([...kept.map((mark) => [mark.orderId, mark] as const), ...this.#marks]);
  }

  async mark(orderId: string, version: string, read: boolean): Promise<void> {
    this.#marks.delete(orderId);
    this.#marks.set(orderId, { orderId, version, read, at: this.#options.now() });
    await this.#store();
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
      const answer = await this.#options.send(mark);
      if (!answer.ok && (answer.error.retryable || answer.error.code === 'aborted')) return;
      if (!answer.ok && answer.error.code === 'not_found') {
        this.#unknown.add(mark);
        continue;
      }
      if (this.#marks.get(mark.orderId) === mark) this.#marks.delete(mark.orderId);
      await this.#store();
    }
  }

  async #store(): Promise<void> {
    const marks = [...this.#marks.values()].slice(-MOST);
    await (marks.length === 0 ? this.#keep?.delete(KEPT_AS) : this.#keep?.set(KEPT_AS, marks));
  }
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
