/** Faults that come and go on every line and at upstream, drawn from a seed. */
import type { FaultSpec } from '../../demo/align-cloud/index.ts';
import type { Seeded } from './seeded.ts';
import type { Stage } from './stage.ts';
import type { Direction, ToxicSpec } from './toxics.ts';

export interface Weather {
  /** How often each kind of fault was switched on. */
  readonly counts: ReadonlyMap<string, number>;
  /** Connections or pieces that faults of a line struck. */
  readonly struck: number;
  /** Switches everything off; resolves when the sky is clear. */
  stop(): Promise<void>;
}

const ON_LINES: readonly ((random: Seeded) => ToxicSpec)[] = [
  (random) => ({ kind: 'latency', ms: random.between(20, 400), jitter: 20 }),
  (random) => ({ kind: 'bandwidth', bytesPerSecond: random.between(2, 60) * 1000 }),
  (random) => ({ kind: 'slow-close', ms: random.between(100, 2000) }),
  () => ({ kind: 'timeout' }),
  (random) => ({ kind: 'reset', afterMs: random.between(0, 60) }),
  (random) => ({ kind: 'slicer', bytes: random.between(1, 40), pauseMs: random.between(0, 8) }),
  (random) => ({ kind: 'limit', bytes: random.between(20, 3000) }),
];

const UPSTREAM: readonly FaultSpec[] = [
  { on: 'getOrderByRxId', kind: 'status', status: 500, times: 4 },
  { on: 'getOrderByRxId', kind: 'status', status: 429, retryAfter: 1, times: 2 },
  { on: 'getOrderByRxId', kind: 'half-body', times: 3 },
  { on: 'getOrderByRxId', kind: 'slow', ms: 1500, times: 3 },
  { on: 'getOrderByRxId', kind: 'wrong-shape', times: 2, body: { unexpected: true } },
  { on: 'getOrders', kind: 'status', status: 503, times: 1 },
  { on: 'getOrders', kind: 'status', status: 429, retryAfter: 4, times: 1 },
  { on: 'getOrders', kind: 'reset', times: 1 },
  { on: 'getOrders', kind: 'half-body', times: 1 },
  { on: 'token', kind: 'status', status: 500, times: 1 },
  { on: 'cdn', kind: 'truncated', times: 3 },
];

export function startWeather(stage: Stage, random: Seeded): Weather {
  const counts = new Map<string, number>();
  const over = new AbortController();
  let struck = 0;
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      over.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async function lines(own: Seeded): Promise<void> {
    while (!over.signal.aborted) {
      await pause(own.between(300, 2000));
      if (over.signal.aborted) return;
      const name = own.pick(['front', 'stream', 'back', 'files'] as const);
      const direction = own.pick<Direction>(['up', 'down']);
      const spec = own.pick(ON_LINES)(own);
      const toxic = stage.lines[name].add(direction, spec, own.pick([0.3, 0.7, 1]));
      count(`${name}: ${spec.kind}`);
      await pause(own.between(500, 4000));
      struck += toxic.struck;
      toxic.remove();
    }
  }

  async function upstream(own: Seeded): Promise<void> {
    while (!over.signal.aborted) {
      await pause(own.between(1500, 5000));
      if (over.signal.aborted) return;
      const fault = own.pick(UPSTREAM);
      const { id } = stage.cloud.faults.add(fault);
      count(`upstream: ${fault.on} ${fault.kind}`);
      await pause(own.between(1000, 4000));
      stage.cloud.faults.remove(id);
    }
  }

  // Two at a time: faults that meet are where the mistakes are.
  const running = [lines(random.fork('one')), lines(random.fork('two')), upstream(random.fork('upstream'))];
  return {
    counts,
    get struck() {
      return struck;
    },
    async stop() {
      over.abort();
      await Promise.all(running);
      for (const line of Object.values(stage.lines)) line.heal();
    },
  };
}
