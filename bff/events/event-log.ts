import type { EventData, EventType } from '../../shared/stream-event.ts';
import type { Clock } from '../deps.ts';
import type { Store, Tx } from '../store/index.ts';
import { toTenantName, type TenantKey, type TenantRef } from '../tenancy.ts';
import { toFrame } from './frame.ts';

export interface EventEntry extends TenantKey {
  readonly type: EventType;
  /** Ids only: no names, no chart numbers, no URLs. */
  readonly data: EventData;
  readonly orderId?: string | undefined;
  readonly requestId?: string | undefined;
  /** Chart numbers whose bound sessions may see it; null or absent: every chart. */
  readonly charts?: readonly string[] | null | undefined;
}

/** An event that is stored, as its readers need it: one serialised frame for all of them. */
export interface CommittedEvent extends TenantKey {
  readonly id: number;
  readonly type: EventType;
  readonly requestId: string | null;
  readonly charts: readonly string[] | null;
  readonly frame: Buffer;
}

export interface EventLog {
  /** Written in the caller's transaction; readers are told after its commit. Ids grow by one per tenant. */
  append(tx: Tx, entry: EventEntry): Promise<void>;
  /**
   * Hears every event of this process, and of no other, after its commit. Per tenant in the order of ids where the store is not
   * shared; where it is, commits of one process may be told in another order. Returns its own removal.
   */
  onCommitted(listener: (event: CommittedEvent) => void): () => void;
  /** Other processes append too: `onElsewhere` and, because a wake-up may be lost, `newest` tell of theirs. */
  readonly shared: boolean;
  /** Hears that another process committed for the tenant of this name (`toTenantName`); null: for one that is not known. */
  onElsewhere(listener: (tenant: string | null) => void): () => void;
  /** Stored events after `position`, oldest first. */
  after(tenant: TenantRef, position: number, limit: number): Promise<CommittedEvent[]>;
  /** The newest id, and the id up to which retention removed events; zeros for a tenant without events. */
  bounds(tenant: TenantRef): Promise<{ last: number; prunedTo: number }>;
  /** The newest id of each of these tenants, in few queries by primary key. */
  newest(tenants: readonly TenantRef[]): Promise<(TenantRef & { last: number })[]>;
}

const TOPIC = 'events';
/** The store drops longer topics. */
const LONGEST_TOPIC = 200;
/** Placeholders in one statement: far below what SQLite and PostgreSQL take. */
const TENANTS_AT_ONCE = 2000;

export function createEventLog(parts: { store: Store; clock: Clock }): EventLog {
  const { store, clock } = parts;
  const listeners = new Set<(event: CommittedEvent) => void>();

  /** After the commit, outside of the transaction; what is committed together is told together (the store sees to it). */
  function wakeOthers(tenant: TenantRef): void {
    const topic = `${TOPIC}:${toTenantName(tenant)}`;
    store.wake(topic.length <= LONGEST_TOPIC ? topic : TOPIC);
  }

  return {
    shared: store.shared,

    async append(tx, entry) {
      const { vendor, tenant, environment, type } = entry;
      // The counter row is taken in the same transaction: ids are committed in their own order, so a cursor skips none.
      const { last_id: id } = await tx
        .insertInto('event_counters')
        .values({ vendor, tenant, last_id: 1, pruned_to: 0 })
        .onConflict((conflict) =>
          conflict
            .columns(['vendor', 'tenant'])
            .doUpdateSet((eb) => ({ last_id: eb('event_counters.last_id', '+', 1) })),
        )
        .returning('last_id')
        .executeTakeFirstOrThrow();
      const data = JSON.stringify(entry.data);
      const charts = entry.charts ?? null;
      const requestId = entry.requestId ?? null;
      await tx
        .insertInto('events')
        .values({
          vendor,
          tenant,
          id,
          environment,
          type,
          data,
          order_id: entry.orderId ?? null,
          request_id: requestId,
          charts: charts === null ? null : JSON.stringify(charts),
          created_at: clock.now(),
        })
        .execute();
      store.afterCommit(tx, () => {
        const event = { vendor, tenant, environment, id, type, requestId, charts, frame: toFrame(id, type, data) };
        for (const listener of listeners) listener(event);
        if (store.shared) wakeOthers(event);
      });
    },

    onCommitted(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    onElsewhere: (listener) =>
      store.onWake((topic) => {
        if (topic === TOPIC) listener(null);
        else if (topic.startsWith(`${TOPIC}:`)) listener(topic.slice(TOPIC.length + 1));
      }),

    async after({ vendor, tenant }, position, limit) {
      const rows = await store.db
        .selectFrom('events')
        .select(['id', 'environment', 'type', 'data', 'request_id', 'charts'])
        .where('vendor', '=', vendor)
        .where('tenant', '=', tenant)
        .where('id', '>', position)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        vendor,
        tenant,
        environment: row.environment,
        id: row.id,
        type: row.type as EventType,
        requestId: row.request_id,
        charts: row.charts === null ? null : (JSON.parse(row.charts) as string[]),
        frame: toFrame(row.id, row.type, row.data),
      }));
    },

    async bounds({ vendor, tenant }) {
      const row = await store.db
        .selectFrom('event_counters')
        .select(['last_id', 'pruned_to'])
        .where('vendor', '=', vendor)
        .where('tenant', '=', tenant)
        .executeTakeFirst();
      return { last: row?.last_id ?? 0, prunedTo: row?.pruned_to ?? 0 };
    },

    async newest(tenants) {
      const found: (TenantRef & { last: number })[] = [];
      for (const [vendor, names] of byVendor(tenants)) {
        for (let from = 0; from < names.length; from += TENANTS_AT_ONCE) {
          const rows = await store.db
            .selectFrom('event_counters')
            .select(['vendor', 'tenant', 'last_id as last'])
            .where('vendor', '=', vendor)
            .where('tenant', 'in', names.slice(from, from + TENANTS_AT_ONCE))
            .execute();
          found.push(...rows);
        }
      }
      return found;
    },
  };
}

function byVendor(tenants: readonly TenantRef[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { vendor, tenant } of tenants) {
    const known = names.get(vendor);
    if (known === undefined) names.set(vendor, [tenant]);
    else known.push(tenant);
  }
  return names;
}
