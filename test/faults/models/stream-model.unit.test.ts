/**
 * The event stream as a model that is walked at random: events for several audiences, readers whose lines break at any moment,
 * a server that dies and comes back on what was on disk, retention that removes old events. Every reader saw each event
 * that it may see exactly once, in order, or was told that events were lost.
 */
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { KEEP_EVENTS_MS, pruneEvents } from '../../../bff/events/retention.ts';
import { handClock, START } from '../../bff/support/fixtures.ts';
import { startStreamServer } from '../../bff/support/stream-server.ts';
import { until } from '../../bff/support/until.ts';
import fc from '../../support/fast-check.ts';
import { openMortalStore, type MortalStore } from './disk-image.ts';

const CHARTS = ['C-1', 'C-2'];
type Server = Awaited<ReturnType<typeof startStreamServer>>;

/** A reader on a raw socket: it breaks off between any two bytes and comes back with the last whole frame's id. */
class Reader {
  readonly chart: string | null;
  readonly seen: number[] = [];
  position: number | null = null;
  from: number | null = null;
  /** Where it stood and where it was told to go on when it was told that events were lost. */
  readonly resets: { readonly after: number; readonly upTo: number }[] = [];
  #socket: Socket | null = null;

  constructor(chart: string | null) {
    this.chart = chart;
  }

  get connected(): boolean {
    return this.#socket !== null;
  }

  /** @param readBytes breaks off after so many bytes of the answer; null: stays */
  async connect(server: Server, readBytes: number | null): Promise<void> {
    const { port } = new URL(server.url);
    const who = { expiresAt: START + 1e12, ...(this.chart !== null && { patient: { chartNumber: this.chart } }) };
    const resume = this.position === null ? '' : `Last-Event-ID: ${this.position}\r\n`;
    const socket = connect(Number(port), '127.0.0.1');
    const head = `GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${JSON.stringify(who)}\r\n${resume}\r\n`;
    let text = '';
    let left = readBytes ?? Infinity;
    let body = false;
    const first = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        const taken = chunk.subarray(0, Math.min(chunk.length, left));
        left -= taken.length;
        text += taken.toString();
        if (!body) {
          const end = text.indexOf('\r\n\r\n');
          if (end !== -1) {
            body = true;
            text = text.slice(end + 4);
          }
        }
        if (body) {
          const frames = text.split('\n\n');
          text = frames.pop() ?? '';
          for (const frame of frames) this.#take(frame);
          if (frames.length > 0) resolve();
        }
        if (left === 0) socket.destroy();
      });
      socket.on('error', () => resolve());
      socket.once('close', () => {
        if (this.#socket === socket) this.#socket = null;
        resolve();
      });
    });
    this.#socket = socket;
    socket.write(head);
    await first;
  }

  disconnect(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #take(frame: string): void {
    const id = /^id: (\d+)$/m.exec(frame)?.[1];
    const type = /^event: (.*)$/m.exec(frame)?.[1];
    if (id === undefined) return;
    this.from ??= Number(id);
    const after = this.position ?? Number(id);
    this.position = Number(id);
    if (type === 'stream.reset') this.resets.push({ after, upTo: Number(id) });
    else if (type !== 'heartbeat') this.seen.push(Number(id));
  }
}

class World {
  server: Server;
  readonly mortal: MortalStore;
  readonly readers: readonly Reader[] = [new Reader(null), new Reader('C-1'), new Reader('C-2')];

  constructor(mortal: MortalStore, server: Server) {
    this.mortal = mortal;
    this.server = server;
  }

  reader(index: number): Reader {
    const reader = this.readers[index];
    if (reader === undefined) throw new Error('no such reader');
    return reader;
  }
}

/** What was committed for sure, in the order of ids; who may see it. */
interface Model {
  readonly log: Map<number, string | null>;
}
type Step = fc.AsyncCommand<Model, World>;
const always = (): boolean => true;

async function readLog(model: Model, world: World): Promise<void> {
  const rows = await world.mortal.store.db.selectFrom('events').select(['id', 'charts']).orderBy('id').execute();
  for (const { id, charts } of rows) {
    model.log.set(id, charts === null ? null : ((JSON.parse(charts) as string[])[0] ?? null));
  }
}

class Append implements Step {
  readonly charts: readonly (string | null)[];
  constructor(charts: readonly (string | null)[]) {
    this.charts = charts;
  }
  check = always;
  async run(model: Model, { server, mortal }: World): Promise<void> {
    await Promise.all(this.charts.map((chart) => server.append({ charts: chart === null ? null : [chart] })));
    await readLog(model, { server, mortal } as World);
  }
  toString = (): string => `append for ${this.charts.join()}`;
}

class Connect implements Step {
  readonly index: number;
  readonly readBytes: number | null;
  constructor(index: number, readBytes: number | null) {
    this.index = index;
    this.readBytes = readBytes;
  }
  check = always;
  async run(_model: Model, world: World): Promise<void> {
    const reader = world.reader(this.index);
    if (!reader.connected) await reader.connect(world.server, this.readBytes);
  }
  toString = (): string => `connect ${this.index}${this.readBytes === null ? '' : ` for ${this.readBytes} bytes`}`;
}

class Break implements Step {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
  check = always;
  async run(_model: Model, world: World): Promise<void> {
    world.reader(this.index).disconnect();
    await Promise.resolve();
  }
  toString = (): string => `break ${this.index}`;
}

/** Events are being appended when the process dies: each is on disk or never was. */
class Crash implements Step {
  readonly turns: number;
  constructor(turns: number) {
    this.turns = turns;
  }
  check = always;
  async run(model: Model, world: World): Promise<void> {
    for (let count = 0; count < 3; count += 1) void world.server.append().catch(() => undefined);
    for (let turn = 0; turn < this.turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    // The disk as it is now; what the dying server still says to its readers was committed before.
    const crashed = world.mortal.crash();
    const dead = world.server;
    for (const reader of world.readers) reader.disconnect();
    await crashed;
    await dead.close();
    world.server = await startStreamServer({ store: world.mortal.store });
    await readLog(model, world);
  }
  toString = (): string => `crash after ${this.turns}`;
}

/** A week later. */
class Prune implements Step {
  check = always;
  async run(_model: Model, world: World): Promise<void> {
    const { store } = world.mortal;
    const clock = handClock(world.server.clock.now() + KEEP_EVENTS_MS + 1);
    await pruneEvents({ store, clock });
  }
  toString = (): string => 'prune';
}

function expectExactlyOnce(reader: Reader, model: Model): void {
  const { seen, from, resets, chart } = reader;
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(new Set(seen).size).toBe(seen.length);
  if (from === null) return;
  const mayBeSeen = [...model.log].flatMap(([id, of]) => (chart === null || of === null || of === chart ? [id] : []));
  expect(seen.filter((id) => !mayBeSeen.includes(id))).toEqual([]);
  const lost = (id: number): boolean => resets.some(({ after, upTo }) => id > after && id <= upTo);
  const missed = mayBeSeen.filter((id) => id > from && !seen.includes(id) && !lost(id));
  expect(missed).toEqual([]);
}

const index = fc.nat(2);
const charts = fc.array(fc.constantFrom(null, ...CHARTS), { minLength: 1, maxLength: 6 });
const steps = fc.array<Step>(
  fc.oneof(
    { weight: 4, arbitrary: charts.map((of): Step => new Append(of)) },
    { weight: 2, arbitrary: fc.tuple(index, fc.integer({ min: 1, max: 1500 })).map((it): Step => new Connect(...it)) },
    { weight: 4, arbitrary: index.map((at): Step => new Connect(at, null)) },
    { weight: 3, arbitrary: index.map((at): Step => new Break(at)) },
    { weight: 1, arbitrary: fc.nat(8).map((turns): Step => new Crash(turns)) },
    { weight: 1, arbitrary: fc.constant<Step>(new Prune()) },
  ),
  { minLength: 15, maxLength: 40 },
);

it('every reader sees each event exactly once, or is told that events were lost, whatever breaks', async () => {
  const met = { seen: 0, resets: 0 };
  await fc.assert(
    fc.asyncProperty(steps, async (commands) => {
      const mortal = await openMortalStore(handClock());
      const world = new World(mortal, await startStreamServer({ store: mortal.store }));
      const model: Model = { log: new Map() };
      try {
        await fc.asyncModelRun(() => ({ model, real: world }), commands);
        for (const reader of world.readers) {
          reader.disconnect();
          await reader.connect(world.server, null);
        }
        // One event that everybody may see: whoever has seen it has seen all before it.
        await new Append([null]).run(model, world);
        const last = Math.max(...model.log.keys());
        for (const reader of world.readers) await until(async () => reader.position === last);
        for (const reader of world.readers) expectExactlyOnce(reader, model);
        met.seen += world.readers.reduce((sum, { seen }) => sum + seen.length, 0);
        met.resets += world.readers.reduce((sum, { resets }) => sum + resets.length, 0);
      } finally {
        for (const reader of world.readers) reader.disconnect();
        await world.server.close();
        await mortal.close();
      }
    }),
    { numRuns: 16 },
  );
  expect(met.seen).toBeGreaterThan(100);
  expect(met.resets).toBeGreaterThan(0);
}, 180_000);
