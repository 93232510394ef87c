import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { createSeeded } from './seeded.ts';

let server: Server;
let proxy: FaultProxy;
/** What arrived at the server, per connection, and how each line ended there. */
let arrived: { socket: Socket; bytes: Buffer[]; times: number[]; ended: Promise<'fin' | 'rst'> }[] = [];
/** What the server does with what arrives; sends it back unless told. */
let onData: (socket: Socket, chunk: Buffer) => void;

beforeEach(async () => {
  arrived = [];
  onData = (socket, chunk) => void socket.write(chunk);
  server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const entry = { socket, bytes: [] as Buffer[], times: [] as number[], ended: endOf(socket) };
    arrived.push(entry);
    socket.on('data', (chunk: Buffer) => {
      entry.bytes.push(chunk);
      entry.times.push(performance.now());
      onData(socket, chunk);
    });
    socket.once('end', () => socket.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await openFaultProxy(createSeeded('proxy'));
  const { port } = server.address() as AddressInfo;
  proxy.route = () => ({ port });
});
afterEach(async () => {
  await proxy.close();
  for (const { socket } of arrived) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function endOf(socket: Socket): Promise<'fin' | 'rst'> {
  return new Promise((resolve) => {
    socket.once('end', () => resolve('fin'));
    socket.once('error', () => resolve('rst'));
  });
}

interface Client {
  readonly socket: Socket;
  readonly ended: Promise<'fin' | 'rst'>;
  readonly pieces: Buffer[];
  text(): string;
  /** Resolves when so many bytes came back; the time that took since `dial` (ms). */
  got(bytes: number): Promise<number>;
}

async function dial(): Promise<Client> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  const ended = endOf(socket);
  const pieces: Buffer[] = [];
  const began = performance.now();
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), ended]);
  const length = (): number => pieces.reduce((sum, piece) => sum + piece.length, 0);
  return {
    socket,
    ended,
    pieces,
    text: () => Buffer.concat(pieces).toString(),
    got: async (bytes) => {
      await expect.poll(length, { interval: 2 }).toBeGreaterThanOrEqual(bytes);
      return performance.now() - began;
    },
  };
}

describe('a fault proxy', () => {
  it('passes every byte both ways, the ends too, and keeps exact books', async () => {
    const client = await dial();
    const sent = Buffer.alloc(300_000, 'abcdefg');
    client.socket.end(sent);
    await client.got(sent.length);
    expect(Buffer.concat(client.pieces).equals(sent)).toBe(true);
    expect(await client.ended).toBe('fin');
    client.socket.destroy();
    await expect.poll(() => proxy.books.open).toBe(0);
    const whole = { up: sent.length, down: sent.length };
    expect(proxy.books.connections).toEqual([{ taken: whole, passed: whole, outcome: 'closed' }]);
    expect([proxy.books.total, proxy.books.taken, proxy.books.passed]).toEqual([1, whole, whole]);
  });

  it('drops what a client sent that gave up before it got through, where it is told to', async () => {
    const { route } = proxy;
    await proxy.close();
    proxy = await openFaultProxy(createSeeded('proxy'), { halfClose: false });
    proxy.route = route;
    const held = proxy.add('up', { kind: 'timeout' });
    const client = await dial();
    client.socket.write('too late');
    await expect.poll(() => held.struck).toBe(1);
    client.socket.end();
    expect(await client.ended).toBe('rst');
    proxy.heal();
    const next = await dial();
    next.socket.end('in time');
    await next.got(7);
    expect(arrived.map(({ bytes }) => Buffer.concat(bytes).toString())).toEqual(['', 'in time']);
    expect(proxy.books.connections[0]).toMatchObject({ taken: { up: 8 }, passed: { up: 0 }, outcome: 'reset' });
  });

  it('resets a client while nobody is there, and serves the next one when somebody is', async () => {
    const { route } = proxy;
    proxy.route = () => null;
    expect(await (await dial()).ended).toBe('rst');
    // Nobody listens at port 9 of loopback.
    proxy.route = () => ({ port: 9 });
    expect(await (await dial()).ended).toBe('rst');
    proxy.route = route;
    const client = await dial();
    client.socket.write('hello');
    await client.got(5);
    expect(proxy.books.connections.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'open']);
  });

  it('passes an RST of one end on to the other', async () => {
    const client = await dial();
    client.socket.write('hello');
    await client.got(5);
    arrived[0]?.socket.resetAndDestroy();
    expect(await client.ended).toBe('rst');
    await expect.poll(() => proxy.books.connections[0]?.outcome).toBe('reset');
  });

  it('cuts everything that is open', async () => {
    const clients = await Promise.all([dial(), dial(), dial()]);
    for (const client of clients) client.socket.write('x');
    await Promise.all(clients.map((client) => client.got(1)));
    proxy.cutAll();
    expect(await Promise.all(clients.map((client) => client.ended))).toEqual(['rst', 'rst', 'rst']);
    expect(proxy.books.open).toBe(0);
  });
});

describe('each fault', () => {
  it('latency: every piece comes later, in its order; the other direction is left alone', async () => {
    const toxic = proxy.add('down', { kind: 'latency', ms: 60, jitter: 30 });
    const client = await dial();
    const began = performance.now();
    for (const piece of ['one ', 'two ', 'three']) client.socket.write(piece);
    await client.got(13);
    expect(performance.now() - began).toBeGreaterThanOrEqual(30);
    expect((arrived[0]?.times[0] ?? Infinity) - began).toBeLessThan(performance.now() - began);
    expect(client.text()).toBe('one two three');
    expect(toxic.struck).toBeGreaterThan(0);
  });

  it('bandwidth: a kilobyte at 5 KB/s takes a fifth of a second', async () => {
    proxy.add('up', { kind: 'bandwidth', bytesPerSecond: 5000 });
    const client = await dial();
    const began = performance.now();
    client.socket.write(Buffer.alloc(1000, 'x'));
    await client.got(1000);
    // The last piece is passed on before the line is busy with it.
    expect(performance.now() - began).toBeGreaterThanOrEqual(145);
    expect(arrived[0]?.bytes.length).toBeGreaterThan(1);
  });

  it('slow close: the bytes arrive at once, the end later', async () => {
    const toxic = proxy.add('up', { kind: 'slow-close', ms: 80 });
    const client = await dial();
    const began = performance.now();
    client.socket.end('bye');
    await client.got(3);
    expect(client.text()).toBe('bye');
    expect(await arrived[0]?.ended).toBe('fin');
    expect(performance.now() - began).toBeGreaterThanOrEqual(79);
    expect(toxic.struck).toBe(1);
  });

  it('timeout: takes everything and answers nothing; what was held goes on when it is switched off', async () => {
    const toxic = proxy.add('up', { kind: 'timeout' });
    const client = await dial();
    client.socket.write('anybody there?');
    await expect.poll(() => proxy.books.taken.up).toBe(14);
    await expect.poll(() => toxic.struck).toBe(1);
    expect([proxy.books.passed.up, client.pieces.length]).toEqual([0, 0]);
    toxic.remove();
    await client.got(14);
    expect(client.text()).toBe('anybody there?');
  });

  it('reset: an RST at both ends, also of a connection that was open before', async () => {
    const client = await dial();
    client.socket.write('x');
    await client.got(1);
    const toxic = proxy.add('down', { kind: 'reset', afterMs: 5 });
    expect([await client.ended, await arrived[0]?.ended]).toEqual(['rst', 'rst']);
    expect(await (await dial()).ended).toBe('rst');
    expect(toxic.struck).toBe(2);
    toxic.remove();
    const next = await dial();
    next.socket.write('y');
    await next.got(1);
  });

  it('slicer: tiny pieces with pauses, no byte lost', async () => {
    proxy.add('down', { kind: 'slicer', bytes: 3, pauseMs: 5 });
    // Counted at the proxy: two of them may be read as one.
    let pieces = 0;
    proxy.onPassed((direction) => void (pieces += direction === 'down' ? 1 : 0));
    const client = await dial();
    client.socket.write('abcdefghij');
    await client.got(10);
    expect(client.text()).toBe('abcdefghij');
    expect(pieces).toBe(4);
  });

  it('limit: so many bytes arrive, to the byte, then the line is cut', async () => {
    const toxic = proxy.add('down', { kind: 'limit', bytes: 7 });
    const client = await dial();
    client.socket.write('0123456789');
    await client.ended;
    expect(client.text()).toBe('0123456');
    expect(proxy.books.connections[0]).toEqual({
      taken: { up: 10, down: 10 },
      passed: { up: 10, down: 7 },
      outcome: 'limit',
    });
    expect(toxic.struck).toBe(1);
  });

  it('strikes the share of connections it is told to, the same ones for the same seed', async () => {
    const outcomes = async (): Promise<string[]> => {
      proxy.add('down', { kind: 'limit', bytes: 1 }, 0.5);
      const seen: string[] = [];
      for (let count = 0; count < 24; count += 1) {
        const client = await dial();
        client.socket.end('ab');
        await client.ended;
        seen.push(client.text());
      }
      return seen;
    };
    const first = await outcomes();
    expect(new Set(first)).toEqual(new Set(['a', 'ab']));
    const { route } = proxy;
    await proxy.close();
    proxy = await openFaultProxy(createSeeded('proxy'));
    proxy.route = route;
    expect(await outcomes()).toEqual(first);
  });

  it('is gone when it is healed', async () => {
    for (const kind of ['timeout', 'reset'] as const) proxy.add('up', { kind }, 1);
    proxy.heal();
    const client = await dial();
    client.socket.write('well again');
    await client.got(10);
    expect(proxy.books.connections.at(-1)?.outcome).toBe('open');
  });
});
