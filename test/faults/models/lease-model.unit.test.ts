/**
 * The right to list an account, walked at random: several instances whose clocks go wrong by minutes, calls that take long,
 * processes that die at any point. As upstream sees it, no round begins closer to any call before than the floor.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AlignTimings } from '../../../bff/align/index.ts';
import type { Clock } from '../../../bff/deps.ts';
import { createPollLeases, type PollLeases } from '../../../bff/intake/poll-lease.ts';
import type { Store } from '../../../bff/store/index.ts';
import { handClock, openTestStore, TIMINGS, type HandClock } from '../../bff/support/fixtures.ts';

const ACCOUNT = { environment: 'sandbox', account_id: '1001' };
const timings: AlignTimings = { ...TIMINGS, pollFloor: 120_000, requestTimeout: 30_000 };

interface Instance {
  leases: PollLeases;
  readonly clock: Clock;
  /** In a round: how many calls it has made. */
  round: { calls: number } | null;
  lives: number;
}

class World {
  readonly clock: HandClock;
  readonly store: Store;
  readonly instances: Instance[];
  /** As upstream sees them (ms). */
  readonly calls: { start: number; end: number; first: boolean }[] = [];

  constructor(clock: HandClock, store: Store, skews: readonly number[]) {
    this.clock = clock;
    this.store = store;
    this.instances = skews.map((skew, index) => {
      const own: Clock = { ...clock, now: () => clock.now() + skew };
      return { clock: own, leases: this.#leases(own, `i${index}.0`), round: null, lives: 0 };
    });
  }

  #leases(clock: Clock, holder: string): PollLeases {
    return createPollLeases({ store: this.store, clock, timings: () => timings, holder });
  }

  die(index: number): void {
    const instance = this.instances[index];
    if (instance === undefined) return;
    instance.lives += 1;
    instance.round = null;
    instance.leases = this.#leases(instance.clock, `i${index}.${instance.lives}`);
  }

  check(): void {
    for (const [index, call] of this.calls.entries()) {
      if (!call.first) continue;
      const before = Math.max(...this.calls.slice(0, index).map(({ end }) => end), -Infinity);
      expect(call.start - before).toBeGreaterThanOrEqual(timings.pollFloor);
    }
  }
}

type Step = fc.AsyncCommand<object, World>;
const always = (): boolean => true;

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
    if (instance.round === null) {
      if (!(await instance.leases.take(ACCOUNT))) return;
      instance.round = { calls: 0 };
    }
    const { round } = instance;
    try {
      await instance.leases.extend(ACCOUNT, 0);
      await instance.leases.hold(ACCOUNT);
    } catch {
      // Another one took over: this one must not call.
      instance.round = null;
      return;
    }
    const start = world.clock.now();
    world.calls.push({ start, end: start + this.takes, first: round.calls === 0 });
    round.calls += 1;
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
    if (instance === undefined || instance.round === null) return;
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
const waits = fc.constantFrom(1000, 40_000, 89_999, 119_999, 120_000, 200_000);
const steps = fc.array<Step>(
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(index, takes, dies).map((it): Step => new Work(...it)) },
    { weight: 2, arbitrary: index.map((at): Step => new End(at)) },
    { weight: 2, arbitrary: waits.map((ms): Step => new Wait(ms)) },
  ),
  { minLength: 20, maxLength: 60 },
);
const skew = fc.integer({ min: -600_000, max: 600_000 });

it('no round begins closer than the floor to any call before, over instances whose clocks go wrong and that die', async () => {
  let rounds = 0;
  await fc.assert(
    fc.asyncProperty(fc.tuple(skew, skew, skew), steps, async (skews, commands) => {
      const clock = handClock();
      const store = await openTestStore(clock);
      const world = new World(clock, store, skews);
      try {
        await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
        rounds += world.calls.filter(({ first }) => first).length;
        // Whoever died, the account is listed again within the longest that a dead one may hold it.
        await clock.advance(timings.requestTimeout + timings.pollFloor + 60_000);
        const fresh = createPollLeases({ store, clock, timings: () => timings, holder: 'fresh' });
        expect(await fresh.take(ACCOUNT)).toBe(true);
      } finally {
        await store.close();
      }
    }),
    { numRuns: 30 },
  );
  expect(rounds).toBeGreaterThan(40);
}, 180_000);
