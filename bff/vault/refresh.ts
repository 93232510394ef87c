import { randomUUID } from 'node:crypto';
import { AlignFault, type AlignPort, type AlignTokens } from '../align/index.ts';
import type { Clock, Log } from '../deps.ts';
import type { Store, Tx } from '../store/index.ts';
import type { AlignTokenRow } from '../store/schema.ts';
import type { TenantRef } from '../tenancy.ts';
import type { TokenSet, TokenSets } from './token-sets.ts';
import { UnstoredTokens, type Refreshed } from './unstored-tokens.ts';

/** How often a refresher that found the lock taken looks again (ms). */
const LOOK_AGAIN = 100;
/** How far the lock is pushed out for tokens that are not stored yet (ms): over the longest pause and a try that takes its time. */
const KEEP_AWAY = 120_000;

export interface Refresher {
  /**
   * A newer set than `generation`. However many ask, in however many processes: one refresh, since a refresh token that
   * rotates may be used once (RFC 9700 §4.14: rotate). Lock, re-read, then refresh.
   * @param clinic whose login asks: what is stored here is stored in its turn, as Pair and sign-out are
   * @throws AlignFault `invalid_grant` when the refresh token is dead, `not_configured` with property `environment` when another
   *   environment than the set's is active by now
   */
  refresh(id: string, generation: number, clinic: TenantRef): Promise<TokenSet>;
  /** A last try to store what the database did not take. */
  stop(): Promise<void>;
}

type Claim =
  | { readonly kind: 'gone' }
  | { readonly kind: 'use'; readonly row: AlignTokenRow }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'mine'; readonly row: AlignTokenRow; readonly interrupted: boolean };

export function createRefresher(parts: {
  store: Store;
  sets: TokenSets;
  align: AlignPort;
  clock: Clock;
  log: Log;
}): Refresher {
  const { store, sets, align, clock, log } = parts;
  const me = randomUUID();
  const turns = new Map<string, Promise<TokenSet>>();
  const unstored = new UnstoredTokens({ clock, log, store: storeAgain });

  /**
   * The lock is a pair of columns, taken by one statement that guards itself and counted by the database's clock: several
   * instances' own clocks may differ by more than a refresh takes.
   */
  async function claim(id: string, generation: number): Promise<Claim> {
    const now = await store.now();
    const row = await store.db.selectFrom('align_tokens').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined) return { kind: 'gone' };
    if (row.generation !== generation) return { kind: 'use', row };
    const taken = row.refresh_holder !== null && row.refresh_holder !== me;
    // Discovery and the grant, each up to its timeout, and time to store.
    const until = now + 2 * align.environment().timings.requestTimeout + 15_000;
    // Further ahead than anybody takes it: the clock was set back since, and whoever took it is not there any more.
    const farthest = until + KEEP_AWAY;
    if (taken && row.refresh_until !== null && row.refresh_until > now && row.refresh_until <= farthest) {
      return { kind: 'wait', ms: row.refresh_until - now };
    }
    const mine = await store.write((tx) =>
      tx
        .updateTable('align_tokens')
        .set({ refresh_holder: me, refresh_until: until })
        .where('id', '=', id)
        .where('generation', '=', generation)
        .where((eb) =>
          eb.or([
            eb('refresh_holder', 'is', null),
            eb('refresh_holder', '=', me),
            eb('refresh_until', 'is', null),
            eb('refresh_until', '<=', now),
            eb('refresh_until', '>', farthest),
          ]),
        )
        .returningAll()
        .executeTakeFirst(),
    );
    // Somebody else was faster: look what they made of it.
    return mine === undefined ? { kind: 'wait', ms: 0 } : { kind: 'mine', row: mine, interrupted: taken };
  }

  const release = (tx: Tx, id: string) =>
    tx
      .updateTable('align_tokens')
      .set({ refresh_holder: null, refresh_until: null })
      .where('id', '=', id)
      .where('refresh_holder', '=', me)
      .execute();

  /** Others that saw the lock end would send the refresh token that is used up, and end the login by that. */
  async function keepOthersAway(id: string): Promise<void> {
    try {
      const until = (await store.now()) + KEEP_AWAY;
      await store.write((tx) =>
        tx
          .updateTable('align_tokens')
          .set({ refresh_until: until })
          .where('id', '=', id)
          .where('refresh_holder', '=', me)
          .execute(),
      );
    } catch {
      // The database takes nothing at all: so it is at the next try.
    }
  }

  async function put(id: string, refreshed: Refreshed): Promise<TokenSet> {
    const { from, tokens, clinic } = refreshed;
    let stored: TokenSet | null;
    try {
      stored = await store.write(async (tx) => {
        const set = await sets.replace(tx, id, from, tokens);
        await release(tx, id);
        return set;
      }, clinic);
    } catch (error) {
      unstored.keep(id, refreshed);
      log.error(
        { tokenSet: id, error },
        'refreshed tokens could not be stored; they are kept in memory and tried again',
      );
      await keepOthersAway(id);
      throw error;
    }
    unstored.stored(id);
    return stored ?? gone();
  }

  /** One at a time for a token set: others wait for it. */
  function takeTurn(id: string, work: () => Promise<TokenSet>): Promise<TokenSet> {
    const running = turns.get(id);
    if (running !== undefined) return running;
    const turn = work().finally(() => turns.delete(id));
    turns.set(id, turn);
    return turn;
  }

  async function storeAgain(id: string): Promise<void> {
    const kept = unstored.get(id);
    if (kept !== undefined) await takeTurn(id, () => put(id, kept));
  }

  async function run(id: string, generation: number, clinic: TenantRef): Promise<TokenSet> {
    const kept = unstored.get(id);
    if (kept !== undefined) return put(id, kept);
    for (;;) {
      const claimed = await claim(id, generation);
      if (claimed.kind === 'gone') return gone();
      if (claimed.kind === 'use') return sets.open(claimed.row);
      if (claimed.kind === 'wait') {
        await clock.sleep(Math.max(1, Math.min(LOOK_AGAIN, claimed.ms)));
        continue;
      }
      return refreshMine(id, claimed.row, claimed.interrupted, clinic);
    }
  }

  async function refreshMine(
    id: string,
    row: AlignTokenRow,
    interrupted: boolean,
    clinic: TenantRef,
  ): Promise<TokenSet> {
    let from: string;
    let tokens: AlignTokens;
    try {
      from = sets.open(row).refreshToken;
      // The environment may have been switched while the lock was waited for.
      tokens = await align.refresh(from, row.environment);
    } catch (error) {
      const replaced = await store.write(async (tx) => {
        await release(tx, id);
        const now = await tx.selectFrom('align_tokens').selectAll().where('id', '=', id).executeTakeFirst();
        return now !== undefined && now.generation !== row.generation ? now : null;
      });
      // Pair stored newer tokens while ours were refused.
      if (replaced !== null) return sets.open(replaced);
      if (error instanceof AlignFault && error.kind === 'invalid_grant' && interrupted) {
        log.error(
          { tokenSet: id },
          'a refresh was cut off before its tokens were stored, and the former refresh token is used up: sign in again',
        );
      }
      throw error;
    }
    return put(id, { from, tokens, clinic });
  }

  return {
    async refresh(id, generation, clinic) {
      for (;;) {
        const set = await takeTurn(id, () => run(id, generation, clinic));
        // Joined a turn that began before our generation was stored.
        if (set.generation !== generation || set.id !== id) return set;
      }
    },
    stop: () => unstored.stop(),
  };
}

function gone(): never {
  throw new AlignFault('invalid_grant', 'refresh', { property: 'token set' });
}
