/** SIGKILL at chosen and at random moments, again and again. */
import { watch } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Seeded } from './seeded.ts';
import type { Slot, Stage } from './stage.ts';
import type { Traffic } from './traffic.ts';

/** When the process dies. */
export const AIMS = [
  'any moment',
  'while it starts',
  /** A notification is coming in. */
  'at accept',
  /** The write-ahead log has just been written to. */
  'at commit',
  /** The first 2xx of this process has just come back. */
  'at answer',
  /** Upstream's answer is on its way in. */
  'at merge',
  /** Pages are being moved from the write-ahead log into the database. */
  'at checkpoint',
] as const;
export type Aim = (typeof AIMS)[number];

export interface KillReport {
  kills: number;
  /** Kills by aim, and how many of them met their moment; the others came after a wait in vain. */
  readonly byAim: Map<Aim, { kills: number; met: number }>;
  /** From spawn to listening, of every start (ms). */
  readonly bootMs: number[];
}

export interface KillOptions {
  readonly stage: Stage;
  readonly traffic: Traffic;
  readonly random: Seeded;
  readonly kills: number;
  readonly aims?: readonly Aim[];
  /** How long each moment is waited for (ms). */
  readonly patienceMs?: number;
  /** Told after each kill, while the process is up again. */
  readonly onRevived?: (kills: number) => Promise<void>;
  readonly signal?: AbortSignal;
}

/** A moment that does not come is not waited for longer (ms). */
const IN_VAIN_MS: Partial<Record<Aim, number>> = { 'at checkpoint': 4000 };
const IN_VAIN_ELSE_MS = 1500;

/** Kills and starts again until the count is reached; every slot is up in the end. */
export async function killAgainAndAgain(options: KillOptions): Promise<KillReport> {
  const { stage, random, kills } = options;
  const aims = (options.aims ?? AIMS).filter((aim) => stage.store.startsWith('sqlite:') || !needsFile(aim));
  const report: KillReport = { kills: 0, byAim: new Map(aims.map((aim) => [aim, { kills: 0, met: 0 }])), bootMs: [] };

  async function up(slot: Slot): Promise<void> {
    if (slot.process?.alive === true) return;
    const started = await stage.start(slot);
    if (started === null) throw new Error('the process was killed by somebody else');
    report.bootMs.push(started.bootMs);
  }
  for (const slot of stage.slots) await up(slot);

  while (report.kills < kills && options.signal?.aborted !== true) {
    const slot = stage.slots[report.kills % stage.slots.length];
    if (slot === undefined) throw new Error('no slot');
    const aim = aims[report.kills % aims.length] ?? 'any moment';
    let met = true;
    if (aim === 'while it starts') {
      // Well within the shortest start so far: later it would be any moment of a process that is up. Earlier and earlier
      // where the machine has become quicker since.
      let wait = random.next() * 0.75 * Math.min(...report.bootMs);
      do {
        await stage.kill(slot);
        const starting = stage.start(slot);
        await pause(wait);
        met = slot.process === null;
        await stage.kill(slot);
        await starting;
        // The slot holds nothing, whichever of the two ended first.
        slot.process = null;
        wait /= 2;
      } while (!met && wait > 1);
    } else {
      met = await moment(options, aim);
      await stage.kill(slot);
    }
    const figures = report.byAim.get(aim);
    if (figures !== undefined) {
      figures.kills += 1;
      figures.met += met ? 1 : 0;
    }
    report.kills += 1;
    await up(slot);
    await options.onRevived?.(report.kills);
  }
  return report;
}

/** Fewer that all came in vain say little: pages move only now and then, anything else goes on all the time. */
const ENOUGH_KILLS: Partial<Record<Aim, number>> = { 'at checkpoint': 10 };
const ENOUGH_KILLS_ELSE = 5;

/** Aims that never met their moment, as sentences: kills that came at any other time show nothing about it. */
export function neverMet(byAim: KillReport['byAim'], enough?: number): string[] {
  return [...byAim].flatMap(([aim, { kills, met }]) => {
    const isTried = kills >= (enough ?? ENOUGH_KILLS[aim] ?? ENOUGH_KILLS_ELSE);
    return isTried && met === 0 ? [`an aim never met its moment: ${aim}, 0 of ${kills}`] : [];
  });
}

const needsFile = (aim: Aim): boolean => aim === 'at commit' || aim === 'at checkpoint';

/** @returns whether the moment came */
async function moment({ stage, traffic, random, patienceMs }: KillOptions, aim: Aim): Promise<boolean> {
  const file = stage.store.replace(/^sqlite:/, '');
  const { front, back } = stage.lines;
  const patience = patienceMs ?? IN_VAIN_MS[aim] ?? IN_VAIN_ELSE_MS;
  // Some work in between, so that not every kill meets a process that has done nothing yet.
  await pause(random.between(0, 250));
  switch (aim) {
    case 'any moment':
    case 'while it starts':
      return true;
    case 'at accept':
      return waitFor(patience, (come) => front.onPassed((direction) => direction === 'up' && come()));
    case 'at commit':
      return waitFor(patience, (come) => written(`${file}-wal`, come));
    case 'at answer':
      return waitFor(patience, (come) => traffic.onAcknowledged(come));
    case 'at merge':
      if (!(await waitFor(patience, (come) => back.onPassed((direction) => direction === 'down' && come()))))
        return false;
      await pause(random.between(0, 6));
      return true;
    case 'at checkpoint':
      return waitFor(patience, (come) => written(file, come));
    default:
      return aim satisfies never;
  }
}

function written(path: string, come: () => void): () => void {
  const watcher = watch(path, { persistent: false }, come);
  // A file that is replaced while it is watched: the wait in vain ends it.
  watcher.on('error', () => undefined);
  return () => watcher.close();
}

function waitFor(patienceMs: number, subscribe: (come: () => void) => () => void): Promise<boolean> {
  return new Promise((resolve) => {
    const began = performance.now();
    let done = false;
    const finish = (met: boolean): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      unsubscribe();
      resolve(met);
    };
    const timer = setTimeout(() => finish(false), patienceMs);
    const unsubscribe = subscribe(() => {
      // Not what was under way before anybody waited.
      if (performance.now() > began) finish(true);
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
