import { startServer } from '../child.ts';
import { median, toFigure, type Line } from '../figures.ts';
import { freshDirectory, type Effort } from '../setting.ts';

const SIZES = [1_000, 10_000, 100_000] as const;
const WORK = {
  list: 'list of the first page',
  merge: 'merge of one new case',
  append: 'append to the stream',
  resume: 'a stream that comes back',
} as const;

/** The same work on three stores, turn by turn. */
export async function growth({ rounds, quick }: Effort): Promise<Line[]> {
  const sizes = quick ? SIZES.map((size) => size / 10) : SIZES;
  const server = await startServer('growth', { BENCH_DIR: freshDirectory(), BENCH_SIZES: sizes.join(',') });
  const lines: Line[] = [];
  for (const [work, what] of Object.entries(WORK)) {
    const times = sizes.map((): number[] => []);
    // One turn to warm up, which does not count.
    for (let round = -1; round < rounds; round += 1) {
      for (const [index] of sizes.entries()) {
        const ms = await server.ask({ do: work, store: index });
        if (round >= 0) times[index]?.push(ms);
      }
    }
    const each = times.map(median);
    const told = each.map((ms, index) => `${(ms * 1000).toFixed(0)} µs at ${sizes[index]?.toLocaleString('en-US')}`);
    const [least = 0, most = 0] = [each[0], each.at(-1)];
    lines.push(
      toFigure({
        what: `cost growth ×100: ${what}`,
        unit: 'ms each',
        ours: most,
        peer: { name: `at ${sizes[0].toLocaleString('en-US')} scans`, value: least },
        atMost: 1.5,
        note: `${told.join(', ')} scans in the store.`,
      }),
    );
  }
  await server.stop();
  return lines;
}
