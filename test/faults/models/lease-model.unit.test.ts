/**
 * The right to list an account, walked at random: several instances whose clocks go wrong by minutes, calls that take long,
 * processes that stand still for minutes between their claim and their call (a stopped container, a laptop that sleeps) while
 * others work, processes that die at any point. As upstream sees it, calls of two rounds are never closer than the floor.
 */
import { expect, it } from 'vitest';
import type { AlignTimings } from '../../../bff/align/index.ts';
import type { Clock } from '../../../bff/deps.ts';
import { createPollLeases, type PollLeases } from '../../../bff/intake/poll-lease.ts';
import type { Store } from '../../../bff/store/index.ts';
import { handClock, openTestStore, TIMINGS, type HandClock } from '../../bff/support/fixtures.ts';
import fc from '../../support/fast-check.ts';

const ACCOUNT = { environment: 'sandbox', account_id: '1001' };
/** After so long between claim and call a process claims anew (poll-lease.ts). */
const STALE_MS = 2000;
const timings: AlignTimings = { ...TIMINGS, pollFloor: 120_000, requestTimeout: 30_000 };

interface Instance {
  leases: PollLeases;
  readonly clock: Clock;
  round: Round | null;
  lives: number;
}

interface Round {
  readonly number: number;
  /** When it claimed its next call, which it has not made yet (ms): the process stands still. */
  claimedAt: number | null;
}

class World {
  readonly clock: HandClock;
  readonly store: Store;
  readonly instances: Instance[];
  /** As upstream sees them (ms); `end`: until when the lease vouches for it. */
  readonly calls: { start: number; end: number; round: number }[] = [];
  rounds = 0;
  /** Processes that stood still for too long: the account was still theirs when they woke, or another one's by then. */
  readonly woke = { stillTheirs: 0, tooLate: 0 };

  constructor(clock: HandClock, store: Store, skews: readonly number[]) {
    this.clock = clock;
    this.store = store;
    this.instances = skews.map((skew, index) => {
      const own: Clock = { ...clock, now: () => clock.now() + skew };
      return { clock: own, leases: this.#leases(own, `i${index}.0`), round: null, lives: 0 };
    });
  }

  #leases(clock: Clock, holder: string): PollLeases {
    return createPollLeases({ store: this.store, clock, holder });
  }

  die(index: number): void {
    const instance = this.instances[index];
    if (instance === undefined) return;
    instance.lives += 1;
    instance.round = null;
    instance.leases = this.#leases(instance.clock, `i${index}.${instance.lives}`);
  }

  /** The lease's first half: whoever may call soon has said so. @returns the round that claimed its next call */
  async claim(instance: Instance): Promise<Round | null> {
    if (instance.round === null) {
      if (!(await instance.leases.take(ACCOUNT, timings))) return null;
      this.rounds += 1;
      instance.round = { number: this.rounds, claimedAt: null };
    }
    try {
      await instance.leases.extend(ACCOUNT, 0);
    } catch {
      // Another one took over: this one must not call.
      instance.round = null;
      return null;
    }
    instance.round.claimedAt = this.clock.now();
    return instance.round;
  }

  /** Right before the call. @returns whether it may be made */
  async hold(instance: Instance, stood: number): Promise<boolean> {
    try {
      await instance.leases.hold(ACCOUNT);
      if (stood > STALE_MS) this.woke.stillTheirs += 1;
      return true;
    } catch {
      this.woke.tooLate += 1;
      instance.round = null;
      return false;
    }
  }

  check(): void {
    for (const [index, call] of this.calls.entries()) {
      const others = this.calls.slice(0, index).filter(({ round }) => round !== call.round);
      const before = Math.max(...others.map(({ end }) => end), -Infinity);
      expect(call.start - before).toBeGreaterThanOrEqual(timings.pollFloor);
    }
  }
}

type Step = fc.AsyncCommand<object, World>;
const always = (): boolean => true;

/** Claims its next call, and stands still there until the walk comes to its next work, however much later. */
class StandStill implements Step {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
  check = always;
  async run(_model: object, world: World): Promise<void> {
    const instance = world.instances[this.index];
    if (instance === undefined || (instance.round?.claimedAt ?? null) !== null) return;
    await world.claim(instance);
  }
  toString = (): string => `claim ${this.index} and stand still`;
}

/** Begins a round where it may, and lists the next page where it is in one. */
class Work implements Step {
  readonly index: number;
  /** How long upstream takes (ms); a call is given up after the request's timeout. */
  readonly takes: number;
  readonly dies: boolean;
  constructor(index: number, takes: number, dies: boolean) {
    this.index = index;
    this.takes = takes;
    this.dies = dies;
  }
  check = always;
  async run(_model: object, world: World): Promise<void> {
    const instance = world.instances[this.index];
    if (instance === undefined) return;
    const round = (instance.round?.claimedAt ?? null) === null ? await world.claim(instance) : instance.round;
    if (round === null) return;
    const start = world.clock.now();
    const stood = start - (round.claimedAt ?? start);
    if (!(await world.hold(instance, stood))) return;
    round.claimedAt = null;
    const end = start + this.takes;
    world.calls.push({ start, end, round: round.number });
    if (this.dies) world.die(this.index);
    await world.clock.advance(this.takes);
    world.check();
  }
  toString = (): string => `work ${this.index} for ${this.takes}${this.dies ? ' and die' : ''}`;
}

class End implements Step {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
  check = always;
  async run(_model: object, world: World): Promise<void> {
    const instance = world.instances[this.index];
    // Who stands still before a call does nothing else either.
    if (instance === undefined || instance.round === null || instance.round.claimedAt !== null) return;
    await instance.leases.release(ACCOUNT, timings.pollFloor);
    instance.round = null;
  }
  toString = (): string => `end ${this.index}`;
}

class Wait implements Step {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check = always;
  async run(_model: object, world: World): Promise<void> {
    await world.clock.advance(this.ms);
  }
  toString = (): string => `wait ${this.ms}`;
}

const INSTANCES = 3;
const index = fc.nat(INSTANCES - 1);
const takes = fc.integer({ min: 0, max: 30_000 });
const dies = fc.nat(5).map((die) => die === 0);
const waits = fc.constantFrom(1000, STALE_MS, 40_000, 89_999, 119_999, 120_000, 200_000);
const steps = fc.array<Step>(
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(index, takes, dies).map((it): Step => new Work(...it)) },
    { weight: 2, arbitrary: index.map((at): Step => new StandStill(at)) },
    { weight: 2, arbitrary: index.map((at): Step => new End(at)) },
    { weight: 2, arbitrary: waits.map((ms): Step => new Wait(ms)) },
  ),
  { minLength: 20, maxLength: 60 },
);
const skew = fc.integer({ min: -600_000, max: 600_000 });
/** What `hold` is there for, whatever the walk meets: one wakes up and nobody was there, one in another one's round. */
const wakesAlone = (): Step[] => [new StandStill(0), new Wait(40_000), new Work(0, 1000, false)];
const wakesTooLate = (): Step[] => [
  new StandStill(0),
  new Wait(200_000),
  new Work(1, 1000, false),
  new Work(0, 1000, false),
];

it('no round begins closer than the floor to any call before, over instances whose clocks go wrong, that stand still and that die', async () => {
  const met = { rounds: 0, stillTheirs: 0, tooLate: 0 };
  await fc.assert(
    fc.asyncProperty(fc.tuple(skew, skew, skew), steps, async (skews, commands) => {
      const clock = handClock();
      const store = await openTestStore(clock);
      const world = new World(clock, store, skews);
      try {
        await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
        met.rounds += new Set(world.calls.map(({ round }) => round)).size;
        met.stillTheirs += world.woke.stillTheirs;
        met.tooLate += world.woke.tooLate;
        // Whoever died, the account is listed again within the longest that a dead one may hold it.
        await clock.advance(timings.requestTimeout + timings.pollFloor + 60_000);
        const fresh = createPollLeases({ store, clock, holder: 'fresh' });
        expect(await fresh.take(ACCOUNT, timings)).toBe(true);
      } finally {
        await store.close();
      }
    }),
    {
      numRuns: 40,
      examples: [
        [[0, 0, 0], wakesAlone()],
        [[0, 0, 0], wakesTooLate()],
      ],
    },
  );
  expect(met.rounds).toBeGreaterThan(40);
  expect(met.stillTheirs).toBeGreaterThan(0);
  expect(met.tooLate).toBeGreaterThan(0);
}, 180_000);
