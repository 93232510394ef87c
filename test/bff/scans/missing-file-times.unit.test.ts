/** Missing files are looked for by the database's clock, whatever the instance's own says. */
import { expect, it } from 'vitest';
import { asset, order, START } from '../support/fixtures.ts';
import { useIntakeStand } from '../intake/intake-stand.ts';

const SECOND = 1000;
const MINUTE = 60_000;
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
