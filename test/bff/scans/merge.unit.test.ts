import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventLog } from '../../../bff/events/index.ts';
import type { UpstreamOrder } from '../../../bff/align/index.ts';
import { createMerge, type Merge } from '../../../bff/scans/merge.ts';
import { toVersion } from '../../../bff/scans/version.ts';
import type { Store } from '../../../bff/store/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { LEARNT_BY, type LearntBy } from '../../../shared/scan.ts';
import fc from '../../support/fast-check.ts';
import { addConnection, asset, environment, handClock, openTestStore, order, START } from '../support/fixtures.ts';
import { requestRow } from './request-row.ts';

const clock = handClock();
let store: Store;
let merge: Merge;
const learnt: { connectionId: string; by: LearntBy }[] = [];

beforeAll(async () => {
  store = await openTestStore(clock);
  const connections = {
    noteVersionLearnt: (_tx: unknown, connectionId: string, by: LearntBy) => {
      learnt.push({ connectionId, by });
      return Promise.resolve();
    },
  };
  merge = createMerge({ store, events: createEventLog({ store, clock }), connections, align: { environment }, clock });
});
afterAll(() => store.close());

async function eventsOf(connection: ConnectionRow) {
  const rows = await store.db
    .selectFrom('events')
    .selectAll()
    .where('tenant', '=', connection.tenant)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    type: row.type,
    charts: row.charts === null ? null : (JSON.parse(row.charts) as string[]),
    data: JSON.parse(row.data) as { orderId?: string; version?: string; asset?: string; requestId?: string },
  }));
}

async function scanOf(connection: ConnectionRow, orderId = '100000001') {
  return store.db
    .selectFrom('scans')
    .selectAll()
    .where('tenant', '=', connection.tenant)
    .where('order_id', '=', orderId)
    .executeTakeFirstOrThrow();
}

async function addRequest(connection: ConnectionRow, change: Parameters<typeof requestRow>[1] = {}) {
  const row = requestRow(connection, change);
  await store.write((tx) => tx.insertInto('scan_requests').values(row).execute());
  return row;
}

/** How an order changes upstream, step by step: a new modified time, a file that comes without one, another name. */
const step = fc.record({
  kind: fc.constantFrom('status', 'file-replaced', 'file-added', 'rename'),
  status: fc.constantFrom('Completed', 'iTero Modeling', 'Lab Review', 'Scanning'),
});

function historyOf(connection: ConnectionRow, steps: { kind: string; status: string }[]): UpstreamOrder[] {
  let state = order(connection, { assets: [asset('gallery')] });
  const states = [state];
  steps.forEach(({ kind, status }, index) => {
    const at = START + (index + 1) * 1000;
    if (kind === 'status') state = { ...state, status, modifiedAt: at };
    if (kind === 'file-replaced')
      state = { ...state, modifiedAt: at, assets: [asset('gallery', at), asset('ide', at)] };
    if (kind === 'file-added') {
      const missing = (['ide', 'captures'] as const).find((name) => !state.assets.some((has) => has.name === name));
      if (missing === undefined) return;
      state = { ...state, assets: [...state.assets, asset(missing, at)] };
    }
    if (kind === 'rename') {
      state = {
        ...state,
        modifiedAt: at,
        patient: { ...state.patient, firstName: `Ann${index}`, chartNumber: `C-${index}` },
      };
    }
    states.push(state);
  });
  return states;
}

describe('any interleaving of what was observed', () => {
  it('shows each version that was not outdated exactly once, and the newest in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 7 }),
        fc.array(fc.record({ at: fc.nat(), by: fc.constantFrom(...LEARNT_BY), together: fc.boolean() }), {
          minLength: 1,
          maxLength: 25,
        }),
        async (steps, deliveries) => {
          const connection = await addConnection(store);
          const history = historyOf(connection, steps);
          const running: Promise<unknown>[] = [];
          for (const { at, by, together } of deliveries) {
            const observed = history[at % history.length] as UpstreamOrder;
            // The URL differs at each listing and must not matter.
            const assets = observed.assets.map((file) => ({ ...file, url: `${file.url}?${at}` }));
            const done = merge.merge({
              connection,
              order: { ...observed, assets },
              learntBy: by,
              backfill: by === 'backfill',
            });
            if (together) running.push(done);
            else await done;
          }
          await Promise.all(running);
          const newest = history.at(-1) as UpstreamOrder;
          await merge.merge({ connection, order: newest, learntBy: 'poll' });

          const scan = await scanOf(connection);
          expect(scan.version).toBe(toVersion(newest));
          expect(scan.first_name).toBe(newest.patient.firstName);

          const versions = await store.db
            .selectFrom('scan_versions')
            .selectAll()
            .where('tenant', '=', connection.tenant)
            .orderBy('number')
            .execute();
          expect(versions.map((row) => row.number)).toEqual(versions.map((_, index) => index + 1));
          expect(scan.version_number).toBe(versions.length);
          const events = await eventsOf(connection);
          expect(events.map((event) => event.id)).toEqual(events.map((_, index) => index + 1));
          const told = events.filter((event) => event.type === 'scan.received' || event.type === 'scan.updated');
          for (const version of versions) {
            const expected = version.learnt_by === 'backfill' ? 0 : 1;
            expect(told.filter((event) => event.data.version === version.version)).toHaveLength(expected);
          }
          const firsts = events.filter((event) => event.type === 'scan.received');
          expect(firsts.length).toBe(versions[0]?.learnt_by === 'backfill' ? 0 : 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('shows every version when none comes late', async () => {
    const connection = await addConnection(store);
    const history = historyOf(
      connection,
      ['status', 'file-added', 'rename', 'file-replaced'].map((kind) => ({ kind, status: 'Lab Review' })),
    );
    for (const state of history) await merge.merge({ connection, order: state, learntBy: 'notification' });
    const told = (await eventsOf(connection)).filter((event) => /received|updated/.test(event.type));
    expect(told.map((event) => event.data.version)).toEqual(history.map(toVersion));
  });
});

describe('a merge', () => {
  it('refuses an order of another account', async () => {
    const connection = await addConnection(store);
    const foreign = order(connection, { accountId: '9' });
    await expect(merge.merge({ connection, order: foreign, learntBy: 'poll' })).rejects.toThrow('another account');
  });

  it('takes nothing from an answer that is older than what is shown', async () => {
    const connection = await addConnection(store);
    await merge.merge({ connection, order: order(connection, { modifiedAt: START + 5 }), learntBy: 'poll' });
    const late = order(connection, { modifiedAt: START, patient: { firstName: 'X', lastName: 'Y', chartNumber: 'Z' } });
    expect(await merge.merge({ connection, order: late, learntBy: 'poll' })).toMatchObject({ outcome: 'none' });
    expect((await scanOf(connection)).chart_number).toBe('C-1');
  });

  it('tells a corrected name under the same version, and the chart that the case left', async () => {
    const connection = await addConnection(store);
    await merge.merge({ connection, order: order(connection), learntBy: 'poll' });
    const renamed = order(connection, { patient: { firstName: 'Ann', lastName: 'Bee', chartNumber: 'C-2' } });
    expect(await merge.merge({ connection, order: renamed, learntBy: 'poll' })).toMatchObject({ outcome: 'updated' });
    const events = await eventsOf(connection);
    expect(events.map((event) => [event.type, event.charts])).toEqual([
      ['scan.received', ['C-1']],
      ['scan.updated', ['C-2']],
      ['scan.removed', ['C-1']],
    ]);
    expect(new Set(events.map((event) => event.data.version)).size).toBe(1);
    expect((await scanOf(connection)).version_number).toBe(1);
  });

  it('answers the request whose RX it carries, and says when it was scanned under another identity', async () => {
    const connection = await addConnection(store);
    const request = await addRequest(connection);
    const mistyped = order(connection, {
      rxId: 'rx-1',
      patient: { firstName: 'An', lastName: 'Bee', chartNumber: 'C1' },
    });
    await merge.merge({ connection, order: mistyped, learntBy: 'notification' });
    expect(await scanOf(connection)).toMatchObject({
      request_id: request.id,
      request_chart: 'C-1',
      other_identity: 1,
      unmatched: 0,
    });
    const stored = await store.db
      .selectFrom('scan_requests')
      .selectAll()
      .where('id', '=', request.id)
      .executeTakeFirst();
    expect(stored).toMatchObject({ state: 'scanned', order_id: mistyped.orderId });
    const [received] = await eventsOf(connection);
    expect(received).toMatchObject({ charts: ['C1', 'C-1'], data: { requestId: request.id } });
  });

  it('matches a request whose RX id was stored after the scan came', async () => {
    const connection = await addConnection(store);
    await merge.merge({ connection, order: order(connection, { rxId: 'rx-1' }), learntBy: 'notification' });
    expect((await scanOf(connection)).unmatched).toBe(1);
    await addRequest(connection);
    await merge.merge({ connection, order: order(connection, { rxId: 'rx-1' }), learntBy: 'poll' });
    expect(await scanOf(connection)).toMatchObject({ unmatched: 0, request_chart: 'C-1' });
    expect((await eventsOf(connection)).map((event) => event.type)).toEqual(['scan.received', 'scan.updated']);
  });

  it('offers an order with an unknown RX and the same identity to an unconfirmed request, once', async () => {
    const connection = await addConnection(store);
    const request = await addRequest(connection, { state: 'unconfirmed', rx_id: null });
    for (const modifiedAt of [START, START + 1]) {
      await merge.merge({ connection, order: order(connection, { rxId: 'rx-9', modifiedAt }), learntBy: 'poll' });
    }
    const stored = await store.db
      .selectFrom('scan_requests')
      .selectAll()
      .where('id', '=', request.id)
      .executeTakeFirst();
    expect(stored).toMatchObject({ state: 'unconfirmed', possible_order_id: '100000001' });
    const offers = (await eventsOf(connection)).filter((event) => event.type === 'scan_request.unconfirmed');
    expect(offers).toHaveLength(1);
  });

  it('matches an RX id in small letters as in capital ones', async () => {
    const connection = await addConnection(store);
    const request = await addRequest(connection, { rx_id: 'A1B2-C3' });
    await merge.merge({ connection, order: order(connection, { rxId: 'a1b2-c3' }), learntBy: 'poll' });
    expect(await scanOf(connection)).toMatchObject({ request_id: request.id });
  });

  it('offers no case that was known before the request, though it changes afterwards', async () => {
    const connection = await addConnection(store);
    await merge.merge({ connection, order: order(connection, { rxId: 'rx-9' }), learntBy: 'poll' });
    clock.set(START + 7 * 86_400_000);
    const request = await addRequest(connection, {
      state: 'unconfirmed',
      rx_id: null,
      created_at: clock.now(),
    });
    clock.set(clock.now() + 60_000);
    const modeled = order(connection, { rxId: 'rx-9', status: 'iTero Modeling', modifiedAt: clock.now() });
    await merge.merge({ connection, order: modeled, learntBy: 'poll' });
    const offered = async () =>
      (await store.db.selectFrom('scan_requests').selectAll().where('id', '=', request.id).executeTakeFirst())
        ?.possible_order_id;
    expect(await offered()).toBeNull();
    const later = order(connection, { orderId: '100000002', rxId: 'rx-10', modifiedAt: clock.now() });
    await merge.merge({ connection, order: later, learntBy: 'poll' });
    expect(await offered()).toBe('100000002');
    clock.set(START);
  });

  it('keeps the first listing silent and read, and later versions not', async () => {
    const connection = await addConnection(store);
    await merge.merge({ connection, order: order(connection), learntBy: 'poll', backfill: true });
    expect(await eventsOf(connection)).toEqual([]);
    expect(await scanOf(connection)).toMatchObject({ backfilled: 1, learnt_by: 'backfill' });
    await merge.merge({ connection, order: order(connection, { modifiedAt: START + 1 }), learntBy: 'poll' });
    expect((await eventsOf(connection)).map((event) => event.type)).toEqual(['scan.updated']);
    expect(await scanOf(connection)).toMatchObject({ backfilled: 0, learnt_by: 'poll' });
  });

  it('waits for a missing iDE and tells when it comes, with a new version', async () => {
    const connection = await addConnection(store);
    await merge.merge({ connection, order: order(connection, { assets: [asset('gallery')] }), learntBy: 'poll' });
    expect(await scanOf(connection)).toMatchObject({ missing_since: START, recheck_at: START + 40_000 });
    await merge.merge({
      connection,
      order: order(connection, { assets: [asset('gallery'), asset('ide', START + 50)] }),
      learntBy: 'recheck',
    });
    expect(await scanOf(connection)).toMatchObject({ missing_since: null, recheck_at: null, version_number: 2 });
    expect((await eventsOf(connection)).map((event) => [event.type, event.data.asset])).toEqual([
      ['scan.received', undefined],
      ['scan.updated', undefined],
      ['scan.asset_ready', 'ide'],
    ]);
  });

  it('notes how each announced version was learnt, the first listing left out', async () => {
    const connection = await addConnection(store);
    await merge.merge({ connection, order: order(connection), learntBy: 'poll', backfill: true });
    await merge.merge({ connection, order: order(connection, { modifiedAt: START + 1 }), learntBy: 'notification' });
    await merge.merge({ connection, order: order(connection, { modifiedAt: START + 1 }), learntBy: 'poll' });
    expect(learnt.filter((entry) => entry.connectionId === connection.id).map((entry) => entry.by)).toEqual([
      'notification',
    ]);
  });

  it('takes no silence of the callback from what was due before the newest Pair: nobody could tell us', async () => {
    const connection = await addConnection(store, { last_pair_at: START + 1 });
    for (const orderId of ['1', '2', '3']) {
      const modifiedAt = START + Number(orderId) - 1;
      const assets = [asset('ide', modifiedAt), asset('gallery', modifiedAt)];
      await merge.merge({ connection, order: order(connection, { orderId, modifiedAt, assets }), learntBy: 'poll' });
    }
    expect(learnt.filter((entry) => entry.connectionId === connection.id)).toHaveLength(2);
  });

  it('takes no silence of the callback from steps that upstream never notifies', async () => {
    const connection = await addConnection(store);
    await merge.merge({ connection, order: order(connection), learntBy: 'poll' });
    for (const [step, phase] of (['modeling', 'rescan', 'milling'] as const).entries()) {
      await merge.merge({
        connection,
        order: order(connection, { phase, modifiedAt: START + 1 + step }),
        learntBy: 'poll',
      });
    }
    await merge.merge({
      connection,
      order: order(connection, { phase: 'review', modifiedAt: START + 9 }),
      learntBy: 'poll',
    });
    expect(learnt.filter((entry) => entry.connectionId === connection.id)).toHaveLength(2);
  });
});
