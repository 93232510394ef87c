/** A clinic was connected to another account: what still comes of the former one is kept, and told to nobody who could not open it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UpstreamOrder } from '../../../bff/align/index.ts';
import { createEventLog } from '../../../bff/events/index.ts';
import { createPartnerCallbacks } from '../../../bff/pairing/callback-partner.ts';
import { createCallbackTokens } from '../../../bff/pairing/callback-tokens.ts';
import { createConnections, type Connections } from '../../../bff/pairing/connections.ts';
import { findScan } from '../../../bff/scans/find-scan.ts';
import { createMerge, createRechecks, type Merge, type Rechecks } from '../../../bff/scans/index.ts';
import type { Store } from '../../../bff/store/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import fc from '../../support/fast-check.ts';
import { useIntakeStand } from '../intake/intake-stand.ts';
import { addConnection, asset, environment, handClock, openTestStore, order, START } from '../support/fixtures.ts';
import { requestRow } from './request-row.ts';

const SECOND = 1000;

describe('an answer that is on its way while the clinic changes its account', () => {
  const stand = useIntakeStand();

  /** A case of the former account, whose order is read at once and takes 5 s to land. */
  async function askBefore(change: (former: ConnectionRow) => Promise<unknown>): Promise<void> {
    const world = await stand.open();
    const former = await stand.connect();
    stand.upstream.orders = [order(former, { rxId: 'rx-1' })];
    const { orderByRxId } = world.align;
    world.align.orderByRxId = async (...call) => {
      const read = await orderByRxId(...call);
      await stand.clock.sleep(5 * SECOND);
      return read;
    };
    await stand.keepHints([stand.hint(former, 'rx-1')]);
    world.intake.start();
    await stand.clock.advance(SECOND);
    await stand.store.write((tx) =>
      tx.updateTable('connections').set({ state: 'unpaired', ended_at: START }).where('id', '=', former.id).execute(),
    );
    await change(former);
    await stand.clock.advance(10 * SECOND);
    expect(await stand.scans()).toMatchObject([{ account_id: former.account_id, learnt_by: 'notification' }]);
  }

  it('is kept, and tells nobody of a case that they cannot open', async () => {
    await askBefore(({ tenant }) => stand.connect({ tenant, account_id: '9999', last_pair_at: START + SECOND }));
    expect(await stand.events()).toEqual([]);
  });

  it('is told while the clinic is only un-paired: its list still shows the case', async () => {
    await askBefore(() => Promise.resolve());
    expect(await stand.events()).toEqual(['scan.received']);
  });
});

describe('the cases of an account', () => {
  const clock = handClock();
  let store: Store;
  let merge: Merge;
  let rechecks: Rechecks;
  let connections: Connections;
  beforeAll(async () => {
    store = await openTestStore(clock);
    const events = createEventLog({ store, clock });
    const random = { bytes: (size: number) => new Uint8Array(size), fraction: () => 0 };
    connections = createConnections({
      store,
      clock,
      callbackTokens: createCallbackTokens({ store, clock, random }),
      partnerCallbacks: createPartnerCallbacks(() => ({})),
      repairCallback: () => Promise.resolve(),
    });
    merge = createMerge({ store, events, connections, align: { environment }, clock });
    rechecks = createRechecks({ store, events, align: { environment } });
  });
  afterAll(() => store.close());

  const eventsOf = async ({ tenant }: ConnectionRow) =>
    (await store.db.selectFrom('events').select('type').where('tenant', '=', tenant).orderBy('id').execute()).map(
      ({ type }) => type,
    );
  const scansOf = ({ tenant }: ConnectionRow) =>
    store.db.selectFrom('scans').selectAll().where('tenant', '=', tenant).execute();
  const see = (connection: ConnectionRow, change: Partial<UpstreamOrder> = {}) =>
    merge.merge({ connection, order: order(connection, change), learntBy: 'poll' });
  const opens = ({ vendor, tenant, environment: name }: ConnectionRow, orderId: string): Promise<boolean> =>
    findScan(store.db, connections, { vendor, tenant, environment: name, userId: 'u1', chart: null }, orderId).then(
      () => true,
      () => false,
    );

  const disconnect = (connection: ConnectionRow) =>
    store.write(
      (tx) => tx.updateTable('connections').set({ state: 'unpaired' }).where('id', '=', connection.id).execute(),
      connection,
    );

  /** @returns the connection to the former account, with what was told until then */
  async function moveAway(before: (former: ConnectionRow) => Promise<unknown>) {
    const former = await addConnection(store);
    await before(former);
    const told = await eventsOf(former);
    await disconnect(former);
    await addConnection(store, { tenant: former.tenant, last_pair_at: START + 1 });
    return { former, told };
  }

  it('are told of exactly where a GET shows them, however the clinic was connected before and since', async () => {
    const ends = fc.record({ state: fc.constantFrom('unpaired' as const, 'lost' as const), other: fc.boolean() });
    const connected = fc.option(fc.constantFrom('paired' as const, 'needs_login' as const));
    await fc.assert(
      fc.asyncProperty(
        fc.array(ends, { minLength: 1, maxLength: 4 }),
        connected,
        fc.nat(4),
        async (former, now, at) => {
          const { tenant } = await addConnection(store, { state: 'unpaired', last_pair_at: START });
          const rows: ConnectionRow[] = [];
          for (const [index, { state, other }] of former.entries()) {
            const name = other ? 'production' : 'sandbox';
            rows.push(
              await addConnection(store, { tenant, environment: name, state, last_pair_at: START + 10 + index }),
            );
          }
          // The one that stands counts, also where another was paired later.
          if (now !== null)
            rows.push(await addConnection(store, { tenant, state: now, last_pair_at: START + 5 + at * 3 }));
          for (const [index, row] of rows.entries()) {
            const orderId = String(index + 1);
            const before = await eventsOf(row);
            await see(row, { orderId });
            const told = (await eventsOf(row)).slice(before.length);
            expect(told).toEqual((await opens(row, orderId)) ? ['scan.received'] : []);
          }
          expect(await scansOf(rows[0] as ConnectionRow)).toHaveLength(rows.length);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('are told of no more by a merge that waited for the turn in which the clinic was connected elsewhere', async () => {
    const former = await addConnection(store);
    await Promise.all([
      store.write(async (tx) => {
        await tx.updateTable('connections').set({ state: 'unpaired' }).where('id', '=', former.id).execute();
        const other = { ...former, id: `${former.id}-other`, account_id: `${former.account_id}9` };
        await tx.insertInto('connections').values(other).execute();
      }, former),
      see(former),
    ]);
    expect(await eventsOf(former)).toEqual([]);
    expect(await scansOf(former)).toHaveLength(1);
  });

  it('change, leave a patient and get their files in silence', async () => {
    const { former, told } = await moveAway((connection) => see(connection, { assets: [asset('gallery')] }));
    await see(former, {
      patient: { firstName: 'Ann', lastName: 'Bee', chartNumber: 'C-2' },
      assets: [asset('gallery')],
    });
    await see(former, { assets: [asset('gallery'), asset('ide', START + SECOND)] });
    expect(await eventsOf(former)).toEqual(told);
    expect(await scansOf(former)).toMatchObject([{ chart_number: 'C-1', version_number: 2, missing_since: null }]);
  });

  it('are looked for and given up in silence, also those without an RX, which no loop asks for', async () => {
    const { former, told } = await moveAway((connection) => see(connection, { assets: [asset('gallery')] }));
    for (const after of [40, 80]) {
      clock.set(START + after * SECOND);
      const [scan] = await scansOf(former);
      if (scan !== undefined) await rechecks.noteStillMissing(scan);
    }
    clock.set(START);
    expect(await scansOf(former)).toMatchObject([{ recheck_count: 2, missing_told_at: START + 80 * SECOND }]);
    expect(await eventsOf(former)).toEqual(told);
  });

  it('are offered to the requests of their account in silence', async () => {
    const { former, told } = await moveAway((connection) => {
      const request = requestRow(connection, { state: 'unconfirmed', rx_id: null });
      return store.write((tx) => tx.insertInto('scan_requests').values(request).execute());
    });
    await see(former, { rxId: 'rx-9' });
    const requests = await store.db
      .selectFrom('scan_requests')
      .select('possible_order_id')
      .where('tenant', '=', former.tenant)
      .execute();
    expect(requests).toEqual([{ possible_order_id: '100000001' }]);
    expect(await eventsOf(former)).toEqual(told);
  });

  it('are told of again once the clinic is back', async () => {
    const { former } = await moveAway(() => Promise.resolve());
    await see(former);
    await store.write(async (tx) => {
      await tx.updateTable('connections').set({ state: 'unpaired' }).where('tenant', '=', former.tenant).execute();
      const again = { state: 'paired', last_pair_at: START + 2 } as const;
      await tx.updateTable('connections').set(again).where('id', '=', former.id).execute();
    });
    expect(await opens(former, '100000001')).toBe(true);
    await see(former, { modifiedAt: START + 1 });
    expect(await eventsOf(former)).toEqual(['scan.updated']);
  });
});
