import { sql } from 'kysely';
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

const PAGE = 50;

/** A clinic of which hints wait. Times in ms since the epoch, by the database's clock. */
export interface WaitingClinic {
  readonly connectionId: string;
  /** When the first of them is, or was, due. */
  readonly dueAt: number;
  /** When the first of those falls due that are not due yet. */
  readonly laterAt: number | null;
}

/**
 * Every clinic of which hints wait. It leaps from clinic to clinic along the index: what it costs grows with their number,
 * not with how many hints one of them has, so that no burst hides the others.
 */
export async function waitingClinics(store: Store, environment: string, now: number): Promise<WaitingClinic[]> {
  const waiting = sql`from hints where environment = ${environment} and state = 'waiting'`;
  const { rows } = await sql<{ id: string; due_at: number; later_at: number | null }>`
    with recursive clinics(id) as (
      select min(connection_id) ${waiting}
      union all
      select (select min(connection_id) ${waiting} and connection_id > clinics.id) from clinics where clinics.id is not null
    )
    select id,
      (select min(next_at) ${waiting} and connection_id = clinics.id) as due_at,
      (select min(next_at) ${waiting} and connection_id = clinics.id and next_at > ${now}) as later_at
    from clinics where id is not null`.execute(store.db);
  return rows.map((row) => ({ connectionId: row.id, dueAt: row.due_at, laterAt: row.later_at }));
}

/**
 * What is due of one clinic, oldest first.
 * @param now by the database's clock (ms) @param but RX ids that are being looked at
 */
export async function dueHints(
  store: Store,
  environment: string,
  connectionId: string,
  now: number,
  but: ReadonlySet<string>,
): Promise<HintGroup[]> {
  let query = store.db
    .selectFrom('hints')
    .select(['id', 'rx_id', 'attempts', 'received_at'])
    .where('environment', '=', environment)
    .where('connection_id', '=', connectionId)
    .where('state', '=', 'waiting')
    .where('next_at', '<=', now);
  if (but.size > 0) query = query.where('rx_id', 'not in', [...but]);
  const rows = await query.orderBy('next_at').limit(PAGE).execute();
  const groups = Map.groupBy(
    rows.toSorted((a, b) => a.id - b.id),
    (row) => row.rx_id,
  );
  return [...groups].flatMap(([rxId, [first, ...others]]) => {
    if (first === undefined) return [];
    const all = [first, ...others];
    return {
      key: `${connectionId}\0${rxId}`,
      connectionId,
      rxId,
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

/** Hints that were answered long ago, and those that wait since then: what they told was listed since. To be run hourly. */
export async function pruneHints(store: Store, before: number): Promise<void> {
  await store.write((tx) =>
    tx.deleteFrom('hints').where('state', '!=', 'waiting').where('received_at', '<', before).execute(),
  );
  await store.write((tx) =>
    tx
      .updateTable('hints')
      .set({ state: 'gone', outcome: 'too_old' })
      .where('state', '=', 'waiting')
      .where('received_at', '<', before)
      .execute(),
  );
}
