import { startServer, type Server } from '../child.ts';
import { toFigure, type Line } from '../figures.ts';
import type { Memory } from '../servers/reply.ts';
import { freshDirectory, type Effort } from '../setting.ts';
import { openReaders, openStalled, type Readers } from '../sse-readers.ts';
import { hasNchan } from '../nginx.ts';
import { allGone, NO_NCHAN } from './fan-out.ts';

/** Open before the first look. */
const FIRST_OPEN = 1000;
/** Opened at a time. */
const STEP = 250;

const startOurs = (): Promise<Server> => startServer('stream', { BENCH_DIR: freshDirectory() });
const startPeer = (): Promise<Server> => startServer('better-sse');

export async function idleConnections({ quick }: Effort): Promise<Line[]> {
  const count = Math.min(quick ? 4000 : 8000, openFiles() - 500);
  const ours = await perConnection(startOurs, count);
  const peer = await perConnection(startPeer, count);
  const nchan = hasNchan() ? await perConnection(() => startServer('nchan'), count) : null;
  const kilobytes = (bytes: number): string => (bytes / 1024).toFixed(1);
  return [
    toFigure({
      what: `memory per idle SSE connection, ${count} open`,
      unit: 'KB',
      ours: ours.resident / 1024,
      atMost: 12,
      note:
        `resident memory after full collections, between ${FIRST_OPEN} open and all; better-sse ${kilobytes(peer.resident)} KB. V8 heap and buffers alone: ` +
        `ours ${kilobytes(ours.heap)} KB, better-sse ${kilobytes(peer.heap)} KB. ` +
        (nchan === null ? NO_NCHAN : `nchan ${kilobytes(nchan.resident)} KB, its shared zone counted.`),
    }),
  ];
}

/** Node takes the hard limit for its own when it starts. */
function openFiles(): number {
  const report = process.report.getReport() as unknown as { userLimits?: { open_files?: { soft?: number | string } } };
  const limit = Number(report.userLimits?.open_files?.soft);
  return Number.isNaN(limit) ? Infinity : limit;
}

/** What each further connection costs: the slope between a part of them and all, so that pools and code do not count. */
async function perConnection(start: () => Promise<Server>, count: number): Promise<Memory> {
  const server = await start();
  const opened: Readers[] = [];
  const openUpTo = async (wanted: number): Promise<Memory> => {
    for (let open = opened.length * STEP; open < wanted; open += STEP) {
      opened.push(await openReaders({ server, count: Math.min(STEP, wanted - open) }));
      // Real readers come over hours: what their opening leaves behind is collected in between.
      await server.ask({ do: 'collect' });
    }
    return server.ask<Memory>({ do: 'memory' });
  };
  const before = await openUpTo(FIRST_OPEN);
  const after = await openUpTo(count);
  const open = await server.ask({ do: 'open' });
  if (open !== count) throw new Error(`${open} connections are open in place of ${count}.`);
  for (const readers of opened) readers.close();
  await server.stop();
  const more = count - FIRST_OPEN;
  return { resident: (after.resident - before.resident) / more, heap: (after.heap - before.heap) / more };
}

const STALLED = 20;
const SIZE = 1024;
const PRODUCERS = 8;
/** Cut at the latest (ms). */
const CUT_MS = 10_000;

export async function stalledReaders({ quick }: Effort): Promise<Line[]> {
  const count = quick ? 10_000 : 20_000;
  const flood = { do: 'peak', count, size: SIZE, producers: PRODUCERS };
  const ours = await startOurs();
  // The same without readers first: code is compiled and pools are filled then.
  await ours.ask({ ...flood, do: 'flood' });
  await ours.ask({ do: 'watch' });
  const stalled = await openStalled(ours, STALLED);
  const growth = await ours.ask(flood);
  await allGone(ours);
  const waits = await ours.ask<number[]>({ do: 'waits' });
  stalled.close();
  const resumed = await countAfter(ours, count, count);
  await ours.stop();

  const peer = await startPeer();
  await peer.ask({ ...flood, do: 'flood' });
  const stalledThere = await openStalled(peer, STALLED);
  const growthThere = await peer.ask(flood);
  stalledThere.close();
  await peer.stop();
  const megabytes = (bytes: number): number => bytes / 2 ** 20;
  const events = count.toLocaleString('en-US');
  return [
    toFigure({
      what: `${STALLED} stalled readers, ${events} × 1 KB sent: memory`,
      unit: 'MB',
      ours: megabytes(growth),
      atMost: 30,
      note: `growth of resident memory at its peak, ${PRODUCERS} producers; better-sse ${megabytes(growthThere).toFixed(0)} MB.`,
    }),
    toFigure({
      what: `the same: the last of the ${waits.length} cut`,
      unit: 's after its socket was full',
      ours: Math.max(...waits) / 1000,
      atMost: CUT_MS / 1000,
      note: `a reader that resumed afterwards from where they began got ${resumed.toLocaleString('en-US')} of ${events} events.`,
    }),
  ];
}

/** @returns how many events a reader gets that resumes after the one with this id */
async function countAfter(server: Server, id: number, expected: number): Promise<number> {
  let got = 0;
  const onFrame = (): void => {
    got += 1;
  };
  const readers = await openReaders({ server, count: 1, lastEventId: String(id), onFrame });
  await readers.reached(expected);
  // One more than there were would come right behind.
  await new Promise((resolve) => setTimeout(resolve, 200));
  readers.close();
  return got;
}
