/** The real program three times on one PostgreSQL, behind one address that hands connections out in turn. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MintedSession } from '../../../shared/session.ts';
import { openStream } from '../support/stream-client.ts';
import { createSeeded } from '../../faults/seeded.ts';
import { openStage, type Stage } from '../../faults/stage.ts';
import { query } from '../../faults/store-view.ts';
import { follow, type Follower } from '../../faults/stream-follower.ts';
import { startTraffic } from '../../faults/traffic.ts';
import { EVERY_COMPONENT, VENDOR_KEYS } from '../../support/bff.ts';
import { openDatabase, type TestDatabase } from '../../support/postgres.ts';

const READERS = 60;
/** Events before the kill, and after it. */
const SHARE = 40;
/** Nobody lists meanwhile: what becomes visible was told by a notification. */
const HOUR = 3_600_000;
const PATIENCE_MS = 60_000;
const seed = 'streams';

let database: TestDatabase;
let stage: Stage;
let readers: Follower[] = [];
beforeAll(async () => {
  database = await openDatabase();
  stage = await openStage({
    random: createSeeded(seed),
    store: database.url,
    instances: 3,
    clinics: ['riverside'],
    timings: { pollFloor: HOUR },
  });
  await Promise.all(stage.slots.map((slot) => stage.start(slot)));
}, 90_000);
afterAll(async () => {
  for (const reader of readers) reader.stop();
  await stage.close();
  await database.drop();
});

async function until(look: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!look()) {
    if (performance.now() > end) throw new Error(`waited in vain for: ${look.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a session of the whole clinic may see of the log, oldest first. */
async function visibleIds(): Promise<number[]> {
  const [rows = []] = await query(database.url, [
    `SELECT id FROM events WHERE tenant = 'riverside' AND environment = 'simulator' AND type <> 'scan.removed' ORDER BY id`,
  ]);
  return rows.map(({ id }) => Number(id));
}

const urlOf = (index: number): string => `http://127.0.0.1:${stage.slots[index]?.process?.port ?? 9}`;
const askVendor = (index: number, method: string, path: string, body?: object): Promise<Response> =>
  fetch(`${urlOf(index)}${path}`, {
    method,
    headers: { authorization: `Bearer ${VENDOR_KEYS.molar}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

it('a session that is revoked at one instance ends its streams at the others, and no other one', async () => {
  const wish = { tenant: 'riverside', user: { id: 'u-dentist' }, components: EVERY_COMPONENT };
  const mint = async (): Promise<MintedSession> =>
    (await (await askVendor(0, 'POST', '/v1/sessions', wish)).json()) as MintedSession;
  const [revoked, staying] = [await mint(), await mint()];
  const streams = await Promise.all([
    openStream(urlOf(1), revoked.session_token),
    openStream(urlOf(2), revoked.session_token),
    openStream(urlOf(1), staying.session_token),
  ]);
  const [one, two, other] = streams;
  let over = false;
  void other.closed.then(() => (over = true));
  const answer = await askVendor(0, 'DELETE', `/v1/sessions/${revoked.id}`);
  expect(answer.status).toBe(204);
  await Promise.all([one.closed, two.closed]);
  expect(over).toBe(false);
  for (const stream of streams) stream.close();
});

it(`streams resume at another instance when theirs is killed, and no event is lost or doubled (seed ${seed})`, async () => {
  const [clinic] = stage.clinics;
  if (clinic === undefined) throw new Error('no clinic');
  const token = await stage.mint(clinic);
  readers = Array.from({ length: READERS }, (_, index) =>
    follow({
      name: `reader ${index}`,
      clinic: clinic.name,
      url: stage.lines.stream.url,
      token: () => Promise.resolve(token),
    }),
  );
  await until(() => readers.every(({ from }) => from !== null));
  const traffic = startTraffic({ stage, random: createSeeded(`${seed}/traffic`), pauseMs: 5 });
  const first = (): number => readers[0]?.events.length ?? 0;
  await until(() => first() >= SHARE);
  const [victim] = stage.slots;
  if (victim === undefined) throw new Error('no instance');
  await stage.kill(victim);
  await until(() => first() >= 2 * SHARE);
  await traffic.stop();

  const ids = await visibleIds();
  const last = ids.at(-1) ?? 0;
  await until(() => readers.every(({ position }) => (position ?? 0) >= last));
  for (const { name, from, events, resets } of readers) {
    const seen = events.map(({ id }) => id).filter((id) => id <= last);
    expect({ name, seen, resets }).toEqual({ name, seen: ids.filter((id) => id > (from ?? 0)), resets: [] });
  }
  // A third of them sat at the one that was killed, and went on elsewhere.
  const moved = readers.filter(({ connections }) => connections > 1);
  expect(moved.length).toBeGreaterThanOrEqual(READERS / 6);
  expect(moved.every(({ events }) => events.some(({ connection }) => connection > 1))).toBe(true);
}, 180_000);
