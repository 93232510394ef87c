import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sessions } from '../../../bff/session/sessions.ts';
import type { Store } from '../../../bff/store/index.ts';
import { MAX_SESSION_SECONDS } from '../../../shared/session.ts';
import { handClock, openTestStore, type HandClock } from '../support/fixtures.ts';
import { mintAt, openLine, openSessions, VENDOR, type Line } from './stand.ts';

const MINUTE = 60_000;

let clock: HandClock;
let database: Store;
let line: Line;
let there: Sessions;
let here: Sessions;
/** What this instance's streams were told. */
let told: (string | null)[];

beforeEach(async () => {
  clock = handClock();
  database = await openTestStore(clock);
  line = openLine(database, clock);
  there = openSessions(database, clock);
  here = openSessions(line.store, clock);
  told = [];
  here.onRevoked((sessionId) => told.push(sessionId));
  here.watch.start();
});
afterEach(async () => {
  here.watch.stop();
  await database.close();
});

const ended = () => told.filter((sessionId) => sessionId !== null);

describe('a session that another instance revoked, its wake-up lost', () => {
  it('ends within two seconds', async () => {
    const { id, session_token: token } = await mintAt(there);
    await here.authenticate(token);
    await there.revoke(VENDOR.id, id);
    await clock.advance(2000);
    expect([told, here.held(id)]).toEqual([[id], null]);
    await clock.advance(5 * MINUTE);
    expect(told).toEqual([id]);
  });

  it.each([
    ['70 seconds', 70_000],
    ['half an hour', 30 * MINUTE],
    ['nearly as long as a session lasts', (MAX_SESSION_SECONDS - 30) * 1000],
  ])('is found when the table could not be asked for %s meanwhile', async (_name, ms) => {
    const { id } = await mintAt(there);
    await clock.advance(4000);
    line.is = 'refused';
    await clock.advance(1000);
    await there.revoke(VENDOR.id, id);
    await clock.advance(ms);
    expect(ended()).toEqual([]);
    line.is = 'up';
    await clock.advance(4000);
    expect(ended()).toEqual([id]);
  });

  it('needs not be found when it would be over by itself: none is asked for that began before', async () => {
    const { id } = await mintAt(there);
    line.is = 'refused';
    await there.revoke(VENDOR.id, id);
    await clock.advance((MAX_SESSION_SECONDS + 120) * 1000);
    line.is = 'up';
    await clock.advance(4000);
    expect(ended()).toEqual([]);
    expect(await here.find(id)).toBeNull();
  });
});

describe('an instance that cannot ask who was revoked', () => {
  it.each(['refused', 'silent'] as const)(
    'takes no session from memory after eight seconds, and every stream ends (line %s)',
    async (is) => {
      const { id, session_token: token } = await mintAt(there);
      await here.authenticate(token);
      line.is = is;
      await clock.advance(7000);
      expect([told, here.held(id)]).toEqual([[], expect.objectContaining({ sessionId: id })]);
      await clock.advance(1000);
      expect([told, here.held(id)]).toEqual([[null], null]);
    },
  );

  it('ends what came meanwhile for as long as that goes on, and nothing any more when it is over', async () => {
    const { session_token: token } = await mintAt(there);
    line.is = 'refused';
    await clock.advance(28_000);
    expect(told).toEqual([null, null, null]);
    line.is = 'up';
    await clock.advance(2000);
    await here.authenticate(token);
    await clock.advance(10 * MINUTE);
    expect(told).toEqual([null, null, null]);
  });

  it('is one among several: alone on its database it asks nothing and ends nothing', async () => {
    here.watch.stop();
    const alone = openSessions({ ...line.store, shared: false }, clock);
    alone.onRevoked((sessionId) => told.push(sessionId));
    alone.watch.start();
    const { id, session_token: token } = await mintAt(there);
    await alone.authenticate(token);
    line.is = 'refused';
    const { asked } = line;
    await clock.advance(30 * MINUTE);
    expect([told, line.asked, alone.held(id)]).toEqual([[], asked, expect.objectContaining({ sessionId: id })]);
  });

  it('looks no more when it stops', async () => {
    line.is = 'silent';
    await clock.advance(3000);
    here.watch.stop();
    const { asked } = line;
    await clock.advance(30 * MINUTE);
    expect([told, line.asked]).toEqual([[], asked]);
  });
});
