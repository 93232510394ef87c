import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';

/** Ids of connections. */
export type Which = { readonly but: readonly string[] } | { readonly only: readonly string[] };

/** Paired connections whose account may be listed, those that wait longest first. */
export function duePolls(
  store: Store,
  environment: string,
  now: number,
  limit: number,
  which: Which,
): Promise<ConnectionRow[]> {
  let query = paired(store, environment);
  if ('only' in which) query = query.where('connections.id', 'in', which.only);
  else if (which.but.length > 0) query = query.where('connections.id', 'not in', which.but);
  return query
    .selectAll('connections')
    .where((eb) =>
      eb.or([
        eb('poll_leases.account_id', 'is', null),
        eb.and([
          eb('poll_leases.not_before', '<=', now),
          eb.or([eb('poll_leases.holder', 'is', null), eb('poll_leases.held_until', '<=', now)]),
        ]),
      ]),
    )
    .orderBy((eb) => eb.fn.coalesce('poll_leases.not_before', eb.lit(0)))
    .orderBy('connections.id')
    .limit(limit)
    .execute();
}

/** When the next one falls due after `now` (ms, by the database's clock); null: none will. */
export async function nextPoll(store: Store, environment: string, now: number): Promise<number | null> {
  const row = await paired(store, environment)
    .select((eb) =>
      eb.fn
        .min(
          eb
            .case()
            .when(eb.and([eb('holder', 'is not', null), eb('held_until', '>', eb.ref('not_before'))]))
            .then(eb.ref('held_until'))
            .else(eb.ref('not_before'))
            .end(),
        )
        .as('due'),
    )
    .where((eb) =>
      eb.or([eb('not_before', '>', now), eb.and([eb('holder', 'is not', null), eb('held_until', '>', now)])]),
    )
    .executeTakeFirst();
  return row?.due ?? null;
}

function paired(store: Store, environment: string) {
  return store.db
    .selectFrom('connections')
    .leftJoin('poll_leases', (join) =>
      join
        .onRef('poll_leases.environment', '=', 'connections.environment')
        .onRef('poll_leases.account_id', '=', 'connections.account_id'),
    )
    .where('connections.environment', '=', environment)
    .where('connections.state', '=', 'paired');
}
