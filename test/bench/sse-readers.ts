import { connect, type Socket } from 'node:net';

/** Many readers of one stream over raw sockets: they count frames and parse nothing, so that the load is light. */
export interface Readers {
  /** Resolves with the time of the last arrival when each reader has `count` more frames of `type`. */
  expect(count: number): Promise<number>;
  close(): void;
}

export async function openReaders(options: {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly count: number;
  /** Bytes that stand once in each frame that is counted. */
  readonly marker: string;
}): Promise<Readers> {
  const marker = Buffer.from(options.marker);
  const head = [
    `GET ${options.path} HTTP/1.1`,
    `Host: 127.0.0.1:${options.port}`,
    'Accept: text/event-stream',
    ...Object.entries(options.headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n');
  const sockets: Socket[] = [];
  let seen = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let reached: (at: number) => void = () => undefined;

  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(options.port, '127.0.0.1', () => socket.write(head));
      let rest: Buffer = Buffer.alloc(0);
      let answered = false;
      socket.once('error', reject);
      socket.on('data', (chunk: Buffer) => {
        if (!answered) {
          answered = true;
          if (chunk.subarray(9, 12).toString() !== '200')
            reject(new Error(`The stream answered ${chunk.subarray(0, 60).toString()}`));
          resolve();
        }
        const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        let from = 0;
        for (let at = data.indexOf(marker); at !== -1; at = data.indexOf(marker, from)) {
          seen += 1;
          from = at + marker.length;
        }
        // Bytes that may be the beginning of a marker are kept for the next chunk.
        rest = Buffer.from(data.subarray(Math.max(from, data.length - marker.length + 1)));
        if (seen >= wanted) {
          wanted = Number.POSITIVE_INFINITY;
          reached(performance.now());
        }
      });
      sockets.push(socket);
    });

  const batch = 200;
  for (let opened = 0; opened < options.count; opened += batch) {
    await Promise.all(Array.from({ length: Math.min(batch, options.count - opened) }, open));
  }
  return {
    expect(count) {
      seen = 0;
      return new Promise((resolve) => {
        reached = resolve;
        wanted = count * options.count;
      });
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
