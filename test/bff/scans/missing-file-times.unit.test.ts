/** Missing files are looked for by the database's clock, whatever the instance's own says. */
import { describe, expect, it } from 'vitest';
import { createMerge } from '../../../bff/scans/index.ts';
import { NOTHING_MISSING, planNextLook, type MissingState } from '../../../bff/scans/missing-files.ts';
import { LEARNT_BY } from '../../../shared/scan.ts';
import { asset, order, START } from '../support/fixtures.ts';
import { useIntakeStand } from '../intake/intake-stand.ts';

const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
const stand = useIntakeStand();
const looks = () => stand.callsOf('orderByRxId').map(({ at }) => at - START);

it.each([
  ['right', 0],
  ['ten minutes behind', -10 * MINUTE],
  ['ten minutes ahead', 10 * MINUTE],
])('an instance whose clock is %s looks after 40 s and 80 s, and tells people then', async (_, skew) => {
  const [world] = await stand.openInstances(skew);
  const connection = await stand.connect();
  stand.upstream.orders = [order(connection, { rxId: 'rx-1', assets: [asset('gallery')] })];
  await stand.keepHints([stand.hint(connection, 'rx-1')]);
  world?.intake.start();
  await stand.clock.advance(39 * SECOND);
  expect(looks()).toEqual([0]);
  await stand.clock.advance(40 * SECOND);
  expect(looks()).toEqual([0, 40 * SECOND]);
  expect(await stand.events()).toEqual(['scan.received']);
  await stand.clock.advance(2 * SECOND);
  expect(looks()).toEqual([0, 40 * SECOND, 80 * SECOND]);
  expect(await stand.events()).toEqual(['scan.received', 'scan.asset_missing']);
  expect(await stand.scans()).toMatchObject([{ missing_since: START, missing_told_at: START + 80 * SECOND }]);
});

describe('a case that was changed upstream longer ago than a file is looked for', () => {
  /** Connected ten days ago, and nobody could list for five. */
  const connectedAt = { created_at: START - 10 * DAY, last_pair_at: START - 10 * DAY, backfilled_at: START - 10 * DAY };
  const halted = { ...connectedAt, cursor_at: START - 5 * DAY, last_sweep_at: START };
  const changedAt = START - 4 * DAY;

  it('is looked for like any other, when a poll finds it after a long gap', async () => {
    const world = await stand.open();
    const connection = await stand.connect(halted, 0);
    const late = order(connection, { rxId: 'rx-1', modifiedAt: changedAt, assets: [asset('gallery', changedAt)] });
    const newest = order(connection, { orderId: '2', rxId: 'rx-2', modifiedAt: START - MINUTE });
    stand.upstream.orders = [late, newest];
    world.intake.start();
    await stand.clock.advance(45 * SECOND);
    expect(await stand.scans()).toMatchObject([{ missing_told_at: null }, { order_id: '2' }]);
    // The file comes; upstream leaves the order's own time as it was, and the notification is lost.
    const whole = { ...late, assets: [...late.assets, asset('ide', START + MINUTE)] };
    stand.upstream.orders = [whole, newest];
    await stand.clock.advance(45 * SECOND);
    expect(looks()).toEqual([40 * SECOND, 80 * SECOND]);
    expect((await stand.scans())[0]).toMatchObject({ missing_since: null });
    const found = ['scan.received', 'scan.received', 'scan.updated', 'scan.asset_ready'];
    expect(await stand.events()).toEqual(found);
  });

  it.each(LEARNT_BY.filter((learntBy) => learntBy !== 'backfill'))(
    'is looked for during three days when it is learnt by %s, as any other',
    async (learntBy) => {
      const world = await stand.open();
      const connection = await stand.connect();
      const late = order(connection, { modifiedAt: changedAt, assets: [asset('gallery', changedAt)] });
      const { store, clock } = stand;
      const { events, align } = world;
      const connections = { noteVersionLearnt: () => Promise.resolve() };
      await createMerge({ store, events, connections, align, clock }).merge({ connection, order: late, learntBy });
      const [scan] = await stand.scans();
      let wait: MissingState = scan ?? NOTHING_MISSING;
      const looksAt: number[] = [];
      while (wait.recheck_at !== null) {
        looksAt.push(wait.recheck_at - START);
        wait = planNextLook(wait, wait.recheck_at, world.timings);
      }
      expect(looksAt.slice(0, 2)).toEqual([40 * SECOND, 80 * SECOND]);
      expect(looksAt.at(-1)).toBeGreaterThan(3 * DAY - HOUR);
      expect(looksAt.at(-1)).toBeLessThanOrEqual(3 * DAY);
      expect(wait).toMatchObject({ missing_since: START, missing_told_at: START + 80 * SECOND });
    },
  );

  it('is not looked for where it is history: nobody waits for it', async () => {
    const world = await stand.open();
    const connection = await stand.connect({ backfilled_at: null, cursor_at: null }, 0);
    stand.upstream.orders = [
      order(connection, { rxId: 'rx-1', modifiedAt: changedAt, assets: [asset('gallery', changedAt)] }),
    ];
    world.intake.start();
    await stand.clock.advance(10 * MINUTE);
    expect(await stand.scans()).toMatchObject([{ learnt_by: 'backfill', missing_since: changedAt, recheck_at: null }]);
    expect(looks()).toEqual([]);
  });
});
