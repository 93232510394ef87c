import { afterEach, beforeEach, expect, it } from 'vitest';
import { createEventLog, type EventLog } from '../../../bff/events/event-log.ts';
import { KEEP_EVENTS, KEEP_EVENTS_MS, pruneEvents } from '../../../bff/events/retention.ts';
import type { Store } from '../../../bff/store/index.ts';
import { handClock, openTestStore } from '../support/fixtures.ts';

const busy = { vendor: 'acme', tenant: 'busy' };
const quiet = { vendor: 'acme', tenant: 'quiet' };
const clock = handClock();
let store: Store;
let events: EventLog;
beforeEach(async () => {
  store = await openTestStore(clock);
  events = createEventLog({ store, clock });
});
afterEach(() => store.close());

const append = (tenant: typeof busy): Promise<void> =>
  store.write((tx) => events.append(tx, { ...tenant, environment: 'sandbox', type: 'scan.updated', data: {} }));
/** As if so many had come since the one that is there; their rows stand for all. */
const grow = (by: number): Promise<void> =>
  store.write(async (tx) => {
    await tx
      .updateTable('event_counters')
      .set((eb) => ({ last_id: eb('last_id', '+', by - 1) }))
      .where('tenant', '=', 'busy')
      .execute();
    await events.append(tx, { ...busy, environment: 'sandbox', type: 'scan.updated', data: {} });
  });
const idsOf = async (tenant: typeof busy): Promise<number[]> =>
  (await events.after(tenant, 0, 100)).map(({ id }) => id);

it('keeps the newest events of a tenant that has too many, and says up to where they are gone', async () => {
  await append(quiet);
  for (let count = 0; count < 5; count += 1) await append(busy);
  await grow(KEEP_EVENTS - 3);
  await pruneEvents({ store, clock });
  expect(await idsOf(busy)).toEqual([3, 4, 5, KEEP_EVENTS + 2]);
  expect(await events.bounds(busy)).toEqual({ last: KEEP_EVENTS + 2, prunedTo: 2 });
  expect(await idsOf(quiet)).toEqual([1]);
});

it('removes thousands at once when there are', async () => {
  await append(busy);
  await grow(KEEP_EVENTS + 7000);
  await pruneEvents({ store, clock });
  expect(await idsOf(busy)).toEqual([KEEP_EVENTS + 7001]);
  expect(await events.bounds(busy)).toEqual({ last: KEEP_EVENTS + 7001, prunedTo: 7001 });
});

it('removes what is older than seven days, of every tenant', async () => {
  await append(busy);
  await append(quiet);
  clock.set(clock.now() + KEEP_EVENTS_MS + 1);
  await append(busy);
  await pruneEvents({ store, clock });
  expect(await idsOf(busy)).toEqual([2]);
  expect(await idsOf(quiet)).toEqual([]);
  expect(await events.bounds(quiet)).toEqual({ last: 1, prunedTo: 1 });
});
