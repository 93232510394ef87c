/** What a practice manager is shown, through the whole BFF against the simulator. */
import { afterEach, expect, it } from 'vitest';
import type { Ledger } from '../../../shared/ledger.ts';
import { VENDOR_KEYS } from '../../support/bff.ts';
import { openStand, type Stand } from '../faults/support/stand.ts';

const OLD = 5;
let stand: Stand;
afterEach(() => stand.close());

async function ledger(): Promise<Ledger> {
  return (await (await stand.bff.call(VENDOR_KEYS.molar, 'GET', '/v1/ledger?tenant=riverside')).json()) as Ledger;
}
async function metric(line: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', stand.bff.url))).text();
  return Number(
    text
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
      ?.slice(line.length),
  );
}

it('adds up: history, told by notification, recovered by our own check, and when it was last checked', async () => {
  stand = await openStand({ cloud: { history: OLD }, timings: { backfillDays: 3650 } });
  for (let count = 0; count < 3; count += 1) await stand.visible(await stand.walkIn());
  stand.cloud.faults.add({ on: 'notification', kind: 'drop', times: 2 });
  const lost = [await stand.walkIn(), await stand.walkIn()];
  expect((await stand.pairing()).ledger).toMatchObject({
    cases: OLD + 3,
    byNotification: 3,
    recovered: 0,
    backfilled: OLD,
  });
  const before = stand.cloud.clock.now();
  await stand.advance(130_000);

  const { ledger: sum, health } = await stand.pairing();
  expect(sum).toMatchObject({
    cases: OLD + 5,
    byNotification: 3,
    recovered: 2,
    backfilled: OLD,
    pending: 0,
    unreadable: 0,
    behind: false,
  });
  expect(Date.parse(health.lastFullCheckAt ?? '')).toBeGreaterThan(before);
  expect(Date.parse(sum.provedUntil ?? '')).toBeGreaterThan(before);

  const { accounts, entries } = await ledger();
  expect(accounts).toMatchObject([{ accountId: '1017', state: 'paired', summary: sum }]);
  const recovered = entries.filter(({ learntBy }) => learntBy === 'poll');
  expect(new Set(recovered.map(({ orderId }) => orderId))).toEqual(new Set(lost));
  for (const { notifiedAt, delaySeconds } of recovered) {
    expect(notifiedAt).toBeNull();
    expect(delaySeconds).toBeGreaterThan(60);
    expect(delaySeconds).toBeLessThanOrEqual(130);
  }
  const told = entries.filter(({ learntBy }) => learntBy === 'notification');
  expect(told.map(({ notifiedAt }) => notifiedAt)).not.toContain(null);

  expect(await metric('itero_versions_total{learnt_by="notification"}')).toBe(3);
  expect(await metric('itero_versions_total{learnt_by="poll"}')).toBe(2);
  expect(await metric('itero_versions_total{learnt_by="backfill"}')).toBe(OLD);
  expect(await metric('itero_version_lateness_seconds_bucket{le="130",learnt_by="poll"}')).toBe(2);
  expect(await metric('itero_version_lateness_seconds_bucket{le="60",learnt_by="poll"}')).toBe(0);
  expect(await metric('itero_polls_total{outcome="complete"}')).toBe(stand.listings().length);
  expect(await metric('itero_accounts_behind')).toBe(0);
});

it('a notification that could not be followed waits, is told, and counts when the poll was faster', async () => {
  stand = await openStand();
  stand.cloud.faults.add({ on: 'getOrderByRxId', kind: 'status', status: 404, times: 'always' });
  const orderId = await stand.walkIn();
  expect((await stand.pairing()).ledger).toMatchObject({ cases: 0, pending: 1 });
  expect(await metric('itero_hints_waiting')).toBe(1);
  await stand.advance(130_000);
  expect((await stand.pairing()).ledger).toMatchObject({ cases: 1, byNotification: 1, recovered: 0 });
  // Unknown to iTero so far, and looked for again later: nothing is overdue.
  expect(await metric('itero_hints_oldest_seconds')).toBe(0);
  const [entry] = (await ledger()).entries;
  expect(entry).toMatchObject({ orderId, learntBy: 'poll' });
  expect(entry?.notifiedAt).not.toBeNull();
  expect((await stand.pairing()).health.callback).toBe('confirmed');
});

it('says that it is behind when no complete listing comes about, and from when on nothing is proved', async () => {
  stand = await openStand();
  await stand.advance(130_000);
  const { provedUntil } = (await stand.pairing()).ledger;
  stand.cloud.faults.add({ on: 'getOrders', kind: 'status', status: 503, times: 'always' });
  await stand.advance(400_000);
  expect((await stand.pairing()).ledger).toMatchObject({ behind: true, provedUntil });
  expect(await metric('itero_accounts_behind')).toBe(1);
  expect(await metric('itero_polls_total{outcome="failed"}')).toBeGreaterThan(0);
});
