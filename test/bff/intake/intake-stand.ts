/** Store, upstream and worlds of one test of the intake, and what is looked at again and again. */
import { afterEach } from 'vitest';
import type { Store } from '../../../bff/store/index.ts';
import type { ConnectionRow, HintTable } from '../../../bff/store/schema.ts';
import { addConnection, handClock, hintRow, openTestStore, START, type HandClock } from '../support/fixtures.ts';
import { openWorld, ScriptedUpstream, type World } from '../support/world.ts';

const HOUR = 3_600_000;
type NewHint = Omit<HintTable, 'id'>;

/** To be called once in a test file. */
export function useIntakeStand() {
  let clock: HandClock;
  let store: Store;
  let upstream: ScriptedUpstream;
  let worlds: World[] = [];
  afterEach(async () => {
    await Promise.all(worlds.map((world) => world.close()));
    worlds = [];
    await store.close();
  });

  async function begin(): Promise<void> {
    clock = handClock();
    store = await openTestStore(clock);
    upstream = new ScriptedUpstream(() => clock.now());
  }

  async function enter(instance?: { skew: number }): Promise<World> {
    const world = await openWorld({ store, clock, upstream, ...(instance !== undefined && { instance }) });
    worlds.push(world);
    return world;
  }

  return {
    get clock() {
      return clock;
    },
    get store() {
      return store;
    },
    get upstream() {
      return upstream;
    },
    open: async (): Promise<World> => {
      await begin();
      return enter();
    },
    /** Several on one store. @param skews how far the clock of each is off the database's (ms) */
    openInstances: async (...skews: number[]): Promise<World[]> => {
      await begin();
      return Promise.all(skews.map((skew) => enter({ skew })));
    },
    /** Another process on the same store; with `instance` one of several. */
    enter,
    /** Those that hang for ever, or died, are not waited for. */
    forget: (...dead: readonly (World | undefined)[]): void => {
      worlds = worlds.filter((world) => !dead.includes(world));
    },
    /** Listed a moment ago, and not again for as long as no round is wanted. */
    connect: async (change: Partial<ConnectionRow> = {}, restFor = 23 * HOUR): Promise<ConnectionRow> => {
      const connection = await addConnection(store, { backfilled_at: START, cursor_at: START, ...change });
      const { environment, account_id } = connection;
      const lease = { holder: null, held_until: 0, last_ended_at: START, not_before: START + restFor };
      await store.write((tx) =>
        tx
          .insertInto('poll_leases')
          .values({ environment, account_id, ...lease })
          .execute(),
      );
      return connection;
    },
    hint: (connection: ConnectionRow, rxId: string): NewHint => hintRow(connection, rxId, clock.now()),
    keepHints: (hints: readonly NewHint[]) => store.write((tx) => tx.insertInto('hints').values(hints).execute()),
    scans: () => store.db.selectFrom('scans').selectAll().orderBy('order_id').execute(),
    row: () => store.db.selectFrom('connections').selectAll().executeTakeFirstOrThrow(),
    hintRows: () => store.db.selectFrom('hints').selectAll().execute(),
    events: async () =>
      (await store.db.selectFrom('events').select('type').orderBy('id').execute()).map(({ type }) => type),
    callsOf: (operation: 'orders' | 'orderByRxId') => upstream.calls.filter((call) => call.operation === operation),
  };
}
