/** A failover to a standby that lacks the newest commits: the log ends earlier, and gives ids out for the second time. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../bff/store/index.ts';
import { openTestStore, settle } from '../support/fixtures.ts';
import { Client, openInstances, type Instance, type Instances } from './support/instances.ts';

let store: Store;
let stand: Instances;
let client: Client;
beforeEach(async () => {
  store = await openTestStore();
  stand = openInstances(store, 2);
  client = new Client(stand.clock);
});
afterEach(async () => {
  stand.close();
  await store.close();
});

const at = (index: 0 | 1): Instance => stand.at(index);
async function append(from: Instance, count: number, what: string): Promise<void> {
  for (let number = 0; number < count; number += 1) await from.append({ data: { orderId: `${what}-${number}` } });
}
async function releaseAll(): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    for (const { news, wakes } of stand.all) for (const run of [...news.splice(0), ...wakes.splice(0)]) run();
    await settle(20);
  }
}
function loseWakes(): void {
  for (const { wakes } of stand.all) wakes.length = 0;
}
/** @param last the newest event that the standby had got; 0: not even the clinic's first */
async function failOver(last: number): Promise<void> {
  await store.write(async (tx) => {
    await tx.deleteFrom('events').where('id', '>', last).execute();
    if (last === 0) await tx.deleteFrom('event_counters').execute();
    else await tx.updateTable('event_counters').set({ last_id: last }).execute();
  });
}
/** Six events that stay, five that will be lost; all were told. */
async function readEleven(...readers: Client[]): Promise<void> {
  for (const reader of readers) await reader.connect(at(0));
  await append(at(0), 6, 'kept');
  await append(at(0), 5, 'lost');
  await releaseAll();
  for (const reader of readers) expect(reader.seen.at(-1)).toBe(11);
}

describe('a log that goes back', () => {
  it('is told to all readers within a second, and what follows arrives under the ids that were used before', async () => {
    const second = new Client(stand.clock);
    await readEleven(client, second);
    await failOver(6);
    await stand.clock.advance(1000);
    await append(at(0), 2, 'new');
    await append(at(1), 2, 'new');
    await releaseAll();
    for (const { resets, seen } of [client, second]) {
      expect({ resets, seen: seen.slice(11) }).toEqual({ resets: [6], seen: [7, 8, 9, 10] });
    }
  });

  it('is told when the standby does not even know the clinic', async () => {
    await readEleven(client);
    await failOver(0);
    await stand.clock.advance(1000);
    await append(at(1), 1, 'new');
    await releaseAll();
    expect({ resets: client.resets, seen: client.seen.slice(11) }).toEqual({ resets: [0], seen: [1] });
  });

  it.each([
    ['this instance, one by one', 0, 1],
    ['this instance, as many as were lost', 0, 5],
    ['this instance, more than were lost', 0, 9],
    ['another instance, one by one', 1, 1],
    ['another instance, as many as were lost', 1, 5],
    ['another instance, more than were lost', 1, 9],
  ] as const)('is noticed though ids were given out anew before anybody looked, by %s', async (_who, where, count) => {
    await readEleven(client);
    await failOver(6);
    await append(at(where), count, 'new');
    await releaseAll();
    expect(client.resets).toEqual([6 + count]);
    await append(at(0), 1, 'next');
    await releaseAll();
    expect({ resets: client.resets, last: client.seen.at(-1) }).toEqual({ resets: [6 + count], last: 7 + count });
  });

  it('is noticed with the next look where the new events are past the old ones and every wake-up was lost', async () => {
    await readEleven(client);
    await failOver(6);
    await append(at(1), 7, 'new');
    loseWakes();
    await stand.clock.advance(1000);
    expect(client.resets).toEqual([13]);
  });

  it('is told to a reader whose socket was full as soon as it drains', async () => {
    await client.connect(at(0));
    await append(at(0), 6, 'kept');
    await releaseAll();
    client.stall();
    await append(at(0), 5, 'lost');
    await releaseAll();
    await failOver(6);
    await stand.clock.advance(1000);
    client.drain();
    await settle(40);
    expect(client.resets).toEqual([6]);
    await append(at(1), 3, 'new');
    await releaseAll();
    expect(client.seen.slice(-3)).toEqual([7, 8, 9]);
  });

  it('is noticed by a reader that joins before the instance looks, and told once to each', async () => {
    await readEleven(client);
    await failOver(6);
    const fresh = new Client(stand.clock);
    await fresh.connect(at(0));
    await settle(40);
    expect([client.resets, fresh.resets]).toEqual([[6], [6]]);
    await append(at(1), 2, 'new');
    await releaseAll();
    expect([client.seen.slice(11), fresh.seen]).toEqual([
      [7, 8],
      [7, 8],
    ]);
  });

  it('is not what retention does, though it removed all that was told and the next event comes while that is looked at', async () => {
    await client.connect(at(0));
    await append(at(1), 5, 'old');
    await stand.clock.advance(1000);
    expect(client.seen.at(-1)).toBe(5);
    await store.write(async (tx) => {
      await tx.deleteFrom('events').execute();
      await tx.updateTable('event_counters').set({ pruned_to: 5 }).execute();
    });
    const { events } = at(0);
    const bounds = events.bounds.bind(events);
    let asked = 0;
    events.bounds = async (tenant) => {
      asked += 1;
      await append(at(1), 1, 'new');
      return bounds(tenant);
    };
    // The wake-ups of what was told by looking come late: the log is read, and there is nothing.
    await releaseAll();
    expect(asked).toBeGreaterThan(0);
    events.bounds = bounds;
    await stand.clock.advance(1000);
    expect({ resets: client.resets, last: client.seen.at(-1) }).toEqual({ resets: [], last: 5 + asked });
  });

  it('is not what an answer says that was asked for before the last event was told', async () => {
    await readEleven(client);
    const { events } = at(0);
    const newest = events.newest.bind(events);
    events.newest = async (tenants) => {
      const answer = await newest(tenants);
      await append(at(0), 3, 'new');
      for (const run of at(0).news.splice(0)) run();
      await settle(4);
      return answer;
    };
    await stand.clock.advance(1000);
    expect({ resets: client.resets, last: client.seen.at(-1) }).toEqual({ resets: [], last: 14 });
  });
});
