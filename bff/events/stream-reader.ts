import type { ServerResponse } from 'node:http';
import type { TenantRef } from '../tenancy.ts';
import type { CommittedEvent, EventLog } from './event-log.ts';
import { canSee, type Audience } from './visibility.ts';

const PAGE = 200;

/** Who reads and for how long. */
export interface ReaderOptions {
  readonly tenant: TenantRef;
  readonly audience: Audience;
  readonly sessionId: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
  /** Everything up to this id was seen. */
  readonly position: number;
}

/**
 * One open connection. While it keeps up it gets each event as it is committed. When its socket is full it gets nothing
 * and holds nothing: after the socket drained it reads on from the log, so memory stays bounded by one socket buffer.
 */
export class StreamReader {
  readonly options: ReaderOptions;
  readonly #response: ServerResponse;
  readonly #log: EventLog;
  readonly #now: () => number;
  #position: number;
  /** Reads from the log instead of the live events. */
  #behind = true;
  /** Since when the socket takes nothing (ms); 0 while it does. */
  #fullSince = 0;
  #newest: number;
  #catchingUp = false;

  constructor(options: ReaderOptions, response: ServerResponse, log: EventLog, now: () => number) {
    this.options = options;
    this.#response = response;
    this.#log = log;
    this.#now = now;
    this.#position = options.position;
    this.#newest = options.position;
  }

  get open(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded;
  }

  /** Since when the socket takes nothing (ms since the epoch); null while it does. */
  get stalledSince(): number | null {
    return this.#fullSince === 0 ? null : this.#fullSince;
  }

  deliver(event: CommittedEvent): void {
    this.#newest = event.id;
    if (!this.#behind) this.#take(event);
  }

  /** A frame outside of the log: heartbeat, reset. Left out while the socket is full. */
  send(frame: Buffer): void {
    if (this.#fullSince !== 0 || !this.open) return;
    if (!this.#response.write(frame)) this.#stall();
  }

  drained(): void {
    if (this.#fullSince === 0) return;
    this.#fullSince = 0;
    this.catchUp().catch(() => this.cut());
  }

  /** Writes what the log has after the reader's position, then goes live without a gap. */
  async catchUp(): Promise<void> {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    try {
      while (this.#behind && this.open && this.#fullSince === 0) await this.#readPage();
    } finally {
      this.#catchingUp = false;
    }
  }

  /** The client comes back by itself, with Last-Event-ID. */
  end(): void {
    this.#response.end();
  }

  cut(): void {
    this.#response.destroy();
  }

  async #readPage(): Promise<void> {
    const page = await this.#log.after(this.options.tenant, this.#position, PAGE);
    for (const event of page) {
      if (this.#fullSince !== 0) return;
      this.#take(event);
    }
    // What was committed while the page was read is in the log, but not in the page.
    const complete = page.length < PAGE && this.#newest <= this.#position;
    if (complete && this.#fullSince === 0) this.#behind = false;
  }

  #take(event: CommittedEvent): void {
    if (event.id <= this.#position || !this.open) return;
    this.#position = event.id;
    if (canSee(this.options.audience, event) && !this.#response.write(event.frame)) this.#stall();
  }

  #stall(): void {
    this.#behind = true;
    this.#fullSince = this.#now();
  }
}
