/**
 * The merge as a model that is walked at random: upstream changes, answers travel and arrive late, twice or never, polls list
 * everything, and the process dies in the middle. After every step the log holds each version once; in the end the newest is shown.
 */
import { expect, it } from 'vitest';
import type { UpstreamOrder } from '../../../bff/align/index.ts';
import { createEventLog } from '../../../bff/events/index.ts';
import { createMerge, type Merge } from '../../../bff/scans/merge.ts';
import { toVersion } from '../../../bff/scans/version.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import type { LearntBy } from '../../../shared/scan.ts';
import { addConnection, asset, environment, handClock, order, START } from '../../bff/support/fixtures.ts';
import fc from '../../support/fast-check.ts';
import { openMortalStore, type MortalStore } from './disk-image.ts';

const ORDERS = ['100000001', '100000002'];
type Way = Exclude<LearntBy, 'backfill'>;

interface Answer {
  readonly order: UpstreamOrder;
  /** ms by the database's clock. */
  readonly askedAt: number;
}

interface Model {
  /** Every state that each order had upstream, oldest first. */
  readonly upstream: Map<string, UpstreamOrder[]>;
  /** Answers of upstream that have not arrived yet. */
  readonly travelling: Answer[];
  /** The age of the newest answer that was merged and told to be: never lost again. */
  readonly settled: Map<string, number>;
  /** The newest correction of its chart number that was merged and told to be. */
  readonly corrected: Map<string, number>;
}

class World {
  readonly mortal: MortalStore;
  readonly connection: ConnectionRow;
  #merge: Merge;
  readonly #clock = handClock();

  private constructor(mortal: MortalStore, connection: ConnectionRow) {
    this.mortal = mortal;
    this.connection = connection;
    this.#merge = this.#boot();
  }

  static async open(): Promise<World> {
    const mortal = await openMortalStore(handClock());
    return new World(mortal, await addConnection(mortal.store));
  }

  #boot(): Merge {
    const { store } = this.mortal;
    const events = createEventLog({ store, clock: this.#clock });
    const connections = { noteVersionLearnt: () => Promise.resolve() };
    return createMerge({ store, events, connections, align: { environment }, clock: this.#clock });
  }

  /** Links differ at each listing and must not matter. */
  merge({ order: observed, askedAt }: Answer, learntBy: Way): Promise<unknown> {
    const assets = observed.assets.map((file) => ({ ...file, url: `${file.url}?${Math.random()}` }));
    return this.#merge.merge({ connection: this.connection, order: { ...observed, assets }, learntBy, askedAt });
  }

  async crash(): Promise<void> {
    await this.mortal.crash();
    this.#merge = this.#boot();
  }

  /** After every step, whatever it was. */
  async check(model: Model): Promise<void> {
    const { db } = this.mortal.store;
    const events = await db.selectFrom('events').select(['id', 'type', 'data', 'charts']).orderBy('id').execute();
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    const told = events
      .filter(({ type }) => type === 'scan.received' || type === 'scan.updated')
      .map(({ data, charts }) => ({ ...(JSON.parse(data) as { orderId: string; version: string }), charts }))
      .map(({ orderId, version, charts }) => ({ version: `${orderId} ${version}`, chart: `${version} ${charts}` }));
    // Under another chart number a version is told again, and under none twice: no case goes back to its former patient.
    expect(told.length).toBe(new Set(told.map(({ chart }) => chart)).size);
    const versions = await db.selectFrom('scan_versions').select(['order_id', 'version']).execute();
    // In one transaction: neither stands without the other, also after a crash.
    expect(versions.map((row) => `${row.order_id} ${row.version}`).toSorted()).toEqual(
      [...new Set(told.map(({ version }) => version))].toSorted(),
    );
    const shown = await db.selectFrom('scans').select(['order_id', 'modified_at', 'chart_number']).execute();
    for (const [orderId, age] of model.settled) {
      expect(shown.find((row) => row.order_id === orderId)?.modified_at).toBeGreaterThanOrEqual(age);
    }
    for (const [orderId, correction] of model.corrected) {
      const chart = shown.find((row) => row.order_id === orderId)?.chart_number;
      expect(toCorrection(chart)).toBeGreaterThanOrEqual(correction);
    }
  }
}

type Step = fc.AsyncCommand<Model, World>;
const newest = (model: Model, orderId: string): UpstreamOrder | undefined => model.upstream.get(orderId)?.at(-1);
const toCorrection = (chart: string | undefined): number => Number(chart?.slice(2));
function note(model: Model, { order: { orderId, modifiedAt, patient } }: Answer): void {
  model.settled.set(orderId, Math.max(modifiedAt, model.settled.get(orderId) ?? 0));
  const correction = toCorrection(patient.chartNumber);
  model.corrected.set(orderId, Math.max(correction, model.corrected.get(orderId) ?? 0));
}

let time = START;
/** Each question has a time of its own. */
let asked = START;
const ask = (answer: UpstreamOrder): Answer => ({ order: answer, askedAt: (asked += 1) });

type Kind = 'status' | 'files' | 'both' | 'chart';

class Change implements Step {
  readonly orderId: string;
  readonly kind: Kind;
  constructor(orderId: string, kind: Kind) {
    this.orderId = orderId;
    this.kind = kind;
  }
  check = (): boolean => true;
  async run(model: Model, { connection }: World): Promise<void> {
    time += 1000;
    const before = newest(model, this.orderId);
    const first = order(connection, { orderId: this.orderId, modifiedAt: time, scannedAt: time });
    const statuses = ['Completed', 'iTero Modeling', 'Lab Review'];
    const after: UpstreamOrder =
      before === undefined
        ? first
        : {
            ...before,
            // A corrected chart number leaves upstream's time, and so the version, as they were.
            ...(this.kind === 'chart'
              ? {
                  patient: {
                    ...before.patient,
                    chartNumber: `C-${toCorrection(before.patient.chartNumber) + 1}`,
                  },
                }
              : { modifiedAt: time }),
            ...((this.kind === 'status' || this.kind === 'both') && {
              status: statuses[(statuses.indexOf(before.status) + 1) % 3] ?? '',
            }),
            ...((this.kind === 'files' || this.kind === 'both') && {
              assets: [asset('ide', time), asset('gallery', time)],
            }),
          };
    model.upstream.set(this.orderId, [...(model.upstream.get(this.orderId) ?? []), after]);
    await Promise.resolve();
  }
  toString = (): string => `change ${this.orderId} ${this.kind}`;
}

/** Upstream answers; the answer is on its way. */
class Ask implements Step {
  readonly orderId: string;
  constructor(orderId: string) {
    this.orderId = orderId;
  }
  check = (model: Readonly<Model>): boolean => newest(model, this.orderId) !== undefined;
  async run(model: Model): Promise<void> {
    const answer = newest(model, this.orderId);
    if (answer !== undefined) model.travelling.push(ask(answer));
    await Promise.resolve();
  }
  toString = (): string => `ask ${this.orderId}`;
}

/** Answers arrive in any order, at once; they may stay on the line and arrive again. */
class Arrive implements Step {
  readonly picks: readonly number[];
  readonly way: Way;
  readonly twice: boolean;
  constructor(picks: readonly number[], way: Way, twice: boolean) {
    this.picks = picks;
    this.way = way;
    this.twice = twice;
  }
  check = (model: Readonly<Model>): boolean => model.travelling.length > 0;
  async run(model: Model, world: World): Promise<void> {
    const arriving = this.picks.flatMap((pick) => model.travelling[pick % model.travelling.length] ?? []);
    await Promise.all([...arriving, ...(this.twice ? arriving : [])].map((answer) => world.merge(answer, this.way)));
    for (const answer of arriving) note(model, answer);
    if (!this.twice) model.travelling.splice((this.picks[0] ?? 0) % model.travelling.length, 1);
    await world.check(model);
  }
  toString = (): string => `arrive ${this.picks.join()} by ${this.way}${this.twice ? ' twice' : ''}`;
}

class Poll implements Step {
  check = (): boolean => true;
  async run(model: Model, world: World): Promise<void> {
    const listed = ORDERS.flatMap((orderId) => newest(model, orderId) ?? []).map(ask);
    await Promise.all(listed.map((answer) => world.merge(answer, 'poll')));
    for (const answer of listed) note(model, answer);
    await world.check(model);
  }
  toString = (): string => 'poll';
}

/** Everything on the line arrives, and so many turns later the process is dead. */
class Crash implements Step {
  readonly turns: number;
  constructor(turns: number) {
    this.turns = turns;
  }
  check = (): boolean => true;
  async run(model: Model, world: World): Promise<void> {
    let dead = false;
    for (const answer of model.travelling) {
      // Only what was told to be done before the end must have stayed.
      const told = (): void => void (dead || note(model, answer));
      void world.merge(answer, 'notification').then(told, () => undefined);
    }
    for (let turn = 0; turn < this.turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    dead = true;
    await world.crash();
    await world.check(model);
  }
  toString = (): string => `crash after ${this.turns}`;
}

const orderId = fc.constantFrom(...ORDERS);
const kind = fc.constantFrom<Kind>('status', 'files', 'both', 'chart');
const way = fc.constantFrom<Way>('notification', 'poll', 'recheck');
const picks = fc.array(fc.nat(9), { minLength: 1, maxLength: 4 });
const steps = fc.array<Step>(
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(orderId, kind).map((it): Step => new Change(...it)) },
    { weight: 4, arbitrary: orderId.map((id): Step => new Ask(id)) },
    { weight: 4, arbitrary: fc.tuple(picks, way, fc.boolean()).map((it): Step => new Arrive(...it)) },
    { weight: 1, arbitrary: fc.constant<Step>(new Poll()) },
    { weight: 1, arbitrary: fc.nat(12).map((turns): Step => new Crash(turns)) },
  ),
  { minLength: 20, maxLength: 45 },
);

it('shows each version once and the newest in the end, whatever arrives in whatever order and whenever the process dies', async () => {
  const seen = { crashes: 0, versions: 0 };
  await fc.assert(
    fc.asyncProperty(steps, async (commands) => {
      const world = await World.open();
      const model: Model = { upstream: new Map(), travelling: [], settled: new Map(), corrected: new Map() };
      try {
        await fc.asyncModelRun(() => ({ model, real: world }), commands);
        await new Poll().run(model, world);
        const shown = await world.mortal.store.db.selectFrom('scans').selectAll().execute();
        const wanted = [...model.upstream].map(([id, states]) => {
          const last = states.at(-1) as UpstreamOrder;
          return `${id} ${toVersion(last)} ${last.patient.chartNumber}`;
        });
        expect(shown.map((row) => `${row.order_id} ${row.version} ${row.chart_number}`).toSorted()).toEqual(
          wanted.toSorted(),
        );
        seen.crashes += [...commands].filter((step) => String(step).startsWith('crash')).length;
        seen.versions += wanted.length;
      } finally {
        await world.mortal.close();
      }
    }),
    { numRuns: 14 },
  );
  // The walk went where it was meant to.
  expect(seen.crashes).toBeGreaterThan(10);
  expect(seen.versions).toBeGreaterThan(10);
}, 180_000);
