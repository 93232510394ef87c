import type { Log } from '../deps.ts';
import type { TenantRef } from '../tenancy.ts';
import { LARGEST_BATCH, toBatches } from './event-batch.ts';
import type { CommittedEvent, EventLog } from './event-log.ts';
import type { StreamReader } from './stream-reader.ts';

export const PAGE = 200;

/**
 * The readers of one tenant, and the id up to which they were told. Events go out in the order of their ids without a gap:
 * one that comes ahead of another process's event is not kept, the log is read from the gap on, and brings it again. So
 * nothing but a position is held, whatever other processes do.
 */
export class TenantChannel {
  readonly tenant: TenantRef;
  readonly readers = new Set<StreamReader>();
  /** The log could not be read: to be tried again. */
  lagging = false;
  #position: number;
  readonly #events: EventLog;
  readonly #log: Log;
  #ready: CommittedEvent[] = [];
  #looking = false;
  #lookAgain = false;

  /** @param position everything up to this id is what readers read from the log when they join */
  constructor(tenant: TenantRef, position: number, parts: { events: EventLog; log: Log }) {
    this.tenant = tenant;
    this.#position = position;
    this.#events = parts.events;
    this.#log = parts.log;
  }

  /** Readers that follow live were told everything up to this id. */
  get position(): number {
    return this.#position;
  }

  /** An event that this process committed. What is committed together goes out together, in the same turn. */
  committed(event: CommittedEvent): void {
    if (event.id <= this.#position + this.#ready.length) return;
    if (event.id > this.#position + this.#ready.length + 1) return this.look();
    this.#ready.push(event);
    if (this.#ready.length >= LARGEST_BATCH) this.#flush();
    else if (this.#ready.length === 1) queueMicrotask(() => this.#flush());
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

  async #read(): Promise<void> {
    try {
      while (this.#lookAgain && this.readers.size > 0) {
        this.#lookAgain = false;
        this.lagging = false;
        const page = await this.#events.after(this.tenant, this.#position, PAGE);
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

  #flush(): void {
    if (this.#ready.length > 0) this.#tell(this.#ready.splice(0));
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
  }
}
