/** When upstream is asked for a link that works now. */
import { expect, it } from 'vitest';
import { createCurrentFiles } from '../../../bff/scans/assets/current-file.ts';
import type { LoginRow } from '../../../bff/store/schema.ts';
import { useIntakeStand } from '../intake/intake-stand.ts';
import { asset, order } from '../support/fixtures.ts';

const HOUR = 3_600_000;
const stand = useIntakeStand();

/** A case with its iDE, and how often upstream was asked for it since. */
async function openFile() {
  const world = await stand.open();
  const connection = await stand.connect();
  stand.upstream.orders = [order(connection, { rxId: 'rx-1', assets: [asset('ide'), asset('gallery')] })];
  await stand.keepHints([stand.hint(connection, 'rx-1')]);
  world.intake.start();
  await stand.clock.advance(1000);
  await world.intake.stop();
  const [scan] = await stand.scans();
  if (scan === undefined) throw new Error('the case did not come');
  const files = createCurrentFiles({
    store: stand.store,
    vault: { withToken: (_, call) => call(connection.account_id, {} as LoginRow) },
    align: world.align,
    merge: { merge: () => Promise.resolve({ outcome: 'none', version: null }) },
    clock: stand.clock,
  });
  const before = stand.callsOf('orderByRxId').length;
  return {
    find: (renew = false) => files.find(connection, undefined, scan, 'ide', renew),
    looks: () => stand.callsOf('orderByRxId').length - before,
  };
}

it('parts of one download share a look for half a minute, unless a link failed', async () => {
  const { find, looks } = await openFile();
  expect(await find()).toMatchObject({ name: 'ide' });
  await stand.clock.advance(29_999);
  await find();
  expect(looks()).toBe(1);
  await find(true);
  expect(looks()).toBe(2);
  await stand.clock.advance(30_000);
  await find();
  expect(looks()).toBe(3);
});

it('upstream is asked again when the clock was set back since the last look: its link may be over', async () => {
  const { find, looks } = await openFile();
  await find();
  stand.clock.set(stand.clock.now() - 6 * HOUR);
  await find();
  await find();
  expect(looks()).toBe(2);
});
