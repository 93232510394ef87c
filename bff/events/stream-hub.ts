import { HEARTBEAT_MS } from '../../shared/stream-event.ts';
import type { Clock, Log } from '../deps.ts';
import { toTenantName } from '../tenancy.ts';
import type { EventLog } from './event-log.ts';
import { HEARTBEAT } from './frame.ts';
import type { StreamReader } from './stream-reader.ts';
import { TenantChannel } from './tenant-channel.ts';

/** One timer for all connections. Heartbeats are spread over its ticks, so that events do not wait behind thousands of them. */
const TICK_MS = 500;
const SHARDS = HEARTBEAT_MS / TICK_MS;
/** Every so many ticks: */
const LOOK_ELSEWHERE = 2;
const SWEEP = 2;
/** A reader whose socket takes nothing for so long is cut off, at most one sweep later: within 10 s. */
const STALL_MS = 8000;
/** What was still to be sent when a stream was ended, and the client's own end of it, get so long. */
const LAST_BYTES_MS = 3000;

export interface HubParts {
  readonly events: EventLog;
  readonly environment: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

/** All open streams of this process. */
export class StreamHub {
  readonly #parts: HubParts;
  readonly #channels = new Map<string, TenantChannel>();
  readonly #shards: Set<StreamReader>[] = Array.from({ length: SHARDS }, () => new Set());
  #size = 0;
  #joined = 0;
  #tick = 0;
  #cancelTick: (() => void) | null = null;
  #looking = false;
  #subscriptions: (() => void)[] | null = null;

  constructor(parts: HubParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#size;
  }

  get running(): boolean {
    return this.#subscriptions !== null;
  }

  start(): void {
    const { events } = this.#parts;
    this.#subscriptions = [
      events.onCommitted((event) => this.#channels.get(toTenantName(event))?.committed(event)),
      events.onElsewhere((tenant) => {
        if (tenant === null) void this.#lookElsewhere();
        else this.#channels.get(tenant)?.look();
      }),
    ];
  }

  /** Ends every stream; the readers come back to another instance, or to this one when it is up again. */
  stop(): void {
    for (const unsubscribe of this.#subscriptions ?? []) unsubscribe();
    this.#subscriptions = null;
    this.#cancelTick?.();
    this.#cancelTick = null;
    for (const reader of this.#all()) {
      if (reader.stalledSince === null) reader.end();
      else reader.cut();
    }
    if (this.#size === 0) return;
    this.#cancelTick = this.#parts.clock.after(LAST_BYTES_MS, () => {
      for (const reader of this.#all()) reader.cut();
    });
  }

  /**
   * @param make the reader of this channel
   * @param position newest id of the tenant, for a channel that is opened by this reader
   */
  join(
    tenant: TenantChannel['tenant'],
    position: number,
    make: (channel: TenantChannel) => StreamReader,
  ): StreamReader {
    const name = toTenantName(tenant);
    const channel = this.#channels.get(name) ?? new TenantChannel(tenant, position, this.#parts);
    this.#channels.set(name, channel);
    const reader = make(channel);
    channel.readers.add(reader);
    reader.shard = this.#joined++ % SHARDS;
    this.#shards[reader.shard]?.add(reader);
    this.#size += 1;
    if (this.#cancelTick === null) this.#scheduleTick();
    return reader;
  }

  leave(reader: StreamReader): void {
    if (this.#shards[reader.shard]?.delete(reader) !== true) return;
    this.#size -= 1;
    const name = toTenantName(reader.principal);
    const channel = this.#channels.get(name);
    channel?.readers.delete(reader);
    if (channel?.readers.size === 0) this.#channels.delete(name);
    if (this.#size > 0) return;
    // Without readers there is nothing to do: the next one that joins starts it again.
    this.#cancelTick?.();
    this.#cancelTick = null;
  }

  /** @param sessionId null: every session's, since none can be vouched for; readers come back and are asked who they are */
  endSession(sessionId: string | null): void {
    for (const reader of this.#all()) {
      if (sessionId === null || reader.principal.sessionId === sessionId) reader.end();
    }
  }

  #scheduleTick(): void {
    this.#cancelTick = this.#parts.clock.after(TICK_MS, () => {
      this.#scheduleTick();
      this.#tick += 1;
      if (this.#tick % SWEEP === 0) this.#sweep();
      if (this.#tick % LOOK_ELSEWHERE === 0) void this.#lookElsewhere();
      for (const reader of this.#shards[this.#tick % SHARDS] ?? []) reader.send(HEARTBEAT);
    });
  }

  #sweep(): void {
    const now = this.#parts.clock.now();
    const environment = this.#parts.environment();
    let cut = 0;
    for (const reader of this.#all()) {
      const { principal, stalledSince, endedAt } = reader;
      if (stalledSince !== null && now - stalledSince >= STALL_MS) {
        cut += 1;
        reader.cut();
      } else if (endedAt !== null) {
        // TCP lets a client keep its side open for as long as it likes: the socket is not let go by itself.
        if (now - endedAt >= LAST_BYTES_MS) reader.cut();
      } else if (now >= principal.expiresAt || principal.environment !== environment) reader.end();
    }
    if (cut > 0) this.#parts.log.info({ cut }, 'stalled stream readers cut off; they resume from the log');
  }

  /** The truth about other processes' events: wake-ups may be lost. One query for all tenants that are read here. */
  async #lookElsewhere(): Promise<void> {
    const { events, log } = this.#parts;
    for (const channel of this.#channels.values()) if (channel.lagging) channel.look();
    if (!events.shared || this.#looking) return;
    this.#looking = true;
    try {
      // Positions as they were before the log is asked: what is told meanwhile may be newer than its answer.
      const channels = Array.from(this.#channels.values(), (channel) => ({ channel, told: channel.position }));
      const newest = new Map<string, number>();
      for (const one of await events.newest(channels.map(({ channel }) => channel.tenant))) {
        newest.set(toTenantName(one), one.last);
      }
      for (const { channel, told } of channels) {
        const last = newest.get(toTenantName(channel.tenant)) ?? 0;
        if (last > channel.position) channel.look();
        else if (last < told && told <= channel.position) channel.wentBack(last);
      }
    } catch (error) {
      log.warn({ error }, 'the newest events could not be asked for; tried again in a second');
    } finally {
      this.#looking = false;
    }
  }

  *#all(): Generator<StreamReader> {
    for (const shard of this.#shards) yield* shard;
  }
}
