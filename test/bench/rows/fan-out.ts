import { startServer, type Server } from '../child.ts';
import { percentile, toFigure, turns, type Line } from '../figures.ts';
import { hasNchan } from '../nginx.ts';
import { freshDirectory, type Effort } from '../setting.ts';
import { openReaders } from '../sse-readers.ts';

const READERS = 1000;
const SIZE = 256;
const PRODUCERS = 16;
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
  const rates = await turns(
    rounds,
    servers.map((server) => () => eventsPerSecond(server, events)),
  );
  const latenesses = await turns(
    rounds,
    servers.map((server) => () => lateness(server, quick ? 20 : 30)),
  );
  await Promise.all(servers.map((server) => server.stop()));
  const [rate = NaN, betterSseRate = NaN, nchanRate = NaN] = rates;
  const [late = NaN, betterSseLate = NaN, nchanLate = NaN] = latenesses;
  const nchanTold = nchan === null ? NO_NCHAN : `nchan ${nchanLate.toFixed(1)} ms`;
  const what = `SSE fan-out, ${READERS} connections × ${SIZE} B`;
  const waves = `${events} events in waves of ${PRODUCERS}, each wave when the one before is accepted (ours: one commit, so that each reader gets the wave by one write). ${PATH}`;
  return [
    toFigure({
      what,
      unit: 'events/s',
      ours: rate,
      peer: { name: 'better-sse', value: betterSseRate },
      atLeast: 1.2,
      note: waves,
    }),
    nchan === null
      ? { what: `${what}, against nginx nchan`, bar: '≥ 0.75×', unmeasured: NO_NCHAN }
      : toFigure({
          what: `${what}, against nginx nchan`,
          unit: 'events/s',
          ours: rate,
          peer: { name: 'nchan', value: nchanRate },
          atLeast: 0.75,
        }),
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

async function eventsPerSecond(server: Server, events: number): Promise<number> {
  const readers = await openReaders({ server, count: READERS });
  // The first events after opening: code and connections are warm then.
  await server.ask({ do: 'flood', count: PRODUCERS, size: SIZE, producers: PRODUCERS });
  await readers.reached(PRODUCERS);
  const begun = performance.now();
  const all = readers.reached(PRODUCERS + events);
  await server.ask({ do: 'flood', count: events, size: SIZE, producers: PRODUCERS });
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
