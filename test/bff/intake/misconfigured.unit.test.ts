/** A setting of ours is wrong: somebody is told which, and nobody that iTero is away. */
import { afterEach, expect, it } from 'vitest';
import { AlignFault } from '../../../bff/align/index.ts';
import { createLedgerFigures } from '../../../bff/ledger/figures.ts';
import type { Store } from '../../../bff/store/index.ts';
import { addConnection, environment, handClock, openTestStore, silent } from '../support/fixtures.ts';
import { openWorld, ScriptedUpstream, type World } from '../support/world.ts';

let store: Store;
let world: World;
afterEach(async () => {
  await world.close();
  await store.close();
});

it.each([
  ['not_configured', 'clientSecret'],
  ['not_configured', 'encryptionKeys'],
  ['host_refused', 'files.elsewhere.example'],
] as const)('%s (%s) is told in pairing, log and figures, until it is mended', async (kind, property) => {
  const clock = handClock();
  store = await openTestStore(clock);
  const upstream = new ScriptedUpstream(() => clock.now());
  const warned: object[] = [];
  const log = { ...silent, warn: (fields: object) => void warned.push(fields), child: () => log };
  world = await openWorld({ store, clock, upstream, log });
  const connection = await addConnection(store);
  const problem = async () =>
    (await store.db.selectFrom('connections').select('problem').executeTakeFirstOrThrow()).problem;
  const figures = createLedgerFigures({ store, align: { environment }, clock });
  const failing = figures.find(({ name }) => name === 'itero_accounts_failing');

  upstream.listFaults.push(new AlignFault(kind, 'getOrders', { property }));
  world.intake.start();
  await clock.advance(1000);
  expect(await problem()).toBe('service_misconfigured');
  expect(await failing?.read()).toEqual({ service_misconfigured: 1 });
  expect(warned).toEqual([{ connection: connection.id, problem: 'service_misconfigured', property }]);

  await clock.advance(130_000);
  expect(await problem()).toBeNull();
  expect(await failing?.read()).toEqual({ service_misconfigured: 0 });
});
