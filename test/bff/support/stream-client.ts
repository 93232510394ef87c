import { get, type ClientRequest, type IncomingMessage } from 'node:http';

export interface ReceivedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** A reader of the event stream, over a raw socket so that it can stop reading. */
export interface StreamClient {
  readonly response: IncomingMessage;
  /** All but heartbeats, in order. */
  readonly events: ReceivedEvent[];
  readonly heartbeats: ReceivedEvent[];
  readonly closed: Promise<void>;
  close(): void;
}

export function openStream(url: string, token: string, headers: Record<string, string> = {}): Promise<StreamClient> {
  return new Promise((resolve, reject) => {
    const request: ClientRequest = get(
      new URL('/v1/events', url),
      { headers: { authorization: `Bearer ${token}`, ...headers }, agent: false },
      (response) => {
        const events: ReceivedEvent[] = [];
        const heartbeats: ReceivedEvent[] = [];
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          const frames = text.split('\n\n');
          text = frames.pop() ?? '';
          for (const frame of frames) {
            const event = parseFrame(frame);
            (event.type === 'heartbeat' ? heartbeats : events).push(event);
          }
        });
        const closed = new Promise<void>((done) => {
          response.once('close', done);
          response.once('error', () => done());
        });
        resolve({ response, events, heartbeats, closed, close: () => request.destroy() });
      },
    );
    request.once('error', reject);
  });
}

function parseFrame(frame: string): ReceivedEvent {
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1] ?? '';
  return { id: field('id'), type: field('event'), data: JSON.parse(field('data')) as Record<string, unknown> };
}
