/**
 * A TCP proxy that does to a line what networks do. It stands on loopback between two real programs, knows nothing of
 * HTTP, and keeps exact books of what it let through.
 */
import { createServer, type AddressInfo } from 'node:net';
import type { Seeded } from './seeded.ts';
import { connectThrough, type Connection, type ConnectionBook } from './proxy-connection.ts';
import type { Direction, Toxic, ToxicSpec } from './toxics.ts';

export interface FaultProxy {
  readonly port: number;
  readonly url: string;
  /** Asked at each connection where it leads; null: nobody is there (a reset). */
  route: () => Target | null;
  /** Switches a fault on, for open connections too. `probability` is per connection (1). */
  add(direction: Direction, spec: ToxicSpec, probability?: number): Toxic;
  /** Switches every fault off. */
  heal(): void;
  /** Cuts what is open with an RST, as a cable that is pulled. */
  cutAll(): void;
  /** Told of every piece that is passed on, before it is. Returns its own removal. */
  onPassed(listener: (direction: Direction) => void): () => void;
  readonly books: Books;
  close(): Promise<void>;
}

export interface Target {
  readonly port: number;
  readonly host?: string;
}

export interface Books {
  readonly connections: readonly ConnectionBook[];
  readonly total: number;
  readonly open: number;
  /** Bytes that were taken in and bytes that were passed on. */
  readonly taken: Readonly<Record<Direction, number>>;
  readonly passed: Readonly<Record<Direction, number>>;
}

/** Closed connections whose books are kept one by one; the sums count all. */
const KEPT = 5000;

/**
 * @param options.halfClose true unless told: an end in one direction leaves the other one open. HTTP clients end only when they give
 * up; with false, what a fault still holds of such a client is dropped and not delivered long after.
 */
export async function openFaultProxy(random: Seeded, options: { halfClose?: boolean } = {}): Promise<FaultProxy> {
  const toxics: LiveToxic[] = [];
  const live = new Set<Connection>();
  const books: ConnectionBook[] = [];
  const sums = { total: 0, taken: { up: 0, down: 0 }, passed: { up: 0, down: 0 } };
  const listeners = new Set<(direction: Direction) => void>();
  let route: FaultProxy['route'] = () => null;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    sums.total += 1;
    const connection = connectThrough({
      client,
      target: route(),
      halfClose: options.halfClose ?? true,
      toxics: () => toxics,
      random: random.fork(`connection ${sums.total}`),
      onBytes(kind, direction, count) {
        sums[kind][direction] += count;
        if (kind === 'passed') for (const listener of listeners) listener(direction);
      },
      onClosed: () => live.delete(connection),
    });
    books.push(connection.book);
    if (books.length > KEPT) books.shift();
    live.add(connection);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  function changed(): void {
    for (const connection of live) connection.toxicsChanged();
  }

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    get route() {
      return route;
    },
    set route(next) {
      route = next;
    },
    add(direction, spec, probability = 1) {
      const toxic: LiveToxic = {
        spec,
        direction,
        probability,
        struck: 0,
        remove() {
          const at = toxics.indexOf(toxic);
          if (at === -1) return;
          toxics.splice(at, 1);
          changed();
        },
      };
      toxics.push(toxic);
      changed();
      return toxic;
    },
    heal() {
      toxics.length = 0;
      changed();
    },
    cutAll() {
      for (const connection of live) connection.end('reset');
    },
    onPassed(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    books: {
      connections: books,
      get total() {
        return sums.total;
      },
      get open() {
        return live.size;
      },
      taken: sums.taken,
      passed: sums.passed,
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const connection of live) connection.end('closed');
      await closed;
    },
  };
}

export interface LiveToxic extends Toxic {
  struck: number;
}
