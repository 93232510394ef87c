import { startServer, type Server } from '../child.ts';
import { percentile, toFigure, turns, type Line } from '../figures.ts';
import { hasNchan } from '../nginx.ts';
import { freshDirectory, type Effort } from '../setting.ts';
import { openReaders } from '../sse-readers.ts';

const READERS = 1000;
const SIZE = 256;
/** Events of one wave: a burst of a busy clinic, which shares a commit and a write; and each by itself. */
const BURST = 16;
const ALONE = 1;
/** One event in so many ms: ten a second. */
const EVERY_MS = 100;

const PATH =
  'ours: event log append in a SQLite transaction (file, synchronous=FULL), commit, session- and scope-checked delivery. ' +
  'better-sse: channel.broadcast of an object. nchan: published by HTTP from another process over one pipelined connection, ' +
  'one worker, unchecked. All: the same waves, readers that only count frames.';
export const NO_NCHAN = 'nginx with libnginx-mod-nchan is not installed';

export async function fanOut({ rounds, quick }: Effort): Promise<Line[]> {
  const ours = await startServer('stream', { BENCH_DIR: freshDirectory() });
  const betterSse = await startServer('better-sse');
  const nchan = hasNchan() ? await startServer('nchan') : null;
  const servers = [ours, betterSse, ...(nchan === null ? [] : [nchan])];
  const events = quick ? 150 : 300;
  const ratesOf = (wave: number) =>
    turns(
      rounds,
      servers.map((server) => () => eventsPerSecond(server, events, wave)),
    );
  const inBursts = await ratesOf(BURST);
  const oneByOne = await ratesOf(ALONE);
  const latenesses = await turns(
    rounds,
    servers.map((server) => () => lateness(server, quick ? 20 : 30)),
  );
  await Promise.all(servers.map((server) => server.stop()));
  const [late = NaN, betterSseLate = NaN, nchanLate = NaN] = latenesses;
  const nchanTold = nchan === null ? NO_NCHAN : `nchan ${nchanLate.toFixed(1)} ms`;
  return [
    ...toLines('one by one', oneByOne, `${events} events, each when the one before is accepted. ${PATH}`),
    ...toLines(
      `in bursts of ${BURST}`,
      inBursts,
      `${events} events in waves of ${BURST}, each wave when the one before is accepted: ours shares one commit, and each reader gets ` +
        'the wave by one write; the peers write each event by itself.',
    ),
    toFigure({
      what: `SSE p99 at 10 events/s × ${READERS}`,
      unit: 'ms',
      ours: late,
      peer: { name: 'better-sse', value: betterSseLate },
      atMost: 1,
      note: `from before the append (ours: with its commit) to the arrival at each reader, on one clock; ${nchanTold}.`,
    }),
  ];
}

function toLines(how: string, rates: readonly number[], note: string): Line[] {
  const [rate = NaN, betterSse = NaN, nchan] = rates;
  const what = `SSE fan-out, ${READERS} connections × ${SIZE} B, ${how}`;
  const against = `${what}, against nginx nchan`;
  const unit = 'events/s';
  return [
    toFigure({ what, unit, ours: rate, peer: { name: 'better-sse', value: betterSse }, atLeast: 1.2, note }),
    nchan === undefined
      ? { what: against, bar: '≥ 0.75×', unmeasured: NO_NCHAN }
      : toFigure({ what: against, unit, ours: rate, peer: { name: 'nchan', value: nchan }, atLeast: 0.75 }),
  ];
}

async function eventsPerSecond(server: Server, events: number, wave: number): Promise<number> {
  const readers = await openReaders({ server, count: READERS });
  // The first events after opening: code and connections are warm then.
  await server.ask({ do: 'flood', count: BURST, size: SIZE, producers: wave });
  await readers.reached(BURST);
  const begun = performance.now();
  const all = readers.reached(BURST + events);
  await server.ask({ do: 'flood', count: events, size: SIZE, producers: wave });
  await all;
  const seconds = (performance.now() - begun) / 1000;
  readers.close();
  await allGone(server);
  return events / seconds;
}

async function lateness(server: Server, events: number): Promise<number> {
  const arrivals: { index: number; at: number }[] = [];
  const onFrame = (index: number): void => {
    arrivals.push({ index, at: Number(process.hrtime.bigint()) / 1e6 });
  };
  const readers = await openReaders({ server, count: READERS, onFrame });
  const sent = await server.ask<number[]>({ do: 'paced', count: events, size: SIZE, everyMs: EVERY_MS });
  await readers.reached(events);
  readers.close();
  await allGone(server);
  return percentile(
    arrivals.map(({ index, at }) => at - (sent[index] ?? at)),
    0.99,
  );
}

/** So that the next turn does not share the machine with the end of this one. */
export async function allGone(server: Server): Promise<void> {
  while ((await server.ask({ do: 'open' })) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}
