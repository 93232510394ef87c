import { connect, type Socket } from 'node:net';
import type { Server } from './child.ts';

/** Many readers of one stream over raw sockets: they count frames and parse nothing, so that the load is light. */
export interface Readers {
  /** Resolves when every reader has had `count` frames since it was opened. */
  reached(count: number): Promise<void>;
  close(): void;
}

export interface ReaderOptions {
  readonly server: Server;
  readonly count: number;
  readonly lastEventId?: string;
  /** Told at each frame: the how-manieth of its reader, from 0. */
  readonly onFrame?: (index: number) => void;
}

/** Stands once in each frame that is counted, for ours and for the peer. */
const MARKER = Buffer.from('"orderId":"');
/** Connections that are opened at once. */
const BATCH = 100;

export async function openReaders({ server, count, lastEventId, onFrame }: ReaderOptions): Promise<Readers> {
  const head = requestHead(server, lastEventId);
  const sockets: Socket[] = [];
  const waiting: { count: number; missing: number; resolve: () => void }[] = [];
  const frames: number[] = [];

  const open = (reader: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write(head));
      let rest: Buffer | null = null;
      let answered = false;
      frames[reader] = 0;
      socket.once('error', reject);
      socket.on('data', (chunk: Buffer) => {
        if (!answered) {
          answered = true;
          const status = chunk.subarray(9, 12).toString();
          if (status === '200') resolve();
          else reject(new Error(`the stream answered ${status}`));
        }
        const data: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk]);
        let from = 0;
        for (let at = data.indexOf(MARKER); at !== -1; at = data.indexOf(MARKER, from)) {
          from = at + MARKER.length;
          arrived(reader);
        }
        // Bytes that may be the beginning of a marker are kept for the next chunk.
        const tail = data.subarray(Math.max(from, data.length - MARKER.length + 1));
        rest = tail.includes(MARKER[0] ?? 0) ? Buffer.from(tail) : null;
      });
      sockets.push(socket);
    });

  function arrived(reader: number): void {
    const index = frames[reader] ?? 0;
    frames[reader] = index + 1;
    onFrame?.(index);
    for (const wait of waiting) {
      if (wait.count !== index + 1) continue;
      wait.missing -= 1;
      if (wait.missing === 0) wait.resolve();
    }
  }

  for (let opened = 0; opened < count; opened += BATCH) {
    const next = Array.from({ length: Math.min(BATCH, count - opened) }, (_, index) => open(opened + index));
    await Promise.all(next);
  }
  return {
    reached: (wanted) =>
      new Promise((resolve) => {
        const missing = frames.filter((had) => had < wanted).length;
        if (missing === 0) resolve();
        else waiting.push({ count: wanted, missing, resolve });
      }),
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Readers that ask and then never read: their sockets fill up. */
export async function openStalled(server: Server, count: number): Promise<{ close(): void }> {
  const head = requestHead(server);
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(head));
    // Cut off by the server: what this is about.
    socket.on('error', () => undefined);
    return socket.pause();
  });
  while ((await server.ask({ do: 'open' })) < count) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function requestHead({ port, facts }: Server, lastEventId?: string): string {
  return [
    'GET /v1/events HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Accept: text/event-stream',
    ...(facts['token'] === undefined ? [] : [`Authorization: Bearer ${facts['token']}`]),
    ...(lastEventId === undefined ? [] : [`Last-Event-ID: ${lastEventId}`]),
    '\r\n',
  ].join('\r\n');
}
