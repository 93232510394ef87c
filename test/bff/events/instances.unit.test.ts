import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Store } from '../../../bff/store/index.ts';
import fc from '../../support/fast-check.ts';
import { openTestStore, settle } from '../support/fixtures.ts';
import { Client, openInstances, type Instances } from './support/instances.ts';

const COUNT = 3;

let store: Store;
let stand: Instances;
beforeEach(async () => {
  store = await openTestStore();
  stand = openInstances(store, COUNT);
});
afterEach(async () => {
  stand.close();
  await store.close();
});

const at = (index: number) => {
  const instance = stand.all[index % COUNT];
  if (instance === undefined) throw new Error('no such instance');
  return instance;
};
/** Runs one that waits, out of turn; none where none waits. */
const take = (waiting: (() => void)[], which: number): (() => void) | undefined =>
  waiting.splice(which % Math.max(1, waiting.length), 1)[0];
async function releaseAll(): Promise<void> {
  for (const { news, wakes } of stand.all) for (const run of [...news.splice(0), ...wakes.splice(0)]) run();
  await settle(20);
}

it('brings the events of another process at its wake-up', async () => {
  const client = new Client(stand.clock);
  await client.connect(at(0));
  await at(1).append({});
  await releaseAll();
  await releaseAll();
  expect(client.seen).toEqual([1]);
});

it('brings them within two seconds when the wake-up is lost', async () => {
  const client = new Client(stand.clock);
  await client.connect(at(0));
  await at(1).append({});
  for (const { wakes } of stand.all) wakes.length = 0;
  await stand.clock.advance(2000);
  expect(client.seen).toEqual([1]);
});

it('misses nothing that is told while a reader that has just come reads the log', async () => {
  const { events, news } = at(0);
  const after = events.after.bind(events);
  let once = true;
  events.after = async (...where) => {
    const page = await after(...where);
    if (!once) return page;
    once = false;
    await at(0).append({});
    for (const run of news.splice(0)) run();
    await settle(2);
    return page;
  };
  const client = new Client(stand.clock);
  await client.connect(at(0));
  await settle(20);
  expect(client.seen).toEqual([1]);
});

it('asks for nothing while nobody reads', async () => {
  let asked = 0;
  const { events } = at(0);
  const newest = events.newest.bind(events);
  events.newest = (tenants) => {
    asked += 1;
    return newest(tenants);
  };
  await stand.clock.advance(10_000);
  expect(asked).toBe(0);
  await new Client(stand.clock).connect(at(0));
  await stand.clock.advance(10_000);
  expect(asked).toBe(10);
});

it('tries again when the log could not be read', async () => {
  const client = new Client(stand.clock);
  await client.connect(at(0));
  await settle(20);
  const { events } = at(0);
  const after = events.after.bind(events);
  events.after = () => Promise.reject(new Error('the database is away'));
  await at(1).append({});
  await releaseAll();
  await releaseAll();
  expect(client.seen).toEqual([]);
  events.after = after;
  await stand.clock.advance(2000);
  expect(client.seen).toEqual([1]);
});

it('cuts off a reader for which the log cannot be read when it comes; it comes back', async () => {
  const { events, hub } = at(0);
  const after = events.after.bind(events);
  const client = new Client(stand.clock);
  events.after = () => Promise.reject(new Error('the database is away'));
  await client.connect(at(0));
  await settle(4);
  expect([client.connected, hub.size]).toEqual([false, 0]);
  events.after = after;
  await at(0).append({});
  await releaseAll();
  await client.connect(at(0));
  await settle(20);
  expect(client.seen).toEqual([1]);
});

it('tells a reader that retention overtook, and goes on from there', async () => {
  const live = new Client(stand.clock);
  const slow = new Client(stand.clock);
  await live.connect(at(0));
  await slow.connect(at(0));
  await settle(20);
  slow.stall();
  for (let count = 0; count < 6; count += 1) await at(0).append({});
  await releaseAll();
  for (let count = 0; count < 5; count += 1) await at(1).append({});
  for (const { wakes } of stand.all) wakes.length = 0;
  await store.write((tx) => tx.deleteFrom('events').where('id', '<=', 10).execute());
  await stand.clock.advance(1000);
  expect({ seen: live.seen, resets: live.resets }).toEqual({ seen: [1, 2, 3, 4, 5, 6, 11], resets: [10] });
  slow.drain();
  await settle(40);
  // What its socket had taken already still arrives, and nothing after the reset is missing.
  expect(slow.seen).toEqual([1, 2, 3, 4, 5, 6]);
  expect(slow.resets).toEqual([11]);
  await at(0).append({});
  await releaseAll();
  expect(slow.seen.at(-1)).toBe(12);
});

type Step =
  | { do: 'append'; at: number; chart: string | null; burst: number }
  | { do: 'news'; at: number; which: number }
  | { do: 'wake'; at: number; which: number }
  | { do: 'lose'; at: number; which: number }
  | { do: 'connect'; client: number; at: number }
  | { do: 'disconnect'; client: number }
  | { do: 'stall'; client: number }
  | { do: 'drain'; client: number }
  | { do: 'wait'; ms: number }
  | { do: 'settle'; turns: number };

const CLIENTS = 4;
const index = fc.nat(COUNT - 1);
const client = fc.nat(CLIENTS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      at: index,
      chart: fc.constantFrom(null, 'C-1', 'C-2'),
      burst: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('news' as const, 'wake' as const, 'lose' as const),
      at: index,
      which: fc.nat(9),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('connect' as const), client, at: index }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('disconnect' as const, 'stall' as const, 'drain' as const), client }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 100, max: 3000 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const), turns: fc.integer({ min: 1, max: 6 }) }) },
);

it('tells each reader each event it may see exactly once and in order, however instances, wake-ups and readers interleave', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 50 }), async (steps) => {
      run += 1;
      // A clinic for each run: one database serves all.
      const tenant = `clinic-${run}`;
      const clients = Array.from({ length: CLIENTS }, () => new Client(stand.clock));
      // The last one's session is bound to a chart.
      const who = (number: number) => ({ tenant, patient: number === CLIENTS - 1 ? { chartNumber: 'C-1' } : null });
      const charts: (string | null)[] = [];
      const of = (number: number): Client => clients[number] ?? new Client(stand.clock);
      for (const one of steps) {
        if (one.do === 'append') {
          for (let count = 0; count < one.burst; count += 1) {
            charts.push(one.chart);
            await at(one.at).append({ tenant, charts: one.chart === null ? null : [one.chart] });
          }
        } else if (one.do === 'news') take(at(one.at).news, one.which)?.();
        else if (one.do === 'wake') take(at(one.at).wakes, one.which)?.();
        else if (one.do === 'lose') take(at(one.at).wakes, one.which);
        else if (one.do === 'connect') {
          if (!of(one.client).connected) await of(one.client).connect(at(one.at), who(one.client));
        } else if (one.do === 'disconnect') of(one.client).disconnect();
        else if (one.do === 'stall') of(one.client).stall();
        else if (one.do === 'drain') of(one.client).drain();
        else if (one.do === 'wait') await stand.clock.advance(one.ms);
        else await settle(one.turns);
      }
      // Every wake-up that is still on its way is lost; news of own commits come, in any order.
      for (const { news, wakes } of stand.all) {
        wakes.length = 0;
        for (let next = take(news, run); next !== undefined; next = take(news, run)) next();
        wakes.length = 0;
      }
      for (const [number, one] of clients.entries()) {
        one.drain();
        await settle(10);
        if (!one.connected) await one.connect(at(number), who(number));
      }
      await stand.clock.advance(2000);
      for (const [number, one] of clients.entries()) {
        const visible = charts
          .map((chart, position) => ({ id: position + 1, chart }))
          .filter(({ chart }) => number !== CLIENTS - 1 || chart === null || chart === 'C-1')
          .map(({ id }) => id);
        expect(one.seen).toEqual(visible.filter((id) => id > (one.start ?? 0)));
        expect(one.resets).toEqual([]);
        one.disconnect();
      }
      await settle(4);
      expect(stand.all.map(({ hub }) => hub.size)).toEqual([0, 0, 0]);
    }),
    { numRuns: 60 },
  );
}, 60_000);
