import type { Clock, Log, LogFields } from './deps.ts';
import { tryUntilDone } from './growing-pauses.ts';

const PAUSES = { first: 1_000, longest: 30_000 };
/** A write that failed for so long is given up (ms): what it would have told is by then looked for by hand. */
const GIVE_UP_AFTER = 3_600_000;

/**
 * What upstream has answered and the database did not take. It cannot be asked for again, so each write is tried until it
 * succeeds, for an hour at most, whether or not anybody waits for it.
 */
export class LateWrites {
  readonly #clock: Clock;
  readonly #log: Log | undefined;
  readonly #trying = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(parts: { clock: Clock; log: Log | undefined }) {
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** What is written under this id is still on its way. */
  has(id: string): boolean {
    return this.#trying.has(id);
  }

  /**
   * @param write may run again after it has committed: where the connection broke in COMMIT nobody knows
   * @param fields what the log says of it, now and should it be given up; no patient data
   */
  keep(id: string, write: () => Promise<void>, fields: LogFields, error: unknown): void {
    this.#log?.error({ ...fields, error }, 'not stored, it is tried again');
    if (!this.#trying.has(id)) this.#trying.set(id, this.#tryUntilStored(id, write, fields));
  }

  /** One last try for each, at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#trying.values());
  }

  async #tryUntilStored(id: string, write: () => Promise<void>, fields: LogFields): Promise<void> {
    const end = this.#clock.now() + GIVE_UP_AFTER;
    await tryUntilDone({ clock: this.#clock, pauses: PAUSES, stop: this.#stopping.signal }, async (stopped) => {
      const last = stopped || this.#clock.now() >= end;
      try {
        await write();
        this.#log?.warn(fields, 'stored late');
        return true;
      } catch (error) {
        if (last) this.#log?.error({ ...fields, error }, 'never stored, it is given up');
        return last;
      }
    });
    this.#trying.delete(id);
  }
}
