/** Several processes on one database, each with its own event log and hub; wake-ups and the order of news are the test's to choose. */
import { Writable } from 'node:stream';
import { createEventLog, type EventEntry, type EventLog } from '../../../../bff/events/event-log.ts';
import { StreamHub } from '../../../../bff/events/stream-hub.ts';
import { firstFrame } from '../../../../bff/events/frame.ts';
import { StreamReader } from '../../../../bff/events/stream-reader.ts';
import { attach } from '../../../../bff/events/reader-connection.ts';
import type { Store } from '../../../../bff/store/index.ts';
import { handClock, settle, silent, type HandClock } from '../../support/fixtures.ts';
import { person } from '../../support/stream-server.ts';

export interface Instance {
  readonly events: EventLog;
  readonly hub: StreamHub;
  /** Commits; `news` of the commit reach its own process when the test releases them. */
  append(entry: Partial<EventEntry>): Promise<void>;
  /** News of own commits that this process has not dealt with, in the order of the commits. */
  readonly news: (() => void)[];
  /** Wake-ups on their way to this process. */
  readonly wakes: (() => void)[];
}

export interface Instances {
  readonly clock: HandClock;
  readonly all: readonly Instance[];
  at(index: number): Instance;
  close(): void;
}

export function openInstances(store: Store, count: number): Instances {
  const clock = handClock();
  const listeners: Set<(topic: string) => void>[] = [];
  const all = Array.from({ length: count }, (_, own): Instance => {
    const news: (() => void)[] = [];
    const wakes: (() => void)[] = [];
    const heard = new Set<(topic: string) => void>();
    listeners.push(heard);
    const facade: Store = {
      ...store,
      db: store.db,
      write: (work, tenant) => store.write(work, tenant),
      shared: true,
      afterCommit: (tx, task) => store.afterCommit(tx, () => news.push(task)),
      wake: (topic) => {
        for (const [index, instance] of all.entries()) {
          if (index !== own) instance.wakes.push(() => listeners[index]?.forEach((listener) => listener(topic)));
        }
      },
      onWake: (listener) => {
        heard.add(listener);
        return () => heard.delete(listener);
      },
    };
    const events = createEventLog({ store: facade, clock });
    const hub = new StreamHub({ events, environment: () => 'sandbox', clock, log: silent });
    hub.start();
    const append: Instance['append'] = (entry) =>
      facade.write((tx) =>
        events.append(tx, {
          vendor: 'acme',
          tenant: 'clinic',
          environment: 'sandbox',
          type: 'scan.received',
          data: { orderId: '1' },
          ...entry,
        }),
      );
    return { events, hub, append, news, wakes };
  });
  return {
    clock,
    all,
    at(index) {
      const instance = all[index];
      if (instance === undefined) throw new Error('no such instance');
      return instance;
    },
    close() {
      for (const { hub } of all) hub.stop();
    },
  };
}

/** A socket that takes what it is given, or nothing. */
class Line extends Writable {
  full = false;
  #taken: (() => void) | null = null;
  readonly #onText: (text: string) => void;

  constructor(onText: (text: string) => void) {
    // Some frames: a burst fills it, and so does a reader that does not read.
    super({ highWaterMark: 200 });
    this.#onText = onText;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#onText(chunk.toString());
    if (this.full) this.#taken = done;
    else done();
  }

  open(): void {
    this.full = false;
    this.#taken?.();
    this.#taken = null;
  }
}

/** A browser that stays: it comes back with the id it saw last, wherever it is let in. */
export class Client {
  readonly seen: number[] = [];
  readonly resets: number[] = [];
  /** Where it began; null before its first connection. */
  start: number | null = null;
  readonly #clock: HandClock;
  #last: string | undefined;
  #line: Line | null = null;

  constructor(clock: HandClock) {
    this.#clock = clock;
  }

  get connected(): boolean {
    return this.#line !== null && !this.#line.destroyed;
  }

  async connect({ hub, events }: Instance, who: object = {}): Promise<void> {
    const principal = { ...person, ...who };
    const line = new Line((text) => this.#read(text));
    const { last } = await events.bounds(principal);
    const position = this.#last === undefined ? last : Number(this.#last);
    // What is committed between the look at the log and the joining is the hub's to find.
    await settle(2);
    const parts = { events, now: () => this.#clock.now(), log: silent };
    const { vendor, tenant } = principal;
    const make = (channel: ConstructorParameters<typeof StreamReader>[2]) =>
      new StreamReader(principal, line, channel, position, parts);
    const reader = hub.join({ vendor, tenant }, last, make);
    attach(line, reader, hub);
    this.#line = line;
    reader.send(firstFrame(position));
    void reader.catchUp();
  }

  stall(): void {
    if (this.#line !== null) this.#line.full = true;
  }

  drain(): void {
    this.#line?.open();
  }

  disconnect(): void {
    this.#line?.destroy();
  }

  #read(text: string): void {
    for (const frame of text.split('\n\n')) {
      const id = /^id: (\d+)$/m.exec(frame)?.[1];
      if (id === undefined) continue;
      this.start ??= Number(id);
      this.#last = id;
      if (frame.includes('event: stream.reset')) this.resets.push(Number(id));
      else if (!frame.includes('event: heartbeat')) this.seen.push(Number(id));
    }
  }
}
