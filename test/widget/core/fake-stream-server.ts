import { fail, type Result } from '../../../shared/result.ts';
import { ABORTED, clientFault, type Fault } from '../../../widget/core/fault.ts';
import type { Call, Transport } from '../../../widget/core/transport.ts';
import { tabOfCode, type FakeTab } from './fake-browser.ts';

const BEAT = 'event: heartbeat\ndata: {"heartbeatTimeout":20000}\n\n';

interface Connection {
  readonly tab: FakeTab;
  send(text: string): void;
  end(): void;
}

/** The BFF's stream as its tests describe it: ids that grow, a first frame with the position, exact resume, heartbeats. */
export class FakeStreamServer {
  readonly #open = new Set<Connection>();
  readonly #refused = new Map<FakeTab, Fault>();
  readonly #sessions = new Map<FakeTab, PromiseWithResolvers<void>>();
  readonly #beat: ReturnType<typeof setInterval>;
  last = 0;
  /** Events up to this one are no longer kept. */
  prunedTo = 0;
  /** Every request to it, as the tab and the id that it resumes from. */
  readonly asked: { tab: FakeTab; from: string | undefined }[] = [];
  down: Fault | undefined;
  /** It answers after so long (ms). */
  slowness = 0;

  constructor() {
    this.#beat = setInterval(() => this.#all(BEAT), 10_000);
  }

  /** Connections of pages that live. */
  get open(): number {
    return [...this.#open].filter(({ tab }) => !tab.dead).length;
  }

  get readers(): FakeTab[] {
    return [...this.#open].map(({ tab }) => tab);
  }

  push(data: object = {}): void {
    this.last += 1;
    this.#all(frame(this.last, data));
  }

  /** A process that ends; it is not to be reached until `start`. */
  stop(): void {
    this.down = clientFault('offline');
    for (const connection of this.#open) connection.end();
  }

  start(): void {
    this.down = undefined;
  }

  /** This tab's session or network fails. */
  refuse(tab: FakeTab, fault: Fault | undefined): void {
    if (fault) this.#refused.set(tab, fault);
    else this.#refused.delete(tab);
    this.#end(tab);
  }

  /** This tab's session ends, and its page waits for a person to sign in. */
  endSession(tab: FakeTab): void {
    if (!this.#sessions.has(tab)) this.#sessions.set(tab, Promise.withResolvers());
    this.#end(tab);
  }

  giveSession(tab: FakeTab): void {
    this.#sessions.get(tab)?.resolve();
    this.#sessions.delete(tab);
  }

  close(): void {
    clearInterval(this.#beat);
  }

  /** The transport of the tab whose code asks. */
  readonly transport: Transport = {
    send: async <T>(call: Call, read: (response: Response) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> => {
      const tab = tabOfCode();
      const from = call.headers?.['Last-Event-ID'];
      const session = this.#sessions.get(tab);
      if (session) await session.promise;
      if (call.signal?.aborted) return fail(ABORTED);
      this.asked.push({ tab, from });
      if (this.slowness > 0) await passed(this.slowness, call.signal);
      if (call.signal?.aborted) return fail(ABORTED);
      const fault = this.#refused.get(tab) ?? this.down;
      return fault ? fail(fault) : read(new Response(this.#connect(tab, from, call.signal)));
    },
  };

  #connect(tab: FakeTab, from: string | undefined, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    let connection: Connection;
    let cancelled = false;
    return new ReadableStream({
      start: (controller) => {
        const over = (): void => void this.#open.delete(connection);
        connection = {
          tab,
          send: (text) =>
            tab.task(() => {
              if (this.#open.has(connection)) controller.enqueue(encoder.encode(text));
            }),
          end: () => {
            over();
            tab.task(() => cancelled || controller.close());
          },
        };
        this.#open.add(connection);
        signal?.addEventListener('abort', over);
        const position = from === undefined ? this.last : Number(from);
        if (position < this.prunedTo || position > this.last) {
          return connection.send(`id: ${this.last}\nevent: stream.reset\ndata: {}\n\n`);
        }
        connection.send(`id: ${position}\n${BEAT}`);
        for (let id = position + 1; id <= this.last; id++) connection.send(frame(id, {}));
      },
      cancel: () => {
        cancelled = true;
        this.#open.delete(connection);
      },
    });
  }

  #end(tab: FakeTab): void {
    for (const connection of this.#open) if (connection.tab === tab) connection.end();
  }

  #all(text: string): void {
    for (const connection of this.#open) connection.send(text);
  }
}

/** Resolves after so long (ms), or at once when nobody waits any more. */
function passed(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function frame(id: number, data: object): string {
  return `id: ${id}\nevent: scan.received\ndata: ${JSON.stringify(data)}\n\n`;
}
