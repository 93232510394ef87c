/** The two long phases of the soak: kills while notifications come in, and bad weather on every line with kills in between. */
import { settleAndJudge, type Verdict } from './gather.ts';
import type { Sample } from './history.ts';
import { killAgainAndAgain, neverMet, type Aim, type KillReport } from './kill-driver.ts';
import type { Seeded } from './seeded.ts';
import { openStage, type Stage } from './stage.ts';
import { ALL_FIGURES, sampleStore, type Figure } from './store-view.ts';
import { follow, type Follower } from './stream-follower.ts';
import { startTraffic, type Traffic } from './traffic.ts';
import { startWeather } from './weather.ts';

export interface PhaseReport {
  readonly name: string;
  readonly seconds: number;
  readonly kills: number;
  readonly aims: Readonly<Record<string, string>>;
  readonly startMs: { readonly median: number; readonly worst: number };
  readonly changes: number;
  readonly notifications: {
    readonly sent: number;
    readonly acknowledged: number;
    readonly refused: number;
    readonly unknown: number;
  };
  /** Acknowledged ones whose case is not visible: the bar is 0. */
  readonly lost: number;
  readonly events: number;
  readonly streams: { readonly readers: number; readonly connections: number; readonly resets: number };
  readonly polls: number;
  /** From the last change until nothing was missing (ms); null: something still was. */
  readonly settledMs: number | null;
  readonly faults: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
  /** Sentences of the log at `error`, with how often they came. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface PhaseOptions {
  readonly random: Seeded;
  readonly store?: string;
  readonly instances: number;
  readonly say: (line: string) => void;
}

const HOUR = 3_600_000;

export async function killPhase(options: PhaseOptions & { kills: number }): Promise<PhaseReport> {
  const timings = { pollFloor: HOUR };
  const pauseMs = options.instances > 1 ? 250 : 80;
  // Hardly anything is listed, so that what becomes visible was told: cursors stand still and are not looked at.
  const watched: Figure[] = ['last id'];
  return play(
    { ...options, timings, name: 'kills', pauseMs, lost: 0, everythingDue: false, watched },
    async (running) => {
      return killAgainAndAgain({
        ...running,
        random: options.random.fork('kills'),
        kills: options.kills,
        onRevived: async (kills) => {
          await running.sample();
          if (kills % 20 === 0) options.say(`  ${kills} kills, ${running.traffic.acknowledged} acknowledged`);
        },
      });
    },
  );
}

export async function mixedPhase(options: PhaseOptions & { minutes: number }): Promise<PhaseReport> {
  const { random } = options;
  const timings = { pollFloor: 3000, overlap: 10_000, requestTimeout: 3000, recheckSteps: [1000, 3000] };
  const faults: Record<string, number> = {};
  return play(
    {
      ...options,
      timings,
      name: 'mixed faults',
      pauseMs: 250,
      lost: 0.2,
      everythingDue: true,
      watched: ALL_FIGURES,
      faults,
    },
    async (running) => {
      const weather = startWeather(running.stage, random.fork('weather'));
      const over = AbortSignal.timeout(options.minutes * 60_000);
      const own = random.fork('kills');
      const report = await killAgainAndAgain({
        ...running,
        random: own,
        kills: Infinity,
        signal: over,
        aims: ['any moment', 'at merge', 'at commit'],
        async onRevived(kills) {
          await running.sample();
          if (kills % 5 === 0) options.say(`  ${kills} kills, ${running.traffic.changes} changes upstream`);
          const rest = AbortSignal.any([over, AbortSignal.timeout(own.between(6000, 20_000))]);
          await new Promise<void>((resolve) => {
            if (rest.aborted) resolve();
            rest.addEventListener('abort', () => resolve());
          });
        },
      });
      await weather.stop();
      Object.assign(faults, Object.fromEntries([...weather.counts].toSorted(([a], [b]) => a.localeCompare(b))));
      return report;
    },
  );
}

interface Running {
  readonly stage: Stage;
  readonly traffic: Traffic;
  sample(): Promise<void>;
}

async function play(
  options: PhaseOptions & {
    name: string;
    timings: { pollFloor: number } & Record<string, unknown>;
    pauseMs: number;
    lost: number;
    everythingDue: boolean;
    watched: readonly Figure[];
    faults?: Record<string, number>;
  },
  work: (running: Running) => Promise<KillReport>,
): Promise<PhaseReport> {
  const { random, instances, timings, say, name } = options;
  const began = performance.now();
  say(`${name}:`);
  const stage = await openStage({ random, instances, timings, ...(options.store && { store: options.store }) });
  let followers: Follower[] = [];
  const errors = new Map<string, number>();
  try {
    const samples: Sample[] = [];
    const sample = async (): Promise<void> => {
      samples.push(await sampleStore(stage.store, options.watched));
      countErrors(stage, errors);
    };
    await sample();
    followers = stage.clinics.flatMap((clinic) =>
      [1, 2].map((index) =>
        follow({
          name: `reader ${index} of ${clinic.name}`,
          clinic: clinic.name,
          url: stage.lines.stream.url,
          token: () => stage.mint(clinic),
        }),
      ),
    );
    const traffic = startTraffic({
      stage,
      random: random.fork('traffic'),
      pauseMs: options.pauseMs,
      lost: options.lost,
      ready: () => stage.alive() !== null,
    });
    const killed = await work({ stage, traffic, sample });
    await traffic.stop();
    await sample();
    say('  settling');
    const verdict = await settleAndJudge({
      stage,
      traffic,
      followers,
      samples,
      watched: options.watched,
      pollFloor: timings.pollFloor,
      everythingDue: options.everythingDue,
      settleMs: 240_000,
      onWait: (missing) => say(`  still: ${missing}`),
    });
    countErrors(stage, errors);
    const seconds = (performance.now() - began) / 1000;
    return toReport({ name, seconds, killed, traffic, followers, verdict, faults: options.faults ?? {}, errors });
  } finally {
    for (const follower of followers) follower.stop();
    await stage.close();
  }
}

const counted = new WeakMap<readonly string[], number>();

/** What the processes said at `error` (pino's 50) since the last look. */
function countErrors(stage: Stage, errors: Map<string, number>): void {
  for (const { process } of stage.slots) {
    if (process === null) continue;
    for (const line of process.lines.slice(counted.get(process.lines) ?? 0)) {
      if (!line.includes('"level":50') && !line.includes('"level":"error"')) continue;
      const { msg = line } = JSON.parse(line) as { msg?: string };
      errors.set(msg, (errors.get(msg) ?? 0) + 1);
    }
    counted.set(process.lines, process.lines.length);
  }
}

function toReport(parts: {
  name: string;
  seconds: number;
  killed: KillReport;
  traffic: Traffic;
  followers: readonly Follower[];
  verdict: Verdict;
  faults: Record<string, number>;
  errors: Map<string, number>;
}): PhaseReport {
  const { killed, traffic, followers, verdict } = parts;
  const starts = killed.bootMs.toSorted((a, b) => a - b);
  const answered = (answer: string): number => traffic.journal.filter((sent) => sent.answer === answer).length;
  const sum = (of: (follower: Follower) => number): number => followers.reduce((total, one) => total + of(one), 0);
  const aims = [...killed.byAim].map(([aim, { kills, met }]): [Aim, string] => [aim, `${met} of ${kills}`]);
  return {
    name: parts.name,
    seconds: Math.round(parts.seconds),
    kills: killed.kills,
    aims: Object.fromEntries(aims),
    startMs: {
      median: Math.round(starts[Math.floor(starts.length / 2)] ?? 0),
      worst: Math.round(starts.at(-1) ?? 0),
    },
    changes: traffic.changes,
    notifications: {
      sent: traffic.journal.length,
      acknowledged: answered('acknowledged'),
      refused: answered('refused'),
      unknown: answered('unknown'),
    },
    lost: verdict.violations.filter(({ rule }) => rule === 'acknowledged and not visible').length,
    events: verdict.history.clinics.reduce((total, { log }) => total + log.length, 0),
    streams: {
      readers: followers.length,
      connections: sum((one) => one.connections),
      resets: sum((one) => one.resets.length),
    },
    polls: verdict.history.listings.length,
    settledMs: verdict.settledMs === null ? null : Math.round(verdict.settledMs),
    faults: parts.faults,
    violations: [...verdict.violations.map(({ rule, detail }) => `${rule}: ${detail}`), ...neverMet(killed.byAim)],
    errors: Object.fromEntries(parts.errors),
  };
}
