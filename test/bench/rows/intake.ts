import { startServer, type Server } from '../child.ts';
import { median, toFigure, type Line } from '../figures.ts';
import { drive, type Load } from '../load.ts';
import { freshDirectory, type Effort } from '../setting.ts';

const CLIENTS = 32;

/** POST → commit with fsync → 2xx, against a POST that only reads the same JSON. */
export async function intake({ rounds, seconds }: Effort): Promise<Line[]> {
  const ours = await startServer('bff', { BENCH_DIR: freshDirectory() });
  const peer = await startServer('bare-hono');
  const token = ours.facts['callbackToken'] ?? '';
  await post(ours, token, 1);
  await post(peer, token, 1);
  const [mine, theirs]: [Load[], Load[]] = [[], []];
  const before = await ours.ask({ do: 'hints' });
  for (let round = 0; round < rounds; round += 1) {
    mine.push(await post(ours, token, seconds));
    theirs.push(await post(peer, token, seconds));
  }
  const stored = (await ours.ask({ do: 'hints' })) - before;
  const acknowledged = mine.reduce((sum, load) => sum + load.answered, 0);
  // More may be stored than answered: the load ends with requests under way.
  if (stored < acknowledged) throw new Error(`${acknowledged} notifications were acknowledged, ${stored} stored.`);
  await Promise.all([ours.stop(), peer.stop()]);
  return [
    toFigure({
      what: 'notification intake, durable',
      unit: 'req/s',
      ours: median(mine.map(({ perSecond }) => perSecond)),
      peer: { name: 'bare Hono', value: median(theirs.map(({ perSecond }) => perSecond)) },
      atLeast: 0.5,
      note:
        `${CLIENTS} clients (autocannon, keep-alive), each RX id once. Ours is the whole BFF with its metrics and a log ` +
        'line for each commit; hints are followed meanwhile, in the peer’s turns too, at the pace of an upstream that answers each look after 100 ms, six at once, and ' +
        `merged. ${acknowledged.toLocaleString('en-US')} acknowledged, all found on disk.`,
    }),
    toFigure({
      what: `notification intake, p99 at ${CLIENTS} clients`,
      unit: 'ms',
      ours: median(mine.map(({ p99 }) => p99)),
      atMost: 10,
      note: `bare Hono ${median(theirs.map(({ p99 }) => p99))} ms.`,
    }),
  ];
}

let sent = 0;

function post(server: Server, token: string, seconds: number): Promise<Load> {
  const body = (): string => {
    sent += 1;
    return JSON.stringify({ rxId: `rx-${process.pid}-${sent}`, accountNumber: '1017' });
  };
  return drive({
    url: `http://127.0.0.1:${server.port}/v1/callbacks/${token}`,
    method: 'POST',
    connections: CLIENTS,
    duration: seconds,
    headers: { 'content-type': 'application/json' },
    body: body(),
    setupClient: (client) => {
      client.setBody(body());
      client.on('response', () => client.setBody(body()));
    },
  });
}
