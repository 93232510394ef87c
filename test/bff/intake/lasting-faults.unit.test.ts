/** What does not end by itself: faults that stay, clinics that nobody connects again. Nothing goes on without end. */
import { describe, expect, it } from 'vitest';
import { AlignFault } from '../../../bff/align/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { asset, order, START, TIMINGS } from '../support/fixtures.ts';
import type { World } from '../support/world.ts';
import { useIntakeStand } from './intake-stand.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const stand = useIntakeStand();
const { open, connect, hint, keepHints, scans, hintRows, events, callsOf } = stand;

describe('a file that is looked for', () => {
  /** A case without its iDE, seen at START. */
  async function waiting(world: World, change: Partial<ConnectionRow> = {}): Promise<ConnectionRow> {
    world.timings = { ...TIMINGS, recheckFor: 2 * HOUR };
    const connection = await connect(change, 20 * HOUR);
    stand.upstream.orders = [order(connection, { rxId: 'rx-1', assets: [asset('gallery')] })];
    await keepHints([hint(connection, 'rx-1')]);
    world.intake.start();
    await stand.clock.advance(MINUTE);
    expect(await scans()).toMatchObject([{ missing_since: START, missing_told_at: null }]);
    return connection;
  }

  it.each(['wrong_shape', 'user_not_allowed', 'invalid_request', 'host_refused'] as const)(
    'is not asked for without end while upstream’s answer is %s, and people are told what to do by hand',
    async (kind) => {
      const world = await open();
      await waiting(world);
      world.align.orderByRxId = () => {
        stand.upstream.calls.push({ operation: 'orderByRxId', at: stand.clock.now(), account: '' });
        return Promise.reject(new AlignFault(kind, 'getOrderByRxId'));
      };
      await stand.clock.advance(10 * MINUTE);
      expect(await events()).toContain('scan.asset_missing');
      const soon = callsOf('orderByRxId').length;
      expect(soon).toBeLessThan(9);
      await stand.clock.advance(3 * HOUR);
      expect(await scans()).toMatchObject([{ recheck_at: null, missing_since: START }]);
      const all = callsOf('orderByRxId').length;
      await stand.clock.advance(3 * HOUR);
      expect(callsOf('orderByRxId')).toHaveLength(all);
    },
  );

  it('of a clinic that nobody connects again is given up in the end, and told', async () => {
    const world = await open();
    const { id } = await waiting(world);
    await stand.store.write((tx) =>
      tx
        .updateTable('connections')
        .set({ state: 'unpaired', ended_at: stand.clock.now() })
        .where('id', '=', id)
        .execute(),
    );
    await stand.clock.advance(3 * HOUR);
    const [scan] = await scans();
    expect(scan).toMatchObject({ recheck_at: null, missing_since: START });
    expect(scan?.missing_told_at).not.toBeNull();
    expect(await events()).toContain('scan.asset_missing');
  });

  it('is looked for anew when a later version comes without it too', async () => {
    const world = await open();
    const connection = await waiting(world);
    await stand.clock.advance(3 * HOUR);
    expect(await scans()).toMatchObject([{ recheck_at: null }]);
    const now = stand.clock.now();
    stand.upstream.orders = [
      order(connection, { rxId: 'rx-1', status: 'Lab Review', modifiedAt: now, assets: [asset('gallery')] }),
    ];
    await keepHints([hint(connection, 'rx-1')]);
    await stand.clock.advance(30_000);
    const [scan] = await scans();
    expect(scan).toMatchObject({ status: 'Lab Review', missing_told_at: null });
    expect(scan?.recheck_at).toBeGreaterThan(now);
  });
});

describe('a notification', () => {
  it.each(['invalid_request', 'wrong_shape', 'user_not_allowed'] as const)(
    'of an RX for which upstream’s answer stays %s is given up in the end',
    async (kind) => {
      const world = await open();
      world.timings = { ...TIMINGS, recheckFor: 2 * HOUR };
      const connection = await connect();
      world.align.orderByRxId = () => Promise.reject(new AlignFault(kind, 'getOrderByRxId'));
      await keepHints([hint(connection, 'test')]);
      world.intake.start();
      await stand.clock.advance(HOUR);
      expect(await hintRows()).toMatchObject([{ state: 'waiting' }]);
      await stand.clock.advance(90 * MINUTE);
      expect(await hintRows()).toMatchObject([{ state: 'gone' }]);
    },
  );

  it('of a clinic where nobody is signed in waits without a call, and is followed when somebody is', async () => {
    const world = await open();
    const connection = await connect({ state: 'needs_login' });
    stand.upstream.orders = [order(connection, { rxId: 'rx-1' })];
    await keepHints([hint(connection, 'rx-1')]);
    world.intake.start();
    await stand.clock.advance(HOUR);
    expect(callsOf('orderByRxId')).toEqual([]);
    await stand.store.write((tx) => tx.updateTable('connections').set({ state: 'paired' }).execute());
    await stand.clock.advance(11 * MINUTE);
    expect(await events()).toEqual(['scan.received']);
  });

  it('that waits for a month is let go: what it told was listed since', async () => {
    const world = await open();
    const connection = await connect({ state: 'needs_login' });
    await keepHints([hint(connection, 'rx-1')]);
    stand.clock.set(START + 31 * DAY);
    await keepHints([hint(connection, 'rx-2')]);
    await world.intake.prune();
    expect((await hintRows()).map(({ rx_id, state, outcome }) => [rx_id, state, outcome])).toEqual([
      ['rx-1', 'gone', 'too_old'],
      ['rx-2', 'waiting', null],
    ]);
  });

  it('is not kept waiting by thousands of a clinic that upstream wants to be left alone', async () => {
    const world = await open();
    const held = await connect();
    const other = await connect();
    stand.upstream.orders = [order(other, { rxId: 'rx-other' })];
    stand.upstream.rxFaults.push(
      ...Array.from({ length: 4 }, () => new AlignFault('rate_limited', 'getOrderByRxId', { retryAfterMs: HOUR })),
    );
    world.intake.start();
    await keepHints(Array.from({ length: 2100 }, (_, index) => hint(held, `rx-${index}`)));
    await stand.clock.advance(30_000);
    expect(await events()).toEqual([]);
    await keepHints([hint(other, 'rx-other')]);
    await stand.clock.advance(31_000);
    expect(await events()).toEqual(['scan.received']);
  });

  it('of each clinic is begun before a second one of any', async () => {
    const world = await open();
    const clinics = [await connect(), await connect(), await connect(), await connect(), await connect()];
    await keepHints(Array.from({ length: 300 }, (_, index) => hint(clinics[0] as ConnectionRow, `rx-0-${index}`)));
    for (const [index, clinic] of clinics.entries()) if (index > 0) await keepHints([hint(clinic, `rx-${index}`)]);
    const asked: string[] = [];
    world.align.orderByRxId = (account) => {
      asked.push(account);
      return new Promise(() => undefined);
    };
    world.intake.start();
    await stand.clock.advance(1000);
    expect(asked).toHaveLength(6);
    expect(new Set(asked.slice(0, 5)).size).toBe(5);
    stand.forget(world);
  });
});

it('clinics with much to be looked at take turns, however many they are', async () => {
  const world = await open();
  const clinics: ConnectionRow[] = [];
  for (let count = 0; count < 10; count += 1) clinics.push(await connect());
  for (const clinic of clinics) {
    await keepHints(Array.from({ length: 40 }, (_, index) => hint(clinic, `rx-${clinic.id}-${index}`)));
  }
  const asked: string[] = [];
  world.align.orderByRxId = (account) => {
    asked.push(account);
    return stand.clock.sleep(100).then(() => Promise.reject(new AlignFault('not_found', 'getOrderByRxId')));
  };
  world.intake.start();
  await stand.clock.advance(450);
  expect(asked.length).toBeGreaterThanOrEqual(20);
  expect(new Set(asked.slice(0, 10)).size).toBe(10);
  expect(new Set(asked.slice(10, 20)).size).toBe(10);
  const stopped = world.intake.stop();
  await stand.clock.advance(200);
  await stopped;
});
