import { sql } from 'kysely';
import { CALLBACK_STATES } from '../../shared/pairing.ts';
import type { AlignPort } from '../align/index.ts';
import type { Clock, Figure } from '../deps.ts';
import type { Store } from '../store/index.ts';
import { FIRST_LISTING_MS, overdueAfter } from './summary.ts';

const STATES = ['paired', 'needs_login', 'lost', 'unpaired'] as const;

/**
 * How the deployment stands, read from the database: with a shared store every instance tells the same, so these are not to
 * be added up over instances. Of the active environment; connections that were replaced by a newer one count as un-paired.
 */
export function createLedgerFigures(parts: {
  store: Store;
  align: Pick<AlignPort, 'environment'>;
  clock: Clock;
}): Figure[] {
  const { store, align, clock } = parts;
  const hints = () =>
    store.db.selectFrom('hints').where('environment', '=', align.environment().name).where('state', '=', 'waiting');
  const connections = () => store.db.selectFrom('connections').where('environment', '=', align.environment().name);

  return [
    {
      name: 'itero_hints_waiting',
      help: 'Notifications on disk whose order could not be read yet',
      async read() {
        const { count } = await hints()
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow();
        return count;
      },
    },
    {
      name: 'itero_hints_oldest_seconds',
      help: 'How long the most overdue of them, of a paired clinic, waits for its next look; 0 when none is overdue',
      async read() {
        const now = await store.now();
        // One that iTero does not know yet is looked for again later, and a clinic without a login waits for a person: neither is overdue.
        const first = await store.db
          .selectFrom('hints')
          .innerJoin('connections', 'connections.id', 'hints.connection_id')
          .where('hints.environment', '=', align.environment().name)
          .where('hints.state', '=', 'waiting')
          .where('connections.state', '=', 'paired')
          .where('hints.next_at', '<', now)
          // A new one is due "at once", which is written as 0.
          .select(sql<number | null>`min(case when next_at = 0 then received_at else next_at end)`.as('due'))
          .executeTakeFirstOrThrow();
        return first.due === null ? 0 : Math.max(0, now - first.due) / 1000;
      },
    },
    {
      name: 'itero_accounts',
      help: 'Connections to accounts by state',
      label: 'state',
      async read() {
        const rows = await connections()
          .select((eb) => ['state', eb.fn.countAll<number>().as('count')])
          .groupBy('state')
          .execute();
        return countsOf(STATES, (word) => rows.find(({ state }) => state === word)?.count);
      },
    },
    {
      name: 'itero_accounts_failing',
      help: 'Paired accounts whose background checks fail, by problem code',
      label: 'problem',
      async read() {
        const rows = await connections()
          .where('state', '=', 'paired')
          .where('problem', 'is not', null)
          .select((eb) => ['problem', eb.fn.countAll<number>().as('count')])
          .groupBy('problem')
          .execute();
        // The one that an alarm waits for is there from the start; of the others those that somebody has.
        return { service_misconfigured: 0, ...Object.fromEntries(rows.map((row) => [row.problem ?? '', row.count])) };
      },
    },
    {
      name: 'itero_accounts_callback',
      help: 'Paired accounts by the state of their callback',
      label: 'callback',
      async read() {
        const rows = await connections()
          .where('state', '=', 'paired')
          .select((eb) => ['callback_state', eb.fn.countAll<number>().as('count')])
          .groupBy('callback_state')
          .execute();
        return countsOf(CALLBACK_STATES, (word) => rows.find((row) => row.callback_state === word)?.count);
      },
    },
    {
      name: 'itero_accounts_behind',
      help: 'Paired accounts whose complete listing is overdue',
      async read() {
        const overdue = overdueAfter(align.environment().timings);
        const since = clock.now() - overdue;
        const { count } = await connections()
          .where('state', '=', 'paired')
          .where((eb) =>
            eb.or([
              eb.and([eb('last_full_check_at', 'is', null), eb('last_pair_at', '<', clock.now() - FIRST_LISTING_MS)]),
              eb('last_full_check_at', '>', clock.now() + overdue),
              eb.and([eb('last_full_check_at', '<', since), eb('last_pair_at', '<', since)]),
            ]),
          )
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow();
        return count;
      },
    },
  ];
}

/** Every word is told, also of which there is none: a figure that vanishes looks like one that was never there. */
function countsOf<W extends string>(words: readonly W[], of: (word: W) => number | undefined): Record<W, number> {
  return Object.fromEntries(words.map((word) => [word, of(word) ?? 0])) as Record<W, number>;
}
