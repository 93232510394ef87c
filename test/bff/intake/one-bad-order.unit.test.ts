/** Upstream fails for one order, and only for that: neither its case nor the other clinics wait for it without end. */
import { describe, expect, it } from 'vitest';
import { AlignFault } from '../../../bff/align/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { asset, order, START, TIMINGS } from '../support/fixtures.ts';
import type { World } from '../support/world.ts';
import { useIntakeStand } from './intake-stand.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const stand = useIntakeStand();
const { open, connect, hint, keepHints, scans, events, callsOf } = stand;

/** One case without its iDE in each of these clinics, seen at START. */
async function waiting(world: World, clinics: readonly ConnectionRow[]): Promise<void> {
  stand.upstream.orders = clinics.map((clinic, index) =>
    order(clinic, { orderId: `${900 + index}`, rxId: `bad-${index}`, assets: [asset('gallery')] }),
  );
  await keepHints(clinics.map((clinic, index) => hint(clinic, `bad-${index}`)));
  world.intake.start();
  await stand.clock.advance(MINUTE / 2);
  expect((await scans()).map(({ missing_since }) => missing_since)).toEqual(clinics.map(() => START));
}

/** @returns puts it right again */
function failFor(world: World, isBad: (rxId: string) => boolean, kind: AlignFault['kind']): () => void {
  const { orderByRxId } = world.align;
  world.align.orderByRxId = (token, rxId) => {
    if (!isBad(rxId)) return orderByRxId(token, rxId);
    stand.upstream.calls.push({ operation: 'orderByRxId', at: stand.clock.now(), account: token });
    return Promise.reject(new AlignFault(kind, 'getOrderByRxId'));
  };
  return () => (world.align.orderByRxId = orderByRxId);
}

describe('a file of an order for which upstream has no answer', () => {
  it.each([
    ['unavailable', 40],
    ['timeout', 40],
    ['unauthorized', 12],
  ] as const)('(%s) is asked for at most %i times in two hours, and people are told', async (kind, most) => {
    const world = await open();
    world.timings = { ...TIMINGS, recheckFor: 2 * HOUR };
    await waiting(world, [await connect()]);
    const before = callsOf('orderByRxId').length;
    failFor(world, () => true, kind);
    await stand.clock.advance(2 * HOUR + 5 * MINUTE);
    expect(callsOf('orderByRxId').length - before).toBeLessThanOrEqual(most);
    expect(await scans()).toMatchObject([{ recheck_at: null, missing_since: START }]);
    expect(await events()).toContain('scan.asset_missing');
    const all = callsOf('orderByRxId').length;
    await stand.clock.advance(3 * HOUR);
    expect(callsOf('orderByRxId')).toHaveLength(all);
  });

  it('is told as missing soon when a renewed token is refused for it', async () => {
    const world = await open();
    await waiting(world, [await connect()]);
    failFor(world, () => true, 'unauthorized');
    await stand.clock.advance(3 * MINUTE);
    expect(await events()).toContain('scan.asset_missing');
  });

  it('is asked for again after 15 s, and no outage counts as a look', async () => {
    const world = await open();
    await waiting(world, [await connect()]);
    const mend = failFor(world, () => true, 'unavailable');
    await stand.clock.advance(15_000);
    mend();
    await stand.clock.advance(10_000);
    expect(callsOf('orderByRxId').map(({ at }) => at - START)).toEqual([0, 40_000, 55_000]);
    expect(await scans()).toMatchObject([{ recheck_count: 1, missing_told_at: null }]);
    // What was answered in between begins the pauses anew.
    failFor(world, () => true, 'unavailable');
    await stand.clock.advance(40_000);
    const last = callsOf('orderByRxId').slice(-2);
    expect((last[1]?.at ?? 0) - (last[0]?.at ?? 0)).toBe(15_000);
  });
});

it.each([1, 5])('of three clinics holds back nothing of %i others', async (healthy) => {
  const world = await open();
  const bad = [await connect({}, 0), await connect({}, 0), await connect({}, 0)];
  for (let index = 0; index < healthy; index += 1) await connect({}, Math.floor((index * 120_000) / healthy));
  await waiting(world, bad);
  failFor(world, () => true, 'unavailable');
  let down = 0;
  for (let second = 0; second < 1800; second += 3) {
    await stand.clock.advance(3000);
    down += world.intake.upstream().down;
  }
  expect(down).toBe(0);
});
