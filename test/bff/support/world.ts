/** Store, events, merge and intake around a scripted upstream: everything but HTTP, tokens and pairing. */
import {
  AlignFault,
  type AlignTimings,
  type OrderPage,
  type OrderQuery,
  type UpstreamOrder,
} from '../../../bff/align/index.ts';
import { createEventLog } from '../../../bff/events/index.ts';
import { createIntake } from '../../../bff/intake/index.ts';
import type { Clock, Log } from '../../../bff/deps.ts';
import { createMerge, createRechecks } from '../../../bff/scans/index.ts';
import { createQuietAccounts, type QuietAccounts } from '../../../bff/pairing/quiet-accounts.ts';
import type { Store } from '../../../bff/store/index.ts';
import type { ConnectionRow, LoginRow } from '../../../bff/store/schema.ts';
import type { TenantKey } from '../../../bff/tenancy.ts';
import type { Vault } from '../../../bff/vault/vault.ts';
import { handClock, openTestStore, silent, TIMINGS, type HandClock } from './fixtures.ts';

/** The orders of one account as upstream has them; each call is noted, faults are taken from the front of their list. */
export class ScriptedUpstream {
  orders: UpstreamOrder[] = [];
  /** Upstream may serve smaller pages than asked. */
  pageSize = 100;
  readonly calls: { operation: 'orders' | 'orderByRxId'; at: number; page?: number; account: string }[] = [];
  readonly listFaults: (AlignFault | null)[] = [];
  readonly rxFaults: (AlignFault | null)[] = [];
  /** Runs before each listing is answered, with their number: what happens upstream in the meantime. */
  beforeListing: (number: number) => void = () => undefined;
  /** 429 to two listings within so many ms. */
  strictMs = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  list(query: OrderQuery, account: string): OrderPage {
    const at = this.#now();
    const last = this.calls.findLast((call) => call.operation === 'orders' && call.account === account);
    this.calls.push({ operation: 'orders', at, page: query.page, account });
    if (last !== undefined && at - last.at < this.strictMs) throw new AlignFault('rate_limited', 'getOrders');
    const fault = this.listFaults.shift();
    if (fault) throw fault;
    this.beforeListing(this.calls.filter(({ operation }) => operation === 'orders').length);
    const { from = 0, to = Infinity } = query;
    const within = this.orders
      .filter((order) => order.accountId === account && order.modifiedAt >= from && order.modifiedAt <= to)
      .sort((a, b) => a.modifiedAt - b.modifiedAt);
    const size = Math.min(query.pageSize, this.pageSize);
    const orders = within.slice((query.page - 1) * size, query.page * size);
    return { orders, unreadable: [], page: query.page, pageSize: size, total: within.length };
  }

  byRx(rxId: string, account: string): UpstreamOrder {
    this.calls.push({ operation: 'orderByRxId', at: this.#now(), account });
    const fault = this.rxFaults.shift();
    if (fault) throw fault;
    const found = this.orders.find((order) => order.rxId === rxId);
    if (found === undefined) throw new AlignFault('not_found', 'getOrderByRxId');
    return found;
  }
}

export interface World {
  readonly clock: HandClock;
  readonly store: Store;
  readonly upstream: ScriptedUpstream;
  readonly events: ReturnType<typeof createEventLog>;
  readonly intake: ReturnType<typeof createIntake>;
  readonly quiet: QuietAccounts;
  readonly align: {
    environment(): { name: string; livemode: boolean; simulated: boolean; timings: AlignTimings };
    orders: (token: string, query: OrderQuery) => Promise<OrderPage>;
    orderByRxId: (token: string, rxId: string) => Promise<UpstreamOrder>;
  };
  timings: AlignTimings;
  close(): Promise<void>;
}

const TOKEN = 'callback-token';

export async function openWorld(
  options: {
    store?: Store;
    clock?: HandClock;
    upstream?: ScriptedUpstream;
    log?: Log;
    /** One of several instances on `store`, whose clock is the database's; its own is off by so much (ms). */
    instance?: { skew: number };
  } = {},
): Promise<World> {
  const clock = options.clock ?? handClock();
  const own = options.store ?? (await openTestStore(clock));
  const { instance, log = silent } = options;
  const store: Store = instance === undefined ? own : { ...own, shared: true, now: () => Promise.resolve(clock.now()) };
  const mine: Clock =
    instance === undefined
      ? clock
      : {
          now: () => clock.now() + instance.skew,
          after: (ms, task) => clock.after(ms, task),
          sleep: (ms, signal) => clock.sleep(ms, signal),
        };
  const upstream = options.upstream ?? new ScriptedUpstream(() => clock.now());
  const events = createEventLog({ store, clock: mine });
  const byId = async (id: string): Promise<ConnectionRow | null> =>
    (await store.db.selectFrom('connections').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
  const newest = () =>
    store.db.selectFrom('connections').selectAll().orderBy('last_pair_at', 'desc').executeTakeFirst();
  const connections = {
    byId,
    active: async (key: TenantKey) => {
      const row = await store.db
        .selectFrom('connections')
        .selectAll()
        .where('vendor', '=', key.vendor)
        .where('tenant', '=', key.tenant)
        .orderBy('last_pair_at', 'desc')
        .executeTakeFirst();
      return row?.state === 'paired' ? row : null;
    },
    routeCallback: async (token: string) => (token === TOKEN ? ((await newest()) ?? null) : null),
    partnerEnvironment: () => null,
    routePartnerCallback: () => Promise.resolve(null),
    noteNotification: () => Promise.resolve(),
    noteVersionLearnt: () => Promise.resolve(),
  };
  // The token says whose it is.
  const vault: Vault = { withToken: ({ connection }, call) => call(connection.account_id, {} as LoginRow) };
  const world = { timings: TIMINGS };
  const align = {
    environment: () => ({ name: 'sandbox', livemode: false, simulated: false, timings: world.timings }),
    orders: (token: string, query: OrderQuery) => Promise.resolve().then(() => upstream.list(query, token)),
    orderByRxId: (token: string, rxId: string) => Promise.resolve().then(() => upstream.byRx(rxId, token)),
  };
  const merge = createMerge({ store, events, connections, align, clock: mine });
  const rechecks = createRechecks({ store, events, align });
  const random = {
    bytes: (size: number) => crypto.getRandomValues(new Uint8Array(size)),
    fraction: () => Math.random(),
  };
  const quiet = createQuietAccounts(store);
  const intake = createIntake({
    store,
    events,
    connections,
    quiet,
    vault,
    align,
    merge,
    rechecks,
    clock: mine,
    log,
    random,
  });
  return Object.assign(world, {
    clock,
    store,
    upstream,
    events,
    intake,
    quiet,
    align,
    close: async () => {
      await intake.stop();
      if (options.store === undefined) await store.close();
    },
  });
}

export const callbackToken = TOKEN;
