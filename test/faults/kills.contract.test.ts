/** The quick form of the soak: the real program dies again and again while notifications come in. */
import { afterEach, describe, expect, it } from 'vitest';
import { settleAndJudge } from './gather.ts';
import type { Sample } from './history.ts';
import { AIMS, killAgainAndAgain, neverMet } from './kill-driver.ts';
import { createSeeded } from './seeded.ts';
import { openStage, type Stage } from './stage.ts';
import { sampleStore, type Figure } from './store-view.ts';
import { follow, type Follower } from './stream-follower.ts';
import { startTraffic, type Traffic } from './traffic.ts';

const KILLS = 14;
/** The listing is an hour away: what becomes visible was told by a notification. */
const HOUR = 3_600_000;
/** So the cursors stand still here: the soak's mixed phase is where they move, and must. */
const WATCHED: readonly Figure[] = ['last id'];
/** Of each aim, at least: what they aim at comes by itself here, so that each waits for as long as it takes. */
const KILLS_EACH = 2;
const PATIENCE_MS = 60_000;
const seed = 'quick';

let stage: Stage | undefined;
let followers: Follower[] = [];
afterEach(async () => {
  for (const follower of followers) follower.stop();
  followers = [];
  await stage?.close();
});

/** Looks after each 2xx; the test's own limit ends a wait in vain. */
function afterAnswers(traffic: Traffic, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!holds()) return;
      stop();
      resolve();
    };
    const stop = traffic.onAcknowledged(look);
    look();
  });
}
const acknowledgedBy = (traffic: Traffic, count: number): Promise<void> =>
  afterAnswers(traffic, () => traffic.acknowledged >= count);
const heardOf = (traffic: Traffic, name: string): Promise<void> =>
  afterAnswers(traffic, () =>
    traffic.journal.some(({ clinic, answer }) => clinic === name && answer === 'acknowledged'),
  );

describe(`the program under SIGKILL (seed ${seed})`, () => {
  it(`loses no acknowledged notification and tells no version twice, over ${KILLS} kills at all kinds of moments`, async () => {
    const random = createSeeded(seed);
    stage = await openStage({ random, timings: { pollFloor: HOUR }, clinics: ['riverside', 'namesake'] });
    const here = stage;
    const samples: Sample[] = [];
    const traffic = startTraffic({
      stage,
      random: random.fork('traffic'),
      pauseMs: 25,
      ready: () => here.alive() !== null,
    });
    followers = stage.clinics.map((clinic) =>
      follow({
        name: `reader of ${clinic.name}`,
        clinic: clinic.name,
        url: here.lines.stream.url,
        token: () => here.mint(clinic),
      }),
    );
    const report = await killAgainAndAgain({
      stage,
      traffic,
      random: random.fork('kills'),
      kills: KILLS,
      // The log must be long before pages move: minutes, so the soak looks at it.
      aims: AIMS.filter((aim) => aim !== 'at checkpoint'),
      patienceMs: PATIENCE_MS,
      async onRevived(kills) {
        samples.push(await sampleStore(here.store, WATCHED));
        // Every other process lives until it has answered, however slow the machine: the rest dies young.
        if (kills % 2 === 0) await acknowledgedBy(traffic, traffic.acknowledged + 1);
      },
    });
    // The last process stays: something of each clinic is to be seen.
    for (const clinic of stage.clinics) await heardOf(traffic, clinic.name);
    await traffic.stop();
    expect(report.kills).toBe(KILLS);
    expect(neverMet(report.byAim, KILLS_EACH)).toEqual([]);
    expect(traffic.acknowledged).toBeGreaterThanOrEqual(KILLS / 2);

    const parts = { stage, traffic, followers, samples, watched: WATCHED, pollFloor: HOUR, settleMs: 60_000 };
    const { violations, history } = await settleAndJudge({ ...parts, everythingDue: false });
    expect(violations).toEqual([]);
    expect(history.clinics.every(({ shown }) => shown.length > 0)).toBe(true);
  }, 240_000);
});
