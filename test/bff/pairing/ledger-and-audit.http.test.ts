import { afterEach, beforeEach, expect, it } from 'vitest';
import { createMerge } from '../../../bff/scans/index.ts';
import { order, START } from '../support/fixtures.ts';
import { ADAMS, createPairingStand, type PairingStand } from './stand.ts';

let stand: PairingStand;
beforeEach(async () => {
  stand = await createPairingStand();
});
afterEach(() => stand.close());

it('sums the ledger up for the account that is connected, each case once', async () => {
  const ann = await stand.person('ann');
  await ann.pair(ADAMS, '1017');
  const connection = await stand.connections.requireActive(ann.key);
  const align = stand.upstream.align;
  const merge = createMerge({ ...stand, align, onGallery: () => undefined });
  const learn = (orderId: string, learntBy: 'notification' | 'poll' | 'recheck' | 'backfill', status = 'Completed') => {
    const modifiedAt = START + Number(orderId) + (status === 'Completed' ? 0 : 1000);
    return merge.merge({ connection, order: order(connection, { orderId, status, modifiedAt }), learntBy });
  };
  expect((await ann.pairing()).ledger).toEqual({
    cases: 0,
    byNotification: 0,
    recovered: 0,
    backfilled: 0,
    waiting: 0,
    pending: 0,
    unreadable: 0,
    provedUntil: null,
    behind: false,
  });
  await learn('1', 'notification');
  await learn('1', 'poll', 'Lab Review');
  await learn('2', 'recheck');
  await learn('3', 'notification');
  expect((await ann.pairing()).ledger).toMatchObject({ cases: 3, byNotification: 1, recovered: 2, backfilled: 0 });
  await ann.unpair();
  expect((await ann.pairing()).ledger.cases).toBe(3);
  await ann.pair(ADAMS, '1023');
  expect((await ann.pairing()).ledger.cases).toBe(0);
});

it('writes who paired, un-paired, signed in and out into the audit log, by ids alone', async () => {
  const ann = await stand.person('ann');
  await ann.pair(ADAMS, '1017');
  await ann.signOut();
  await ann.pair(ADAMS, '1017');
  await ann.unpair();
  const rows = await stand.store.db.selectFrom('audit').selectAll().orderBy('id').execute();
  expect(
    rows
      .filter(({ action }) => action.startsWith('pairing'))
      .map((row) => [row.action, row.user_id, row.subject, row.outcome]),
  ).toEqual([
    ['pairing.sign_in', 'ann', null, 'ok'],
    ['pairing.paired', 'ann', '1017', 'ok'],
    ['pairing.signed_out', 'ann', '1017', 'ok'],
    ['pairing.sign_in', 'ann', null, 'ok'],
    ['pairing.paired', 'ann', '1017', 'ok'],
    ['pairing.unpaired', 'ann', '1017', 'ok'],
  ]);
});
