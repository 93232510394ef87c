import { describe, expect, it } from 'vitest';
import { AlignFault } from '../../../bff/align/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { order, START } from '../support/fixtures.ts';
import { useIntakeStand } from './intake-stand.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const ASKED_FOR = 10 * MINUTE;
const stand = useIntakeStand();
const { connect, hint, keepHints, callsOf } = stand;
const leaveAlone = (operation: string): AlignFault =>
  new AlignFault('rate_limited', operation, { retryAfterMs: ASKED_FOR });
const fourOrders = (connection: ConnectionRow) =>
  [0, 1, 2, 3].map((n) =>
    order(connection, { orderId: String(100 + n), rxId: `rx-${n}`, modifiedAt: START + n * SECOND }),
  );

describe('upstream asks to leave an account alone for ten minutes (Retry-After)', () => {
  it('and is, though a round that had begun before ends after that', async () => {
    const [first, second] = await stand.openInstances(0, 0);
    if (first === undefined || second === undefined) throw new Error('two instances were wanted');
    const connection = await connect({}, 0);
    const list = first.align.orders;
    first.align.orders = async (token, query) => {
      const page = await list(token, query);
      await stand.clock.sleep(3 * SECOND);
      return page;
    };
    first.intake.start();
    await stand.clock.advance(SECOND / 2);
    stand.upstream.rxFaults.push(leaveAlone('getOrderByRxId'));
    await keepHints([hint(connection, 'rx-1')]);
    second.intake.start();
    await stand.clock.advance(SECOND / 2);
    expect(callsOf('orderByRxId')).toHaveLength(1);
    const told = stand.clock.now();
    await stand.clock.advance(ASKED_FOR - MINUTE);
    expect(stand.upstream.calls.filter(({ at }) => at > told)).toEqual([]);
    await stand.clock.advance(2 * MINUTE);
    expect(callsOf('orders').filter(({ at }) => at > told)).not.toEqual([]);
  });

  it.each(['another instance', 'the process after a restart'])(
    'and is by %s, also where a new notification comes',
    async (who) => {
      const [first] = await stand.openInstances(0);
      const connection = await connect();
      stand.upstream.rxFaults.push(leaveAlone('getOrderByRxId'));
      await keepHints([hint(connection, 'rx-1')]);
      first?.intake.start();
      await stand.clock.advance(SECOND);
      if (who !== 'another instance') await first?.intake.stop();
      const second = await stand.enter({ skew: 0 });
      second.intake.start();
      stand.upstream.orders = [order(connection, { rxId: 'rx-2' })];
      await keepHints([hint(connection, 'rx-2')]);
      await stand.clock.advance(ASKED_FOR - MINUTE);
      expect(callsOf('orderByRxId')).toHaveLength(1);
      await stand.clock.advance(2 * MINUTE);
      expect(await stand.scans()).toHaveLength(1);
    },
  );

  it('and is by a round between two of its pages, told so by a look', async () => {
    const world = await stand.open();
    const connection = await connect({}, 0);
    world.timings = { ...world.timings, pageSpacing: 2 * MINUTE };
    stand.upstream.pageSize = 1;
    stand.upstream.orders = fourOrders(connection);
    world.intake.start();
    await stand.clock.advance(SECOND);
    stand.upstream.rxFaults.push(leaveAlone('getOrderByRxId'));
    await keepHints([hint(connection, 'rx-9')]);
    await stand.clock.advance(30 * SECOND);
    expect(callsOf('orderByRxId')).toHaveLength(1);
    await stand.clock.advance(ASKED_FOR - MINUTE);
    expect(callsOf('orders')).toHaveLength(1);
    await stand.clock.advance(20 * MINUTE);
    expect(await stand.scans()).toHaveLength(4);
  });

  it('and is by looks, told so in the middle of a round', async () => {
    const world = await stand.open();
    const connection = await connect({}, 0);
    stand.upstream.pageSize = 1;
    stand.upstream.orders = fourOrders(connection);
    stand.upstream.listFaults.push(null, leaveAlone('getOrders'));
    world.intake.start();
    await stand.clock.advance(SECOND);
    expect(callsOf('orders')).toHaveLength(2);
    await keepHints([hint(connection, 'rx-9')]);
    await stand.clock.advance(ASKED_FOR - MINUTE);
    expect(callsOf('orderByRxId')).toEqual([]);
    await stand.clock.advance(2 * MINUTE);
    expect(callsOf('orderByRxId')).not.toEqual([]);
  });

  it('which a shorter wish of later does not end', async () => {
    const world = await stand.open();
    const connection = await connect();
    await world.quiet.keep(connection, ASKED_FOR);
    const other = await stand.enter({ skew: 0 });
    await other.quiet.keep(connection, MINUTE);
    expect(await world.quiet.left(connection)).toBe(ASKED_FOR);
    expect([...(await other.quiet.connections(connection.environment, START))]).toEqual([
      [connection.id, START + ASKED_FOR],
    ]);
    expect(await other.quiet.connections(connection.environment, START + ASKED_FOR)).toEqual(new Map());
  });
});
