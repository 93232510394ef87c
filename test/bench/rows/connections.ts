import { startServer, type Server } from '../child.ts';
import { toFigure, type Line } from '../figures.ts';
import type { Memory } from '../servers/reply.ts';
import { freshDirectory, type Effort } from '../setting.ts';
import { openReaders, openStalled } from '../sse-readers.ts';
import { allGone } from './fan-out.ts';

const startOurs = (): Promise<Server> => startServer('stream', { BENCH_DIR: freshDirectory() });
const startPeer = (): Promise<Server> => startServer('better-sse');

export async function idleConnections({ quick }: Effort): Promise<Line[]> {
  const count = Math.min(quick ? 4000 : 8000, openFiles() - 500);
  const ours = await perConnection(startOurs, count);
  const peer = await perConnection(startPeer, count);
  const kilobytes = (bytes: number): string => (bytes / 1024).toFixed(1);
  return [
    toFigure({
      what: `memory per idle SSE connection, ${count} open`,
      unit: 'KB',
      ours: ours.resident / 1024,
      atMost: 12,
      note:
        `resident memory after a full collection; better-sse ${kilobytes(peer.resident)} KB. V8 heap and buffers alone: ` +
        `ours ${kilobytes(ours.heap)} KB, better-sse ${kilobytes(peer.heap)} KB.`,
    }),
  ];
}

/** Node takes the hard limit for its own when it starts. */
function openFiles(): number {
  const report = process.report.getReport() as unknown as { userLimits?: { open_files?: { soft?: number | string } } };
  const limit = Number(report.userLimits?.open_files?.soft);
  return Number.isNaN(limit) ? Infinity : limit;
}

async function perConnection(start: () => Promise<Server>, count: number): Promise<Memory> {
  const server = await start();
  // Code is compiled and pools are filled before the first look.
  const warm = await openReaders({ server, count: 200 });
  warm.close();
  await allGone(server);
  const before = await server.ask<Memory>({ do: 'memory' });
  const readers = await openReaders({ server, count });
  const after = await server.ask<Memory>({ do: 'memory' });
  const open = await server.ask({ do: 'open' });
  if (open !== count) throw new Error(`${open} connections are open in place of ${count}.`);
  readers.close();
  await server.stop();
  return {
    resident: (after.resident - before.resident) / count,
    heap: (after.heap - before.heap) / count,
  };
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
  await ours.ask({ do: 'watch' });
  const stalled = await openStalled(ours, STALLED);
  const growth = await ours.ask(flood);
  await allGone(ours);
  const waits = await ours.ask<number[]>({ do: 'waits' });
  stalled.close();
  const resumed = await countAfterwards(ours, count);
  await ours.stop();

  const peer = await startPeer();
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
      note: `a reader that resumed from 0 afterwards got ${resumed.toLocaleString('en-US')} of ${events} events.`,
    }),
  ];
}

/** @returns how many events a reader gets that begins before the first of them */
async function countAfterwards(server: Server, count: number): Promise<number> {
  let got = 0;
  const readers = await openReaders({
    server,
    count: 1,
    lastEventId: '0',
    onFrame: () => {
      got += 1;
    },
  });
  await readers.reached(count);
  // One more than there were would come right behind.
  await new Promise((resolve) => setTimeout(resolve, 200));
  readers.close();
  return got;
}
