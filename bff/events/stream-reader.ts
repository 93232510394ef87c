import type { Writable } from 'node:stream';
import type { Log } from '../deps.ts';
import type { Principal } from '../tenancy.ts';
import { toBatches, type EventBatch } from './event-batch.ts';
import type { EventLog } from './event-log.ts';
import { resetFrame } from './frame.ts';
import { PAGE, type TenantChannel } from './tenant-channel.ts';

/** What all readers of a process share. */
export interface ReaderParts {
  readonly events: Pick<EventLog, 'after' | 'bounds'>;
  readonly now: () => number;
  readonly log: Log;
}

/**
 * One open connection. While it keeps up it gets each event as it is committed. When its socket is full it gets nothing
 * and holds nothing: after the socket drained it reads on from the log, so memory stays bounded by one socket buffer.
 * Thousands are idle: what is not needed for that is not kept here, and nothing is made for each that all can share.
 */
export class StreamReader {
  /** The session's own: shared by its readers. */
  readonly principal: Principal;
  /** The hub's: which of its ticks brings the heartbeat. */
  shard = 0;
  readonly #connection: Writable;
  readonly #channel: TenantChannel;
  readonly #parts: ReaderParts;
  /** Everything up to this id was written. */
  #position: number;
  /** Reads from the log instead of the live events. */
  #behind = true;
  /** The log went back under this reader, which was not told yet. */
  #resetDue = false;
  /** Since when the socket takes nothing (ms); 0 while it does. */
  #fullSince = 0;
  /** When it was ended (ms); 0 while it is not. */
  #endedAt = 0;
  #catchingUp = false;

  constructor(
    principal: Principal,
    connection: Writable,
    channel: TenantChannel,
    position: number,
    parts: ReaderParts,
  ) {
    this.principal = principal;
    this.#connection = connection;
    this.#channel = channel;
    this.#position = position;
    this.#parts = parts;
  }

  get open(): boolean {
    return !this.#connection.destroyed && !this.#connection.writableEnded;
  }

  /** Since when the socket takes nothing (ms since the epoch); null while it does. */
  get stalledSince(): number | null {
    return this.#fullSince === 0 ? null : this.#fullSince;
  }

  /** When it was ended (ms since the epoch), though the client may still hold its side open; null while it is not. */
  get endedAt(): number | null {
    return this.#endedAt === 0 ? null : this.#endedAt;
  }

  deliver(batch: EventBatch): void {
    if (!this.#behind) this.#take(batch);
  }

  /** What lies before `position` was removed before this reader was told. */
  lost(position: number): void {
    if (this.#behind || position <= this.#position) return;
    this.#position = position;
    this.#write(resetFrame(position));
  }

  /** The log ends at `position` now: what this reader was told beyond is not there any more, and its ids are given out anew. */
  restart(position: number): void {
    // Behind: it is reading, or will be when its socket has drained, and is told there.
    if (this.#behind) this.#resetDue = true;
    else {
      this.#position = position;
      this.#write(resetFrame(position));
    }
  }

  /** A frame outside of the log: heartbeat, reset. Left out while the socket is full. */
  send(frame: Buffer): void {
    if (this.#fullSince === 0) this.#write(frame);
  }

  drained(): void {
    if (this.#fullSince === 0) return;
    this.#fullSince = 0;
    void this.catchUp();
  }

  /** Writes what the log has after the reader's position, then goes live without a gap. Cut off where the log cannot be read. */
  async catchUp(): Promise<void> {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    try {
      while (this.#behind && this.open && this.#fullSince === 0) await this.#readPage();
    } catch (error) {
      this.#parts.log.warn({ error }, 'a stream was cut off because the event log could not be read; it comes back');
      this.cut();
    } finally {
      this.#catchingUp = false;
    }
  }

  /** The client comes back by itself, with Last-Event-ID. */
  end(): void {
    if (!this.open) return;
    this.#endedAt = this.#parts.now();
    this.#connection.end();
  }

  cut(): void {
    this.#connection.destroy();
  }

  async #readPage(): Promise<void> {
    const { events } = this.#parts;
    const told = this.#channel.position;
    const page = await events.after(this.principal, this.#position, PAGE);
    const [first] = page;
    const hole = first === undefined ? told > this.#position : first.id > this.#position + 1;
    if (hole || this.#resetDue) {
      // Retention overtook this reader, or the log went back.
      this.#resetDue = false;
      const { last } = await events.bounds(this.principal);
      if (last < told && told <= this.#channel.position) this.#channel.wentBack(last);
      // It went back just now, if not by this very look: asked again.
      if (this.#resetDue) return;
      this.#position = last;
      return this.#write(resetFrame(last));
    }
    for (const batch of toBatches(page)) {
      if (this.#fullSince !== 0) return;
      this.#take(batch);
    }
    // What the channel told while the page was read is in the log, but not in the page.
    const complete = page.length < PAGE && this.#position >= this.#channel.position;
    if (complete && this.#fullSince === 0) this.#behind = false;
  }

  #take(batch: EventBatch): void {
    if (batch.last <= this.#position) return;
    const bytes = batch.bytesFor(this.principal, this.#position);
    this.#position = batch.last;
    if (bytes !== null) this.#write(bytes);
  }

  #write(bytes: Buffer): void {
    if (!this.open || this.#connection.write(bytes)) return;
    this.#behind = true;
    this.#fullSince = this.#parts.now();
  }
}
