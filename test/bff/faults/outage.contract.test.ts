/** Upstream is away as a whole: nobody storms it, nothing is lost, people are told, and all goes on when it is back. */
import { afterEach, expect, it } from 'vitest';
import type { Clinic } from '../../support/bff.ts';
import { openStand, smallestGap, tellsEachVersionOnce, type Stand } from './support/stand.ts';

let stand: Stand;
afterEach(() => stand.close());

const CLINICS: readonly (readonly [Clinic, number])[] = [
  ['riverside', 1017],
  ['lakeview', 1042],
  ['namesake', 1023],
];
const problemOf = async (clinic: Clinic): Promise<string | null> => (await stand.pairing(clinic)).health.problem;
const said = (text: string): number => stand.lines.filter((line) => line.includes(text)).length;
const background = (): number => stand.countOf('getOrders') + stand.countOf('getOrderByRxId');

it('holds background calls back but for a probe, says so once, keeps notifications, and follows them when it is over', async () => {
  stand = await openStand({ paired: false });
  for (const [clinic] of CLINICS) await stand.pair(clinic);
  await stand.advance(10_000);
  const away = [
    stand.cloud.faults.add({ on: 'getOrders', kind: 'status', status: 503, times: 'always' }),
    stand.cloud.faults.add({ on: 'getOrderByRxId', kind: 'reset', times: 'always' }),
  ];
  const orders = new Map<Clinic, string[]>();
  for (let times = 0; times < 6; times += 1) {
    for (const [clinic, companyId] of CLINICS) {
      const made = await stand.perform({ do: 'scan-without-rx', companyId });
      orders.set(clinic, [...(orders.get(clinic) ?? []), String(made.orderId)]);
    }
  }
  const before = background();
  await stand.advance(1_800_000);
  // Half an hour, three clinics, 18 notifications: a probe every two minutes or so is all.
  expect(background() - before).toBeLessThan(40);
  expect(said('all background calls are held back')).toBe(1);
  for (const [clinic] of CLINICS) expect(await problemOf(clinic)).toBe('upstream_unavailable');
  expect((await stand.pairing()).ledger.pending).toBe(6);
  expect(smallestGap(stand.listings())).toBeGreaterThanOrEqual(120_000);
  const figures = await (await fetch(new URL('/metrics', stand.bff.url))).text();
  expect(figures).toMatch(/^itero_upstream_down 1$/m);

  for (const { id } of away) stand.cloud.faults.remove(id);
  // The longest pause, and one round.
  await stand.advance(150_000 + 126_000);
  for (const [clinic] of CLINICS) {
    const { items } = await stand.list({}, clinic);
    expect(items.map(({ orderId }) => orderId).sort()).toEqual(orders.get(clinic)?.sort());
    expect(await problemOf(clinic)).toBeNull();
  }
  expect(said('upstream answers again')).toBe(1);
  expect((await tellsEachVersionOnce(stand)).twice).toBe(0);
});

it('for one clinic alone leaves the others as they are', async () => {
  stand = await openStand({ paired: false });
  for (const [clinic] of CLINICS) await stand.pair(clinic);
  await stand.advance(10_000);
  stand.cloud.faults.add({ on: 'getOrderByRxId', kind: 'status', status: 503, times: 'always', companyId: 1017 });
  for (let times = 0; times < 8; times += 1) await stand.perform({ do: 'scan-without-rx', companyId: 1017 });
  await stand.advance(20_000);
  const told = await stand.perform({ do: 'scan-without-rx', companyId: 1042 });
  const [item] = (await stand.list({}, 'lakeview')).items;
  expect(item).toMatchObject({ orderId: String(told.orderId), learntBy: 'notification' });
  expect(said('calls for a clinic are held back')).toBe(1);
  // Its rounds go on, and bring the cases all the same.
  await stand.advance(126_000);
  expect((await stand.list()).total).toBe(8);
  expect(await problemOf('lakeview')).toBeNull();
});

it('with a time that upstream names is left alone until then, to the second, by rounds and looks alike', async () => {
  stand = await openStand();
  stand.cloud.faults.add({ on: 'getOrderByRxId', kind: 'status', status: 429, retryAfter: 400 });
  await stand.walkIn();
  const asked = stand.cloud.clock.now();
  const before = background();
  await stand.advance(399_000);
  expect(background()).toBe(before);
  await stand.advance(2000);
  expect(background()).toBeGreaterThan(before);
  const next = stand.cloud.calls().filter(({ at, point }) => at > asked && point.startsWith('getOrder'));
  expect(Math.min(...next.map(({ at }) => at))).toBeGreaterThanOrEqual(asked + 400_000);
});
