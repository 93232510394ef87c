import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Clock, Log, Random } from '../deps.ts';
import { pauseAfter } from '../growing-pauses.ts';
import { clientOptions } from './postgres-pool.ts';

const CHANNEL = 'itero_wake';
/** PostgreSQL takes less than 8000 bytes in one payload. */
const MAX_PAYLOAD = 7_000;
const MAX_TOPIC = 200;
/** An idle connection is asked so often whether it is still there (ms). */
const HEARTBEAT_MS = 30_000;
const ANSWER_MS = 10_000;
const PAUSES = { first: 500, longest: 15_000 };

export interface WakeParts {
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Wake-ups between instances: LISTEN and NOTIFY on one connection of its own, outside of any transaction, because NOTIFY takes
 * a lock over the whole server at COMMIT. What waits goes out together. Loss is fine: everybody who listens also looks by itself.
 */
export class PostgresWake {
  readonly #parts: WakeParts;
  readonly #own = randomUUID();
  readonly #listeners = new Set<(topic: string) => void>();
  #topics = new Set<string>();
  #client: pg.Client | null = null;
  #sending = false;
  #failures = 0;
  #closed = false;
  #cancel = (): void => {};

  constructor(parts: WakeParts) {
    this.#parts = parts;
  }

  /** @throws when the first connection cannot be had; later ones are tried until they can */
  async open(): Promise<void> {
    const client = new pg.Client({ ...clientOptions(this.#parts.url), query_timeout: ANSWER_MS });
    const lost = (): void => this.#lost(client);
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ payload }) => this.#hear(payload ?? ''));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
    } catch (error) {
      client.off('end', lost);
      void client.end().catch(() => undefined);
      throw error;
    }
    if (this.#closed) {
      await client.end();
      return;
    }
    this.#failures = 0;
    this.#client = client;
    this.#beat(client);
    this.#flush();
  }

  wake(topic: string): void {
    if (this.#closed || topic.length > MAX_TOPIC || topic.includes('\n')) return;
    this.#topics.add(topic);
    if (!this.#sending) this.#flush();
  }

  onWake(listener: (topic: string) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    this.#listeners.clear();
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  #hear(payload: string): void {
    const [sender, ...topics] = payload.split('\n');
    if (sender === this.#own) return;
    for (const topic of topics) {
      for (const listener of this.#listeners) {
        try {
          listener(topic);
        } catch (error) {
          this.#parts.log.error({ error }, 'a listener for wake-ups failed');
        }
      }
    }
  }

  #flush(): void {
    if (this.#topics.size === 0) return;
    if (this.#client === null) {
      // Nobody can be told now; whoever listens looks by itself.
      this.#topics.clear();
      return;
    }
    this.#sending = true;
    const client = this.#client;
    // The end of this turn: what is committed together is told together.
    setImmediate(() => {
      client
        .query('select pg_notify($1, $2)', [CHANNEL, this.#takePayload()])
        .catch(() => this.#lost(client))
        .finally(() => {
          this.#sending = false;
          this.#flush();
        });
    });
  }

  #takePayload(): string {
    let payload = this.#own;
    for (const topic of this.#topics) {
      if (Buffer.byteLength(payload) + Buffer.byteLength(topic) + 1 > MAX_PAYLOAD) break;
      payload += `\n${topic}`;
      this.#topics.delete(topic);
    }
    return payload;
  }

  #beat(client: pg.Client): void {
    this.#cancel = this.#parts.clock.after(HEARTBEAT_MS, () => {
      client.query('select 1', (error) => {
        if (error) this.#lost(client);
        else if (this.#client === client) this.#beat(client);
      });
    });
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client || this.#closed) return;
    this.#client = null;
    this.#cancel();
    void client.end().catch(() => undefined);
    this.#parts.log.warn({}, 'the connection for wake-ups was lost; other instances are heard later until it is back');
    this.#retry();
  }

  #retry(): void {
    const pause = pauseAfter(PAUSES, this.#failures) * (0.5 + this.#parts.random.fraction());
    this.#failures += 1;
    this.#cancel = this.#parts.clock.after(pause, () => {
      this.open().catch(() => {
        if (!this.#closed) this.#retry();
      });
    });
  }
}
