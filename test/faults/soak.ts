/**
 * `npm run soak`: the long form of the fault tests. Prints a table, writes bench-results/soak.json, and ends with an exit code
 * other than 0 when any rule of history.ts was broken.
 *
 *   node test/faults/soak.ts [--kills 200] [--minutes 10] [--seed TEXT] [--store sqlite|postgres]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openDatabase, closeOwnPostgres } from '../support/postgres.ts';
import { createSeeded } from './seeded.ts';
import { killPhase, mixedPhase, type PhaseReport } from './soak-phases.ts';

const USAGE = 'npm run soak -- [--kills 200] [--minutes 10] [--seed TEXT] [--store sqlite|postgres]';
const values = readOptions();
const kills = wholeNumber('--kills', values.kills);
const minutes = Number(values.minutes);
if (!(minutes >= 0)) stopWith('--minutes must be a number.');
if (values.store !== 'sqlite' && values.store !== 'postgres') stopWith('--store must be sqlite or postgres.');
const usesPostgres = values.store === 'postgres';
const instances = usesPostgres ? 3 : 1;

function readOptions() {
  try {
    return parseArgs({
      options: {
        kills: { type: 'string', default: '200' },
        minutes: { type: 'string', default: '10' },
        seed: { type: 'string', default: new Date().toISOString() },
        store: { type: 'string', default: 'sqlite' },
      },
    }).values;
  } catch (error) {
    return stopWith(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

function stopWith(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,6}$/.test(text)) stopWith(`${name} must be a whole number.`);
  return Number(text);
}

const say = (line: string): void => console.log(line);
const reports: PhaseReport[] = [];
say(
  `soak: ${values.store}, ${instances} instance(s), ${kills} kills, ${minutes} minutes of mixed faults, seed ${values.seed}`,
);
const random = createSeeded(values.seed);
const place = async (): Promise<{ store?: string }> => (usesPostgres ? { store: (await openDatabase()).url } : {});
if (kills > 0) {
  reports.push(await killPhase({ ...(await place()), random: random.fork('kills'), instances, say, kills }));
}
if (minutes > 0) {
  reports.push(await mixedPhase({ ...(await place()), random: random.fork('mixed'), instances, say, minutes }));
}
if (usesPostgres) await closeOwnPostgres();

for (const report of reports) {
  const { name, notifications: told, startMs, streams } = report;
  say(`\n${name} (${report.seconds} s)`);
  const rows: [string, string | number][] = [
    ['SIGKILLs, restart each time', report.kills],
    ...Object.entries(report.aims).map(([aim, met]): [string, string] => [`  ${aim}, met its moment`, met]),
    ['start of a process, median / worst (ms)', `${startMs.median} / ${startMs.worst}`],
    ['changes upstream', report.changes],
    ['notifications sent', told.sent],
    ['  acknowledged / refused / no answer', `${told.acknowledged} / ${told.refused} / ${told.unknown}`],
    ['acknowledged and lost', report.lost],
    ['events in the logs', report.events],
    ['stream readers / connections / resets', `${streams.readers} / ${streams.connections} / ${streams.resets}`],
    ['Get Orders calls', report.polls],
    ['nothing missing after (ms)', report.settledMs ?? 'not reached'],
    ...Object.entries(report.faults).map(([fault, count]): [string, number] => [`  fault ${fault}`, count]),
    ...Object.entries(report.errors).map(([error, count]): [string, number] => [`  log error “${error}”`, count]),
    ['violations', report.violations.length],
  ];
  for (const [label, value] of rows) say(`  ${label.padEnd(48)} ${String(value).padStart(14)}`);
  for (const violation of report.violations.slice(0, 20)) say(`  ✗ ${violation}`);
}

const root = fileURLToPath(new URL('../../', import.meta.url));
mkdirSync(`${root}bench-results`, { recursive: true });
const result = {
  date: new Date().toISOString(),
  machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
  store: values.store,
  instances,
  seed: values.seed,
  phases: reports,
};
writeFileSync(`${root}bench-results/soak.json`, `${JSON.stringify(result, null, 2)}\n`);
const broken = reports.reduce((sum, { violations }) => sum + violations.length, 0);
say(
  broken === 0 ? '\nno rule was broken' : `\n${broken} violations; again with: npm run soak -- --seed ${values.seed}`,
);
process.exit(broken === 0 ? 0 : 1);
