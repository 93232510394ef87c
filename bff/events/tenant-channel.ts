import type { Clock, Log } from '../deps.ts';
import type { TenantRef } from '../tenancy.ts';
import { LARGEST_BATCH, toBatches } from './event-batch.ts';
import type { CommittedEvent, EventLog } from './event-log.ts';
import type { StreamReader } from './stream-reader.ts';

export const PAGE = 200;
/** Telling that took less holds nobody up (ms). */
const COSTLY_MS = 2;

/**
 * The readers of one tenant, and the id up to which they were told. Events go out in the order of their ids without a gap:
 * one that comes ahead of another process's event is not kept, the log is read from the gap on, and brings it again. So
 * nothing but a position is held, whatever other processes do.
 *
 * The log itself may go back: after a failover to a standby that lacks the last commits, their ids are given out anew. So each
 * reading begins with the event that was told last, to see whether it is still the same one.
 */
export class TenantChannel {
  readonly tenant: TenantRef;
  readonly readers = new Set<StreamReader>();
  /** The log could not be read: to be tried again. */
  lagging = false;
  #position: number;
  /** The event at the position, as its readers were told; null: not known. Text, since a small Buffer keeps its whole pool. */
  #newest: string | null = null;
  readonly #events: EventLog;
  readonly #log: Log;
  readonly #clock: Clock;
  #ready: CommittedEvent[] = [];
  /** When the last telling ended, and how long it took (ms): so long the rest of this process has its turn. */
  #told = { at: 0, took: 0 };
  #looking = false;
  #lookAgain = false;

  /** @param position everything up to this id is what readers read from the log when they join */
  constructor(tenant: TenantRef, position: number, parts: { events: EventLog; log: Log; clock: Clock }) {
    this.tenant = tenant;
    this.#position = position;
    this.#events = parts.events;
    this.#log = parts.log;
    this.#clock = parts.clock;
  }

  /** Readers that follow live were told everything up to this id. */
  get position(): number {
    return this.#position;
  }

  /**
   * An event that this process committed. What is committed together goes out together, in the same turn; what follows while
   * the last telling has just ended waits for as long as that took, and goes out together, too.
   */
  committed(event: CommittedEvent): void {
    // Ahead of another process's, or read from the log before this news of it came; else its id is given out for the second time.
    if (event.id !== this.#position + this.#ready.length + 1) return this.look();
    this.#ready.push(event);
    if (this.#ready.length >= LARGEST_BATCH) this.#flush();
    else if (this.#ready.length === 1) this.#flushSoon();
  }

  /** Reads what the log has after the position; one reading at a time. */
  look(): void {
    this.#lookAgain = true;
    if (this.#looking) return;
    this.#looking = true;
    this.#read().catch((error: unknown) => {
      this.lagging = true;
      this.#log.warn({ error }, 'the event log could not be read; tried again in a second');
    });
  }

  /**
   * The log ends at `last`, and what was told after that, or under these very ids, is gone. All readers load anew; what follows
   * is told.
   */
  wentBack(last: number): void {
    this.#log.warn(
      { told: this.#position, last },
      'the event log went back, as after a failover to a standby that lacked the last commits; its readers load anew',
    );
    this.#position = last;
    this.#newest = null;
    this.#ready = [];
    for (const reader of this.readers) reader.restart(last);
    this.look();
  }

  async #read(): Promise<void> {
    try {
      while (this.#lookAgain && this.readers.size > 0) {
        this.#lookAgain = false;
        this.lagging = false;
        const told = { position: this.#position, newest: this.#newest };
        const page = await this.#events.after(this.tenant, told.position - 1, PAGE);
        const last = await this.#lastIfWentBack(told, page[0]);
        // Somebody else noticed meanwhile: this page may be of before.
        if (this.#position < told.position) continue;
        if (last !== null) {
          this.wentBack(last);
          continue;
        }
        // What came by itself meanwhile goes first: it follows the position, and the page may have it too.
        this.#flush();
        this.#tell(page.filter(({ id }) => id > this.#position));
        if (page.length === PAGE) this.#lookAgain = true;
      }
    } finally {
      // In the same turn as the last look at the flag: nobody's wish falls in between.
      this.#looking = false;
    }
  }

  /** @param first of what the log has from the position on */
  async #lastIfWentBack(
    told: { position: number; newest: string | null },
    first: CommittedEvent | undefined,
  ): Promise<number | null> {
    if (told.position === 0) return null;
    if (first === undefined) {
      const { last, prunedTo } = await this.#events.bounds(this.tenant);
      // Else retention removed all that was told.
      return prunedTo < told.position && last !== told.position ? last : null;
    }
    if (first.id !== told.position) return null;
    const frame = first.frame.toString();
    if (this.#position === told.position) this.#newest ??= frame;
    return told.newest === null || told.newest === frame ? null : (await this.#events.bounds(this.tenant)).last;
  }

  #flushSoon(): void {
    const since = this.#clock.now() - this.#told.at;
    const rest = since < 0 ? 0 : this.#told.took - since;
    if (this.#told.took >= COSTLY_MS && rest > 0) this.#clock.after(rest, () => this.#flush());
    else queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#ready.length === 0) return;
    const begunAt = this.#clock.now();
    this.#tell(this.#ready.splice(0));
    const at = this.#clock.now();
    this.#told = { at, took: at - begunAt };
  }

  #tell(events: readonly CommittedEvent[]): void {
    const [first] = events;
    if (first === undefined) return;
    if (first.id > this.#position + 1) {
      // Ids have no holes but where retention removed them, before anybody here was told.
      this.#position = first.id - 1;
      for (const reader of this.readers) reader.lost(this.#position);
    }
    for (const batch of toBatches(events)) {
      this.#position = batch.last;
      for (const reader of this.readers) reader.deliver(batch);
    }
    this.#newest = events.at(-1)?.frame.toString() ?? null;
  }
}
