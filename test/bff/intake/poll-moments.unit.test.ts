import { describe, expect, it } from 'vitest';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { order, START } from '../support/fixtures.ts';
import { useIntakeStand } from './intake-stand.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const stand = useIntakeStand();
const dated = (connection: ConnectionRow, id: number, modifiedAt: number) =>
  order(connection, { orderId: String(id), rxId: null, modifiedAt });

/** Before this call of Get Orders the order is changed: it moves to the end of what is listed. */
function changeBefore(call: number, orderId: string): void {
  stand.upstream.beforeListing = (number) => {
    if (number !== call) return;
    stand.upstream.beforeListing = () => {};
    stand.upstream.orders = stand.upstream.orders.map((one) =>
      one.orderId === orderId ? { ...one, modifiedAt: START } : one,
    );
  };
}

describe('more orders of one moment than a page holds, say of an import, where one is changed while they are listed', () => {
  it('one that is pulled over the edge of a page comes with the next round, and nothing is proved before', async () => {
    const world = await stand.open();
    const connection = await stand.connect({ cursor_at: START - 3 * HOUR }, 0);
    stand.upstream.pageSize = 2;
    const at = START - 2 * HOUR;
    stand.upstream.orders = [
      ...[1, 2, 3, 4].map((id) => dated(connection, id, at)),
      dated(connection, 5, at + 30 * MINUTE),
      dated(connection, 6, at + HOUR),
    ];
    // The first page of that moment was read by calls 1 and 2.
    changeBefore(3, '1');
    world.intake.start();
    await stand.clock.advance(MINUTE);
    expect((await stand.row()).proved_until).toBeNull();
    await stand.clock.advance(10 * MINUTE);
    expect((await stand.scans()).map(({ order_id }) => order_id)).toEqual(['1', '2', '3', '4', '5', '6']);
    expect((await stand.row()).proved_until).not.toBeNull();
  });

  it('a first listing misses none of them', async () => {
    const world = await stand.open();
    const at = START - 20 * DAY;
    const connection = await stand.connect({ backfilled_at: null, cursor_at: null }, 0);
    stand.upstream.orders = [
      ...Array.from({ length: 250 }, (_, n) => dated(connection, 1000 + n, at)),
      ...Array.from({ length: 100 }, (_, n) => dated(connection, 1300 + n, at + (n + 1) * HOUR)),
    ];
    changeBefore(3, '1005');
    world.intake.start();
    await stand.clock.advance(20 * MINUTE);
    expect(await stand.scans()).toHaveLength(350);
    expect((await stand.row()).proved_until).not.toBeNull();
  });

  it('what is changed of the others makes no round begin at that moment again', async () => {
    const world = await stand.open();
    const at = START - 20 * DAY;
    const connection = await stand.connect({ backfilled_at: null, cursor_at: null }, 0);
    stand.upstream.orders = [
      ...Array.from({ length: 250 }, (_, n) => dated(connection, 1000 + n, at)),
      ...Array.from({ length: 250 }, (_, n) => dated(connection, 1300 + n, at + (n + 1) * HOUR)),
    ];
    // After the pages of that moment, and the first that follows.
    changeBefore(6, '1300');
    world.intake.start();
    await stand.clock.advance(MINUTE);
    const before = stand.callsOf('orders').length;
    await stand.clock.advance(2 * MINUTE);
    expect(stand.callsOf('orders').length - before).toBe(1);
    expect(await stand.scans()).toHaveLength(500);
    expect((await stand.row()).proved_until).not.toBeNull();
  });
});
