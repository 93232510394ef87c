import { connect, type Socket } from 'node:net';
import autocannon from 'autocannon';

export interface Load {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p99: number;
  readonly answered: number;
}

/** Clients that keep their connections and send the next request when the last is answered. Anything but 2xx is a failure. */
export async function drive(options: Parameters<typeof autocannon>[0]): Promise<Load> {
  const result = await autocannon(options);
  const { non2xx, errors, timeouts } = result;
  if (non2xx + errors + timeouts > 0) {
    throw new Error(`${options.url}: ${non2xx} answers other than 2xx, ${errors} errors, ${timeouts} time-outs`);
  }
  return { perSecond: result['2xx'] / result.duration, p99: result.latency.p99, answered: result['2xx'] };
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** One kept connection that asks for one file again and again and counts bytes only: autocannon's parser would be the limit. */
class FileReader {
  readonly #socket: Socket;
  readonly #request: string;
  #head: Buffer | null = null;
  #missing = 0;
  #size = 0;
  #done: (bytes: number) => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;

  constructor(url: string) {
    const { hostname, port, pathname, host } = new URL(url);
    this.#request = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    this.#socket = connect(Number(port), hostname);
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('close', () => this.#failed(new Error('the connection was closed in the middle of an answer')));
  }

  /** @returns bytes of the body */
  read(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#head = Buffer.alloc(0);
      this.#socket.write(this.#request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    if (this.#head === null) {
      this.#missing -= chunk.length;
    } else {
      const head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
      const end = head.indexOf(END_OF_HEAD);
      this.#head = head;
      if (end === -1) return;
      const text = head.toString('latin1', 0, end);
      if (!text.startsWith('HTTP/1.1 200')) return this.#failed(new Error(`answered ${text.slice(0, 40)}`));
      this.#size = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? NaN);
      this.#missing = this.#size - (head.length - end - END_OF_HEAD.length);
      this.#head = null;
    }
    if (this.#missing === 0) this.#done(this.#size);
    else if (!(this.#missing > 0)) this.#failed(new Error('the answer is longer than it said'));
  }
}

/** Clients that read the same file for so many seconds. @returns answers per second */
export async function readRepeatedly(url: string, clients: number, seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1000;
  const begun = performance.now();
  let answers = 0;
  const readOn = async (): Promise<void> => {
    const reader = new FileReader(url);
    while (performance.now() < until) {
      await reader.read();
      answers += 1;
    }
    reader.close();
  };
  await Promise.all(Array.from({ length: clients }, readOn));
  return answers / ((performance.now() - begun) / 1000);
}

/** Reads a file once. @returns bytes of its body */
export async function download(url: string): Promise<number> {
  const reader = new FileReader(url);
  const bytes = await reader.read();
  reader.close();
  return bytes;
}
