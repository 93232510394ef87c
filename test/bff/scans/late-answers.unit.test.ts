/** What upstream was asked for earlier may land later, and must not take back what was learnt meanwhile. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UpstreamOrder } from '../../../bff/align/index.ts';
import { createEventLog } from '../../../bff/events/index.ts';
import { createMerge, type Merge } from '../../../bff/scans/index.ts';
import type { Store } from '../../../bff/store/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import fc from '../../support/fast-check.ts';
import { useIntakeStand } from '../intake/intake-stand.ts';
import { addConnection, asset, environment, handClock, openTestStore, order, START } from '../support/fixtures.ts';

const SECOND = 1000;
const of = (chartNumber: string) => ({ firstName: 'Ann', lastName: 'Bee', chartNumber });

describe('a chart number that is corrected while an answer is on its way', () => {
  const stand = useIntakeStand();
  const charts = async () => (await stand.scans()).map((scan) => scan.chart_number);
  const correct = (): void => {
    stand.upstream.orders = stand.upstream.orders.map((one) => ({ ...one, patient: of('RIGHT') }));
  };

  /** A case that is listed 50 s after its notification. */
  async function seeWrong(assets: UpstreamOrder['assets']) {
    const world = await stand.open();
    const connection = await stand.connect({}, 50 * SECOND);
    stand.upstream.orders = [order(connection, { rxId: 'rx-1', patient: of('WRONG'), assets })];
    await stand.keepHints([stand.hint(connection, 'rx-1')]);
    world.intake.start();
    await stand.clock.advance(10 * SECOND);
    expect(await charts()).toEqual(['WRONG']);
    const notifyAgain = (after: number) =>
      stand.keepHints([{ ...stand.hint(connection, 'rx-1'), next_at: START + after }]);
    return { world, notifyAgain };
  }

  it.each([
    ['a notification made us ask for', [asset('ide'), asset('gallery')], true],
    ['a missing file made us ask for', [asset('gallery')], false],
  ])('stays when that was the order that %s', async (_, assets, notified) => {
    const { world, notifyAgain } = await seeWrong(assets);
    const { orderByRxId } = world.align;
    world.align.orderByRxId = async (...call) => {
      const read = await orderByRxId(...call);
      await stand.clock.sleep(20 * SECOND);
      return read;
    };
    if (notified) await notifyAgain(40 * SECOND);
    await stand.clock.advance(35 * SECOND);
    expect(stand.callsOf('orderByRxId')).toHaveLength(2);
    correct();
    await stand.clock.advance(10 * SECOND);
    expect(await charts()).toEqual(['RIGHT']);
    await stand.clock.advance(15 * SECOND);
    expect(await charts()).toEqual(['RIGHT']);
    expect(await stand.events()).toEqual(['scan.received', 'scan.updated', 'scan.removed']);
  });

  it('stays when that was a page of the listing', async () => {
    const { world, notifyAgain } = await seeWrong([asset('ide'), asset('gallery')]);
    const { orders } = world.align;
    world.align.orders = async (...call) => {
      const page = await orders(...call);
      await stand.clock.sleep(20 * SECOND);
      return page;
    };
    await notifyAgain(55 * SECOND);
    await stand.clock.advance(42 * SECOND);
    expect(stand.callsOf('orders')).toHaveLength(1);
    correct();
    await stand.clock.advance(8 * SECOND);
    expect(await charts()).toEqual(['RIGHT']);
    await stand.clock.advance(15 * SECOND);
    expect(await charts()).toEqual(['RIGHT']);
    expect(await stand.events()).toEqual(['scan.received', 'scan.updated', 'scan.removed']);
  });
});

describe('an answer that was asked for earlier than what is shown', () => {
  const clock = handClock();
  let store: Store;
  let merge: Merge;
  beforeAll(async () => {
    store = await openTestStore(clock);
    const connections = { noteVersionLearnt: () => Promise.resolve() };
    merge = createMerge({
      store,
      events: createEventLog({ store, clock }),
      connections,
      align: { environment },
      clock,
    });
  });
  afterAll(() => store.close());

  const land = (connection: ConnectionRow, askedAt: number, change: Partial<UpstreamOrder>) =>
    merge.merge({ connection, order: order(connection, change), learntBy: 'poll', askedAt });
  const shown = (connection: ConnectionRow) =>
    store.db.selectFrom('scans').selectAll().where('tenant', '=', connection.tenant).executeTakeFirstOrThrow();

  it('changes no name, in whatever order and however close together answers land', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(30), { minLength: 2, maxLength: 8 }),
        fc.boolean(),
        async (asks, together) => {
          const connection = await addConnection(store);
          const landing = asks.map((ask) => () => land(connection, START + ask, { patient: of(`C-${ask}`) }));
          if (together) await Promise.all(landing.map((go) => go()));
          else for (const go of landing) await go();
          expect((await shown(connection)).chart_number).toBe(`C-${Math.max(...asks)}`);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('wins with a newer version, as any', async () => {
    const connection = await addConnection(store);
    await land(connection, START + 9, { patient: of('C-1') });
    const newer = { modifiedAt: START + 5, patient: of('C-2') };
    expect(await land(connection, START + 8, newer)).toMatchObject({ outcome: 'announced' });
    expect(await shown(connection)).toMatchObject({ chart_number: 'C-2', version_number: 2 });
  });

  it('brings back no version that only the order of asking tells from what is shown', async () => {
    const connection = await addConnection(store);
    await land(connection, START + 1, { status: 'Completed' });
    await land(connection, START + 3, { status: 'Lab Review' });
    expect(await land(connection, START + 2, { status: 'Completed' })).toMatchObject({ outcome: 'none' });
    expect(await land(connection, START + 2, { status: 'iTero Modeling' })).toMatchObject({ outcome: 'none' });
    expect(await shown(connection)).toMatchObject({ status: 'Lab Review', version_number: 2 });
    await land(connection, START + 4, { status: 'Completed' });
    expect(await shown(connection)).toMatchObject({ status: 'Completed', version_number: 1 });
  });

  it('is taken when the database was set back, or nobody knows when what is shown was asked for', async () => {
    const connection = await addConnection(store);
    await land(connection, START + 86_400_000, { patient: of('C-1') });
    await land(connection, START, { patient: of('C-2') });
    expect((await shown(connection)).chart_number).toBe('C-2');
    // As the release before writes it.
    await store.write((tx) => tx.updateTable('scans').set({ observed_at: null }).execute());
    await land(connection, START - 1, { patient: of('C-3') });
    expect(await shown(connection)).toMatchObject({ chart_number: 'C-3', observed_at: START - 1 });
  });
});
