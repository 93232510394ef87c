/** One connection through the fault proxy: two sockets and a pump for each direction. */
import { connect, type Socket } from 'node:net';
import type { Seeded } from './seeded.ts';
import { slices, type Direction, type Of, type ToxicSpec } from './toxics.ts';

export interface ConnectionBook {
  readonly taken: Record<Direction, number>;
  readonly passed: Record<Direction, number>;
  /** How it ended: by the two programs, by a fault, or because nobody was there. */
  outcome: 'open' | 'closed' | 'reset' | 'limit' | 'refused';
}

export interface Connection {
  readonly book: ConnectionBook;
  toxicsChanged(): void;
  end(outcome: ConnectionBook['outcome']): void;
}

interface StruckToxic {
  readonly spec: ToxicSpec;
  readonly direction: Direction;
  readonly probability: number;
  struck: number;
}

/** Pieces that wait in one direction before its sender is held back (bytes). */
const HIGH_WATER = 64 * 1024;

export function connectThrough(parts: {
  client: Socket;
  target: { readonly port: number; readonly host?: string } | null;
  toxics: () => readonly StruckToxic[];
  random: Seeded;
  /** False: a client that says it has ended is gone, and what it sent and nobody got yet is dropped (as by an RST). */
  halfClose: boolean;
  onBytes: (kind: 'taken' | 'passed', direction: Direction, count: number) => void;
  onClosed: () => void;
}): Connection {
  const { client, target, random } = parts;
  const book: ConnectionBook = { taken: { up: 0, down: 0 }, passed: { up: 0, down: 0 }, outcome: 'open' };
  /** Wakes whatever waits when the connection ends. */
  const sleepers = new Set<() => void>();
  const isOver = (): boolean => book.outcome !== 'open';
  const dice = new Map<StruckToxic, boolean>();
  const counted = new Set<StruckToxic>();
  const resets = new Map<StruckToxic, NodeJS.Timeout>();
  let switched = Promise.withResolvers<void>();

  const server = target === null ? null : connect({ host: '127.0.0.1', ...target, allowHalfOpen: true, noDelay: true });

  /** Whether a fault strikes this connection is decided once. */
  function strikes(toxic: StruckToxic): boolean {
    const thrown = dice.get(toxic) ?? random.chance(toxic.probability);
    dice.set(toxic, thrown);
    return thrown;
  }
  function find<K extends ToxicSpec['kind']>(direction: Direction, kind: K): [StruckToxic, Of<K>] | [] {
    const found = parts.toxics().find((toxic) => {
      return toxic.direction === direction && toxic.spec.kind === kind && strikes(toxic);
    });
    return found === undefined ? [] : [found, found.spec as Of<K>];
  }
  function countOnce(toxic: StruckToxic): void {
    if (!counted.has(toxic)) toxic.struck += 1;
    counted.add(toxic);
  }

  function end(outcome: ConnectionBook['outcome']): void {
    if (book.outcome !== 'open') return;
    book.outcome = outcome;
    for (const wake of sleepers) wake();
    switched.resolve();
    for (const timer of resets.values()) clearTimeout(timer);
    for (const socket of [client, server]) {
      if (outcome === 'reset' || outcome === 'refused') socket?.resetAndDestroy();
      else socket?.destroy();
    }
    parts.onClosed();
  }

  function armResets(): void {
    const standing = new Set(parts.toxics());
    for (const [toxic, timer] of resets) if (!standing.has(toxic)) clearTimeout(timer);
    for (const toxic of standing) {
      if (toxic.spec.kind !== 'reset' || resets.has(toxic) || !strikes(toxic)) continue;
      const fire = (): void => {
        if (!parts.toxics().includes(toxic)) return;
        countOnce(toxic);
        end('reset');
      };
      resets.set(toxic, setTimeout(fire, toxic.spec.afterMs ?? 0));
    }
  }

  /** @returns false when the connection ended meanwhile */
  function pause(ms: number): Promise<boolean> {
    if (isOver() || ms <= 0) return Promise.resolve(!isOver());
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        sleepers.delete(wake);
        resolve(!isOver());
      };
      const timer = setTimeout(wake, ms);
      sleepers.add(wake);
    });
  }

  async function pump(direction: Direction, from: Socket, to: Socket): Promise<void> {
    const queue: { chunk: Buffer | null; at: number }[] = [];
    let waiting = 0;
    let lastDue = 0;
    let arrived = Promise.withResolvers<void>();
    const put = (chunk: Buffer | null): void => {
      queue.push({ chunk, at: performance.now() });
      arrived.resolve();
    };
    from.on('data', (chunk: Buffer) => {
      book.taken[direction] += chunk.length;
      parts.onBytes('taken', direction, chunk.length);
      waiting += chunk.length;
      put(chunk);
      if (waiting > HIGH_WATER) from.pause();
    });
    from.once('end', () => {
      if (!parts.halfClose && direction === 'up' && waiting > 0) end('reset');
      else put(null);
    });

    const write = async (piece: Buffer): Promise<boolean> => {
      const [limit, spec] = find(direction, 'limit');
      const left = spec === undefined ? Infinity : spec.bytes - book.passed[direction];
      const allowed = piece.length > left ? piece.subarray(0, Math.max(0, left)) : piece;
      if (allowed.length > 0) {
        book.passed[direction] += allowed.length;
        parts.onBytes('passed', direction, allowed.length);
        if (!to.write(allowed)) await drained(to);
      }
      if (allowed.length === piece.length || limit === undefined) return !isOver();
      countOnce(limit);
      // What was let through still arrives.
      for (const socket of [client, server]) if (socket !== null && !socket.destroyed) await flushed(socket);
      end('limit');
      return false;
    };

    sleepers.add(() => arrived.resolve());
    while (!isOver()) {
      const next = queue.shift();
      if (next === undefined) {
        await arrived.promise;
        arrived = Promise.withResolvers();
        continue;
      }
      for (let [held] = find(direction, 'timeout'); held !== undefined; [held] = find(direction, 'timeout')) {
        countOnce(held);
        await switched.promise;
        if (isOver()) return;
      }
      const [late, latency] = find(direction, 'latency');
      if (late !== undefined && latency !== undefined) {
        late.struck += 1;
        const jitter = latency.jitter ?? 0;
        lastDue = Math.max(lastDue, next.at + latency.ms + (random.next() * 2 - 1) * jitter);
        if (!(await pause(lastDue - performance.now()))) return;
      }
      if (next.chunk === null) {
        const [closing, slow] = find(direction, 'slow-close');
        if (closing !== undefined && slow !== undefined) {
          countOnce(closing);
          if (!(await pause(slow.ms))) return;
        }
        to.end();
        return;
      }
      const [slicing, slicer] = find(direction, 'slicer');
      const [narrow, bandwidth] = find(direction, 'bandwidth');
      if (slicing !== undefined) slicing.struck += 1;
      if (narrow !== undefined) narrow.struck += 1;
      for (const { piece, busyMs } of slices(next.chunk, slicer, bandwidth)) {
        if (!(await write(piece)) || !(await pause(busyMs))) return;
      }
      waiting -= next.chunk.length;
      if (waiting <= HIGH_WATER) from.resume();
    }
  }

  client.on('error', () => end('reset'));
  if (server === null) {
    queueMicrotask(() => end('refused'));
  } else {
    let connected = false;
    server.once('connect', () => (connected = true));
    server.on('error', () => end(connected ? 'reset' : 'refused'));
    let left = 2;
    const closed = (): void => {
      left -= 1;
      if (left === 0) end('closed');
    };
    client.once('close', closed);
    server.once('close', closed);
    // One end is gone without a word: the other one must not wait for ever.
    client.once('close', () => queueMicrotask(() => !client.readableEnded && end('reset')));
    server.once('close', () => queueMicrotask(() => !server.readableEnded && end('reset')));
    void pump('up', client, server);
    void pump('down', server, client);
    armResets();
  }

  return {
    book,
    toxicsChanged() {
      switched.resolve();
      switched = Promise.withResolvers();
      armResets();
    },
    end,
  };
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.once('drain', done).once('close', done);
  });
}

/** Until what was written before has left this process. */
function flushed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.write('', () => resolve());
  });
}
