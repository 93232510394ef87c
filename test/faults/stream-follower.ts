/** A reader of the event stream that never gives up: it resumes by its last id and writes down what it saw. */
import { get, type ClientRequest } from 'node:http';
import type { Reset } from './history.ts';

export interface SeenEvent {
  readonly id: number;
  readonly type: string;
  readonly orderId: string | null;
  readonly version: string | null;
  /** Of which connection of this reader. */
  readonly connection: number;
}

export interface Follower {
  readonly name: string;
  readonly clinic: string;
  /** The id it began after; null until its first frame. */
  readonly from: number | null;
  /** The newest id it heard of. */
  readonly position: number | null;
  readonly events: readonly SeenEvent[];
  /** When it was told that events were lost. */
  readonly resets: readonly Reset[];
  readonly connections: number;
  stop(): void;
}

export interface FollowOptions {
  readonly name: string;
  readonly clinic: string;
  readonly url: string;
  /** A session's token; asked again when the former one is refused. */
  readonly token: () => Promise<string>;
  /** Where to begin; the newest event unless told. */
  readonly lastEventId?: number;
}

/** Longest silence before it takes the line for dead; heartbeats come each ten seconds (ms). */
const SILENCE_MS = 15_000;
const AGAIN_MS = 60;

export function follow(options: FollowOptions): Follower {
  const events: SeenEvent[] = [];
  let from: number | null = options.lastEventId ?? null;
  let position: number | null = from;
  const resets: Reset[] = [];
  let connections = 0;
  const over = new AbortController();
  let request: ClientRequest | null = null;
  let token: string | null = null;

  function take(frame: string): void {
    const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1] ?? '';
    const type = field('event');
    const id = field('id') === '' ? null : Number(field('id'));
    if (id !== null && from === null) from = id;
    // Without an id it says not where to go on: then it excuses nothing.
    if (type === 'stream.reset') resets.push({ after: position ?? id ?? 0, upTo: id ?? position ?? 0 });
    else if (type !== 'heartbeat' && id !== null) {
      const data = JSON.parse(field('data')) as { orderId?: string; version?: string };
      const { orderId = null, version = null } = data;
      events.push({ id, type, orderId, version, connection: connections });
    }
    if (id !== null) position = id;
  }

  function once(bearer: string): Promise<number> {
    return new Promise((resolve) => {
      const headers = {
        authorization: `Bearer ${bearer}`,
        ...(position !== null && { 'last-event-id': String(position) }),
      };
      let status = 0;
      request = get(new URL('/v1/events', options.url), { headers, agent: false }, (response) => {
        status = response.statusCode ?? 0;
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (status !== 200) return;
          const frames = (text + chunk).split('\n\n');
          text = frames.pop() ?? '';
          for (const frame of frames) take(frame);
        });
        response.once('close', () => resolve(status));
        // Told by close.
        response.on('error', () => undefined);
      });
      request.setTimeout(SILENCE_MS, () => request?.destroy());
      request.once('error', () => resolve(status));
      request.once('close', () => resolve(status));
    });
  }

  async function run(): Promise<void> {
    while (!over.signal.aborted) {
      try {
        token ??= await options.token();
        connections += 1;
        const status = await once(token);
        if (status === 401 || status === 403) token = null;
      } catch {
        // Nobody is there to give a session: asked again below.
        token = null;
      }
      if (!over.signal.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
  void run();

  return {
    name: options.name,
    clinic: options.clinic,
    get from() {
      return from;
    },
    get position() {
      return position;
    },
    events,
    resets,
    get connections() {
      return connections;
    },
    stop() {
      over.abort();
      request?.destroy();
    },
  };
}
