/** An instance that cannot ask which sessions the others revoked, and the streams of its readers. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Sessions } from '../../../bff/session/sessions.ts';
import type { Store } from '../../../bff/store/index.ts';
import { mintAt, openLine, openSessions, VENDOR, type Line } from '../session/stand.ts';
import { openTestStore, settle } from '../support/fixtures.ts';
import { Client, openInstances, type Instance, type Instances } from './support/instances.ts';

let store: Store;
let stand: Instances;
let line: Line;
let sessions: { there: Sessions; here: Sessions };
beforeEach(async () => {
  store = await openTestStore();
  stand = openInstances(store, 2);
  line = openLine(store, stand.clock);
  sessions = { there: openSessions(store, stand.clock), here: openSessions(line.store, stand.clock) };
  sessions.here.watch.start();
  sessions.here.onRevoked((sessionId) => at(1).hub.endSession(sessionId));
});
afterEach(async () => {
  sessions.here.watch.stop();
  stand.close();
  await store.close();
});

const at = (index: 0 | 1): Instance => stand.at(index);

it('ends them after eight seconds, those it knows nothing bad of too, and each goes on elsewhere exactly where it was', async () => {
  const readers = [new Client(stand.clock), new Client(stand.clock)];
  const stalled = new Client(stand.clock);
  for (const [index, reader] of [...readers, stalled].entries()) {
    await reader.connect(at(1), { sessionId: `s${index}` });
  }
  await at(0).append({});
  await stand.clock.advance(2000);
  stalled.stall();
  line.is = 'silent';
  await stand.clock.advance(7000);
  expect(at(1).hub.size).toBe(3);
  for (let count = 0; count < 5; count += 1) await at(0).append({});
  await stand.clock.advance(1000);
  expect(readers.map(({ connected }) => connected)).toEqual([false, false]);
  // What its socket had taken may still arrive, for some seconds.
  await stand.clock.advance(4000);
  expect([stalled.connected, at(1).hub.size]).toEqual([false, 0]);
  await at(0).append({});
  for (const reader of [...readers, stalled]) {
    await reader.connect(at(0));
    await settle(20);
    expect([reader.seen, reader.resets]).toEqual([[1, 2, 3, 4, 5, 6, 7], []]);
  }
});

it('lets nobody in again whose session was revoked meanwhile', async () => {
  const { id, session_token: token } = await mintAt(sessions.there);
  const { principal } = await sessions.here.authenticate(token);
  const reader = new Client(stand.clock);
  await reader.connect(at(1), principal);
  await stand.clock.advance(2000);
  line.is = 'refused';
  await stand.clock.advance(1000);
  await sessions.there.revoke(VENDOR.id, id);
  await stand.clock.advance(10_000);
  expect(reader.connected).toBe(false);
  await expect(sessions.here.authenticate(token)).rejects.toThrow('away');
  await stand.clock.advance(60_000);
  line.is = 'up';
  await expect(sessions.here.authenticate(token)).rejects.toMatchObject({ code: 'session_expired' });
  await at(0).append({});
  await stand.clock.advance(4000);
  expect(reader.seen).toEqual([]);
});
