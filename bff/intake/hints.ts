import type { Store } from '../store/index.ts';

/** All waiting hints of one RX under one connection: they are answered by one look. */
export interface HintGroup {
  readonly key: string;
  readonly connectionId: string;
  readonly rxId: string;
  /** Those that were stored before the look begins: a later one asks for another look. */
  readonly ids: readonly number[];
  readonly attempts: number;
  /** ms since the epoch. */
  readonly firstReceivedAt: number;
}

const PAGE = 100;
/** So many hints of clinics that are held back do not hide the others. */
const FARTHEST = 2000;

/** What is not to be looked at: clinics that are held back or have their share, and what is being looked at already. */
export interface NotNow {
  readonly connections: ReadonlySet<string>;
  readonly rxIds: ReadonlySet<string>;
}

/** Oldest first, and so that a clinic's burst does not hide the others. @param now by the database's clock (ms) */
export async function dueHints(store: Store, environment: string, now: number, but: NotNow): Promise<HintGroup[]> {
  const oldest = store.db
    .selectFrom('hints')
    .select(['id', 'connection_id', 'rx_id', 'attempts', 'received_at', 'next_at'])
    .where('environment', '=', environment)
    .where('state', '=', 'waiting')
    .where('next_at', '<=', now)
    .orderBy('next_at')
    .orderBy('id')
    // Looking past a burst must not cost what the burst is long: taking notifications in waits for it.
    .limit(but.connections.size > 0 ? FARTHEST : PAGE);
  let query = store.db.selectFrom(oldest.as('oldest')).selectAll();
  if (but.connections.size > 0) query = query.where('connection_id', 'not in', [...but.connections]);
  if (but.rxIds.size > 0) query = query.where('rx_id', 'not in', [...but.rxIds]);
  const rows = await query.orderBy('next_at').orderBy('id').limit(PAGE).execute();
  const groups = Map.groupBy(rows, (row) => `${row.connection_id}\0${row.rx_id}`);
  return [...groups].flatMap(([key, [first, ...others]]) => {
    if (first === undefined) return [];
    const all = [first, ...others];
    return {
      key,
      connectionId: first.connection_id,
      rxId: first.rx_id,
      ids: all.map((row) => row.id),
      attempts: Math.max(...all.map((row) => row.attempts)),
      firstReceivedAt: Math.min(...all.map((row) => row.received_at)),
    };
  });
}

/**
 * Of several instances one looks: its claim moves the time at which the hint is due, so that one which dies leaves it to the
 * others soon.
 * @returns what is left of the group; null: another one has it
 */
export async function claimHints(
  store: Store,
  group: HintGroup,
  now: number,
  until: number,
): Promise<HintGroup | null> {
  const rows = await store.write((tx) =>
    tx
      .updateTable('hints')
      .set({ next_at: until })
      .where('id', 'in', group.ids)
      .where('state', '=', 'waiting')
      .where('next_at', '<=', now)
      .returning('id')
      .execute(),
  );
  return rows.length === 0 ? null : { ...group, ids: rows.map((row) => row.id) };
}

/** When the next hint falls due after `now` (ms since the epoch). */
export async function nextHint(store: Store, environment: string, now: number): Promise<number | null> {
  const row = await store.db
    .selectFrom('hints')
    .select('next_at')
    .where('environment', '=', environment)
    .where('state', '=', 'waiting')
    .where('next_at', '>', now)
    .orderBy('next_at')
    .limit(1)
    .executeTakeFirst();
  return row?.next_at ?? null;
}

export async function closeHints(
  store: Store,
  group: HintGroup,
  state: 'done' | 'gone',
  outcome: string,
): Promise<void> {
  await store.write((tx) => tx.updateTable('hints').set({ state, outcome }).where('id', 'in', group.ids).execute());
}

export async function postponeHints(store: Store, group: HintGroup, until: number, outcome: string): Promise<void> {
  await store.write((tx) =>
    tx
      .updateTable('hints')
      .set({ next_at: until, attempts: group.attempts + 1, outcome })
      .where('id', 'in', group.ids)
      .execute(),
  );
}

/** Hints that were answered long ago. To be run hourly. */
export async function pruneHints(store: Store, before: number): Promise<void> {
  await store.write((tx) =>
    tx.deleteFrom('hints').where('state', '!=', 'waiting').where('received_at', '<', before).execute(),
  );
}
