import type { Clock, Log } from '../deps.ts';
import type { TenantRef } from '../tenancy.ts';
import type { CommittedEvent, EventLog } from './event-log.ts';
import { HEARTBEAT_MS } from '../../shared/stream-event.ts';
import { HEARTBEAT } from './frame.ts';
import type { StreamReader } from './stream-reader.ts';

/** One timer for all connections. Heartbeats are spread over the ticks, so that thousands do not fall into one. */
const SHARDS = 5;
const TICK_MS = HEARTBEAT_MS / SHARDS;
/** A reader whose socket takes nothing for so long is cut off, at most one tick later: within 10 s. */
const STALL_MS = 8000;

/** All open streams of this process. */
export class StreamHub {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #environment: () => string;
  readonly #readers = new Map<string, Set<StreamReader>>();
  readonly #shards: Set<StreamReader>[] = Array.from({ length: SHARDS }, () => new Set());
  #joined = 0;
  #tick = 0;
  #cancelTick: (() => void) | null = null;
  #unsubscribe: (() => void) | null = null;

  constructor(parts: { clock: Clock; log: Log; environment: () => string }) {
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#environment = parts.environment;
  }

  get size(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.size, 0);
  }

  get running(): boolean {
    return this.#unsubscribe !== null;
  }

  start(events: EventLog): void {
    this.#unsubscribe = events.onCommitted((event) => this.#publish(event));
    this.#scheduleTick();
  }

  /** Ends every stream; the readers come back to another instance, or to this one when it is up again. */
  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#cancelTick?.();
    this.#cancelTick = null;
    for (const reader of this.#all()) reader.end();
  }

  join(reader: StreamReader): () => void {
    const key = toKey(reader.options.tenant);
    const group = this.#readers.get(key) ?? new Set();
    this.#readers.set(key, group.add(reader));
    const shard = this.#shards[this.#joined++ % SHARDS];
    shard?.add(reader);
    return () => {
      shard?.delete(reader);
      group.delete(reader);
      if (group.size === 0 && this.#readers.get(key) === group) this.#readers.delete(key);
    };
  }

  endSession(sessionId: string): void {
    for (const reader of this.#all()) if (reader.options.sessionId === sessionId) reader.end();
  }

  #publish(event: CommittedEvent): void {
    const group = this.#readers.get(toKey(event));
    if (group === undefined) return;
    for (const reader of group) reader.deliver(event);
  }

  #scheduleTick(): void {
    this.#cancelTick = this.#clock.after(TICK_MS, () => {
      this.#scheduleTick();
      this.#sweep();
    });
  }

  #sweep(): void {
    const now = this.#clock.now();
    const environment = this.#environment();
    let cut = 0;
    for (const reader of this.#all()) {
      const { expiresAt, audience } = reader.options;
      if (reader.stalledSince !== null && now - reader.stalledSince >= STALL_MS) {
        cut += 1;
        reader.cut();
      } else if (now >= expiresAt || audience.environment !== environment) reader.end();
    }
    if (cut > 0) this.#log.info({ cut }, 'stalled stream readers cut off; they resume from the log');
    this.#tick = (this.#tick + 1) % SHARDS;
    for (const reader of this.#shards[this.#tick] ?? []) reader.send(HEARTBEAT);
  }

  *#all(): Generator<StreamReader> {
    for (const shard of this.#shards) yield* shard;
  }
}

function toKey({ vendor, tenant }: TenantRef): string {
  return `${vendor}\0${tenant}`;
}
