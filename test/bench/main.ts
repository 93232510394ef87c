/**
 * The figures of bars.md, ours and the peers' in one run: `npm run bench -- [--quick] [--only name] [--record]`.
 * `--profile folder` leaves a CPU profile of each server there.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { toTable, type Line } from './figures.ts';
import { describeMachine } from './machine.ts';
import { removeDirectories, type Effort } from './setting.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    only: { type: 'string' },
    profile: { type: 'string' },
  },
});
if (values.profile !== undefined) process.env['ITERO_BENCH_PROFILES'] = values.profile;

type Row = (effort: Effort) => Promise<Line[]>;

/** Imported when it is their turn: one row alone needs no browser and no nginx. */
const ROWS: Readonly<Record<string, () => Promise<Row>>> = {
  intake: async () => (await import('./rows/intake.ts')).intake,
  'fan-out': async () => (await import('./rows/fan-out.ts')).fanOut,
  connections: async () => (await import('./rows/connections.ts')).idleConnections,
  stalled: async () => (await import('./rows/connections.ts')).stalledReaders,
  files: async () => (await import('./rows/files.ts')).files,
  inbox: async () => (await import('./rows/inbox.ts')).inbox,
  bundle: async () => (await import('./rows/bundle.ts')).bundle,
  growth: async () => (await import('./rows/growth.ts')).growth,
};

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const effort: Effort = values.quick
  ? { rounds: 2, seconds: 1.5, quick: true }
  : { rounds: 5, seconds: 2, quick: false };

function chosen(): string[] {
  const names = Object.keys(ROWS);
  if (values.only === undefined) return names;
  const wanted = values.only.split(',');
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`--only knows ${names.join(', ')}; not ${unknown.join(', ')}.`);
  return wanted;
}

async function main(): Promise<void> {
  const lines: Line[] = [];
  const failed: string[] = [];
  const begun = performance.now();
  for (const name of chosen()) {
    const from = performance.now();
    process.stderr.write(`${name} … `);
    try {
      const row = await ROWS[name]?.();
      lines.push(...((await row?.(effort)) ?? []));
      process.stderr.write(`${((performance.now() - from) / 1000).toFixed(0)} s\n`);
    } catch (error) {
      // The other rows still count; the run as a whole has failed.
      failed.push(name);
      process.stderr.write(`failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    }
  }
  const machine = describeMachine();
  const report = {
    date: new Date().toISOString(),
    ...machine,
    seconds: Math.round((performance.now() - begun) / 1000),
    effort,
    failed,
    figures: lines,
  };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  mkdirSync(at('bench-results'), { recursive: true });
  writeFileSync(at('bench-results/latest.json'), json);
  if (values.record) writeFileSync(at('docs/bench.json'), json);
  process.stdout.write(`\n${toTable(lines)}\n\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, `);
  process.stdout.write(`one fsync ${machine.fsyncMs} ms, ${report.seconds} s\n`);
  if (failed.length > 0) throw new Error(`not measured because they failed: ${failed.join(', ')}`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  removeDirectories();
}
// Sockets of broken-off rows must not hold the process.
process.exit();
