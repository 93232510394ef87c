/**
 * Rounds of up to three instances against random histories upstream: cases made and changed, at equal times, under late
 * times and a wrong clock; no notification at all; faults; instances that die at any call to the world.
 */
import { expect, it } from 'vitest';
import { AlignFault, type UpstreamOrder } from '../../../bff/align/index.ts';
import { toVersion } from '../../../bff/scans/version.ts';
import type { Store } from '../../../bff/store/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import fc from '../../support/fast-check.ts';
import {
  addConnection,
  asset,
  handClock,
  openTestStore,
  order,
  START,
  TIMINGS,
  type HandClock,
} from '../support/fixtures.ts';
import { openWorld, ScriptedUpstream, type World } from '../support/world.ts';
import { onPostgres } from '../../support/test-store.ts';

const FLOOR = TIMINGS.pollFloor;
/** Longest round of this test, its jitter, and what a holder that died keeps. */
const ROUND = FLOOR * 1.05 + 15_000;
const AFTER_DEATH = TIMINGS.requestTimeout + FLOOR + 60_000;
const OVERLAP = TIMINGS.overlap;

type Step =
  /** @param late how long before now upstream says that it was (ms), rounded so that many share a moment */
  | { kind: 'change'; order: number; late: number }
  | { kind: 'wait'; ms: number }
  | { kind: 'fault'; fault: 'unavailable' | 'timeout' | 'rate_limited' | 'slow'; retryAfterMs: number }
  /** @param calls to the world until it happens */
  | { kind: 'die'; instance: number; calls: number };

interface Instance {
  readonly world: World;
  readonly name: number;
  dead: boolean;
  /** Calls to the world until it dies; null: it lives. */
  fuse: number | null;
}

interface Call {
  readonly instance: number;
  /** The frozen upper bound: one for each round. */
  readonly round: number | undefined;
  readonly start: number;
  end: number;
}

class Model {
  readonly clock: HandClock = handClock();
  readonly calls: Call[] = [];
  /** Versions that were answered, and to whom. */
  readonly shown: { instance: Instance; key: string }[] = [];
  instances: Instance[] = [];
  slow = 0;
  #made = 0;
  #cursor = 0;
  readonly store: Store;
  readonly upstream: ScriptedUpstream;
  readonly connection: ConnectionRow;
  readonly skew: number;

  constructor(store: Store, clock: HandClock, connection: ConnectionRow, skew: number) {
    this.store = store;
    this.clock = clock;
    this.connection = connection;
    this.skew = skew;
    this.upstream = new ScriptedUpstream(() => clock.now());
    this.upstream.pageSize = 3;
  }

  async startInstance(skew: number): Promise<void> {
    const instance = { name: (this.#made += 1), dead: false, fuse: null } as unknown as Instance & { world: World };
    const never = new Promise<never>(() => undefined);
    const burn = (): boolean => {
      if (instance.fuse !== null && (instance.fuse -= 1) <= 0) instance.dead = true;
      return instance.dead;
    };
    // It dies before a call or after it, with the answer on its way.
    const mortal = async <T>(call: () => Promise<T>): Promise<T> => {
      if (burn()) return never;
      const answer = await call();
      return burn() ? never : answer;
    };
    const { clock, store } = this;
    const world = await openWorld({
      upstream: this.upstream,
      store: { ...store, write: (work, tenant) => mortal(() => store.write(work, tenant)) },
      clock: {
        ...clock,
        now: () => clock.now(),
        after: (ms, task) => clock.after(ms, () => void (instance.dead || task())),
        sleep: (ms, signal) => mortal(() => clock.sleep(ms, signal)),
      },
      instance: { skew },
    });
    const { orders } = world.align;
    world.align.orders = (token, query) =>
      mortal(async () => {
        const call = { instance: instance.name, round: query.to, start: clock.now(), end: clock.now() };
        this.calls.push(call);
        try {
          const page = await orders(token, query);
          const { slow } = this;
          this.slow = 0;
          if (slow > 0) await clock.sleep(slow);
          for (const one of page.orders) this.shown.push({ instance, key: keyOf(one) });
          return page;
        } finally {
          call.end = clock.now();
        }
      });
    instance.world = world;
    this.instances.push(instance);
    world.intake.start();
  }

  change(number: number, late: number): void {
    const { upstream, connection } = this;
    const orderId = String(1000 + number);
    const before = upstream.orders.find((one) => one.orderId === orderId)?.modifiedAt ?? 0;
    const at = Math.floor((this.clock.now() + this.skew - late) / 10_000) * 10_000;
    // Upstream's own times of one case never go back.
    const modifiedAt = Math.max(at, before + 1);
    const made = order(connection, {
      orderId,
      modifiedAt,
      assets: [asset('ide', modifiedAt), asset('gallery', modifiedAt)],
    });
    upstream.orders = [...upstream.orders.filter((one) => one.orderId !== orderId), made];
  }

  async run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'change':
        this.change(step.order, step.late);
        break;
      case 'wait':
        await this.clock.advance(step.ms);
        break;
      case 'fault':
        if (step.fault === 'slow') this.slow = 20_000;
        else {
          const more = step.fault === 'rate_limited' ? { retryAfterMs: step.retryAfterMs } : {};
          this.upstream.listFaults.push(new AlignFault(step.fault, 'getOrders', more));
        }
        break;
      case 'die': {
        const instance = this.instances[step.instance % this.instances.length];
        if (instance !== undefined) instance.fuse ??= step.calls;
        break;
      }
      default:
        step satisfies never;
    }
    await this.replaceDead();
    await this.check();
  }

  async replaceDead(): Promise<void> {
    const dead = this.instances.filter((instance) => instance.dead);
    this.instances = this.instances.filter((instance) => !instance.dead);
    for (const _ of dead) await this.startInstance(0);
  }

  async check(): Promise<void> {
    for (const [index, call] of this.calls.entries()) {
      const before = this.calls[index - 1];
      if (before === undefined || call.start - before.end >= FLOOR) continue;
      expect([call.instance, call.round]).toEqual([before.instance, before.round]);
    }
    const { cursor_at: cursor } = await this.store.db.selectFrom('connections').selectAll().executeTakeFirstOrThrow();
    expect(cursor ?? 0).toBeGreaterThanOrEqual(this.#cursor);
    this.#cursor = cursor ?? 0;
  }

  async settleDown(): Promise<void> {
    this.upstream.listFaults.length = 0;
    this.slow = 0;
    for (const instance of this.instances) instance.fuse = null;
    await this.replaceDead();
    // Longer than upstream asked anybody to wait, and than a dead one holds.
    await this.clock.advance(600_000 + AFTER_DEATH);
    await this.clock.advance(ROUND);
    await this.check();
  }
}

const keyOf = (one: UpstreamOrder): string => `${one.orderId} ${toVersion(one)}`;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      order: fc.nat(9),
      late: fc.constantFrom(0, 0, 0, 10_000, OVERLAP - 200_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1000, 20_000, 70_000, 130_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom('unavailable' as const, 'timeout' as const, 'rate_limited' as const, 'slow' as const),
      retryAfterMs: fc.constantFrom(1000, 300_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('die' as const),
      instance: fc.nat(2),
      calls: fc.integer({ min: 1, max: 12 }),
    }),
  },
);

/** A step of the clock asks the database a dozen times: cheap on SQLite, not over a socket. */
const RUNS = onPostgres ? 2 : 25;

it('every version that was shown to a living instance is visible once, in the end all are, and no round comes too early', async () => {
  let rounds = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(0, 600_000, -600_000), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(0, 6 * 3_600_000, -6 * 3_600_000),
      fc.array(step, { minLength: 8, maxLength: 30 }),
      async (skews, upstreamSkew, steps) => {
        const clock = handClock();
        const store = await openTestStore(clock);
        const connection = await addConnection(store, {
          created_at: START - 30 * 86_400_000,
          last_pair_at: START - 30 * 86_400_000,
        });
        const model = new Model(store, clock, connection, upstreamSkew);
        try {
          for (const skew of skews) await model.startInstance(skew);
          for (const one of steps) await model.run(one);
          await model.settleDown();
          const versions = await store.db.selectFrom('scan_versions').select(['order_id', 'version']).execute();
          const visible = new Set(versions.map((row) => `${row.order_id} ${row.version}`));
          const missed = model.shown.filter(({ instance, key }) => !instance.dead && !visible.has(key));
          expect(missed.map(({ key }) => key)).toEqual([]);
          expect(model.upstream.orders.map(keyOf).filter((key) => !visible.has(key))).toEqual([]);
          const told = await store.db.selectFrom('events').select('data').where('type', 'like', 'scan.%').execute();
          expect(new Set(told.map((row) => row.data)).size).toBe(told.length);
          const [row] = await store.db.selectFrom('connections').selectAll().execute();
          expect(row?.problem).toBeNull();
          rounds += new Set(model.calls.map(({ round }) => round)).size;
        } finally {
          await Promise.all(model.instances.map(({ world }) => world.intake.stop()));
          await store.close();
        }
      },
    ),
    { numRuns: RUNS },
  );
  expect(rounds).toBeGreaterThan(1.6 * RUNS);
}, 240_000);
