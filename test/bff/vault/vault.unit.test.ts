import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlignFault } from '../../../bff/align/index.ts';
import type { Log } from '../../../bff/deps.ts';
import type { Store } from '../../../bff/store/index.ts';
import { settle, silent } from '../support/fixtures.ts';
import { createVaultStand } from './stand.ts';

type Stand = Awaited<ReturnType<typeof createVaultStand>>;
let stand: Stand;
beforeEach(async () => {
  stand = await createVaultStand();
});
afterEach(() => stand.close());

const HOUR = 3_600_000;

describe('tokens at rest', () => {
  it('lie in no column in clear', async () => {
    const connection = await stand.connection();
    const id = await stand.login(connection, 'ann');
    const set = await stand.sets.load(id);
    const rows = JSON.stringify(await stand.store.db.selectFrom('align_tokens').selectAll().execute());
    expect(rows).not.toContain(set?.accessToken);
    expect(rows).not.toContain(set?.refreshToken);
    expect(rows).toContain('fingerprint');
  });

  it('are one set however often the same ones are handed out, and end when no login uses them', async () => {
    const connection = await stand.connection();
    const of = { environment: 'sandbox', accountId: connection.account_id };
    const tokens = stand.upstream.issue('ann');
    const first = await stand.store.write((tx) => stand.sets.keep(tx, of, tokens));
    const second = await stand.store.write((tx) => stand.sets.keep(tx, of, { ...tokens, expiresAt: 1 }));
    expect(second).toBe(first);
    expect((await stand.sets.load(first))?.expiresAt).toBe(1);
    const used = await stand.login(connection, 'bob');
    await stand.store.write((tx) => stand.sets.dropUnused(tx, [first, used]));
    expect(await stand.sets.load(first)).toBeNull();
    expect(await stand.sets.load(used)).not.toBeNull();
  });
});

describe('refreshing', () => {
  it('happens once for many calls in many processes, and none is refused', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'ann');
    stand.clock.set(stand.clock.now() + 2 * HOUR);
    const vaults = [stand.vault, stand.newVault(), stand.newVault()];
    const calls = vaults.flatMap((vault) =>
      Array.from({ length: 50 }, () => vault.withToken({ connection }, stand.use)),
    );
    const done = Promise.all(calls);
    for (let turn = 0; turn < 10; turn += 1) await stand.clock.advance(100);
    expect(new Set(await done)).toEqual(new Set(['ann']));
    expect([stand.upstream.refreshes, stand.upstream.refused]).toEqual([1, []]);
  });

  it('happens once when many calls meet 401 at once', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'ann');
    let stale = true;
    const call = async (token: string): Promise<string> => {
      if (stale && stand.upstream.refreshes === 0) throw new AlignFault('unauthorized', 'use');
      stale = false;
      return stand.use(token);
    };
    await Promise.all(Array.from({ length: 20 }, () => stand.vault.withToken({ connection }, call)));
    expect(stand.upstream.refreshes).toBe(1);
  });

  it('gives up after one refresh when the fresh token is refused, too, and keeps the login', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'ann');
    let calls = 0;
    const work = stand.vault.withToken({ connection }, () => {
      calls += 1;
      return Promise.reject(new AlignFault('unauthorized', 'use'));
    });
    await expect(work).rejects.toMatchObject({ kind: 'unauthorized' });
    expect([calls, stand.upstream.refreshes, stand.refused]).toEqual([2, 1, []]);
  });

  it('is taken over when its holder died before it reached upstream', async () => {
    const connection = await stand.connection();
    const id = await stand.login(connection, 'ann');
    stand.clock.set(stand.clock.now() + 2 * HOUR);
    await stand.store.write((tx) =>
      tx
        .updateTable('align_tokens')
        .set({ refresh_holder: 'dead', refresh_until: stand.clock.now() + 75_000 })
        .where('id', '=', id)
        .execute(),
    );
    const done = stand.vault.withToken({ connection }, stand.use);
    await stand.clock.advance(74_000);
    expect(stand.upstream.refreshes).toBe(0);
    await stand.clock.advance(2_000);
    expect(await done).toBe('ann');
    expect(stand.upstream.refreshes).toBe(1);
  });

  it('tells a login as failing when a crash lost the rotated token', async () => {
    const connection = await stand.connection();
    const id = await stand.login(connection, 'ann');
    const set = await stand.sets.load(id);
    await stand.upstream.refresh(set?.refreshToken ?? ''); // answered to a process that died before it stored them
    stand.clock.set(stand.clock.now() + 2 * HOUR);
    await expect(stand.vault.withToken({ connection }, stand.use)).rejects.toMatchObject({ kind: 'invalid_grant' });
    expect(stand.refused).toEqual([id]);
  });

  it('keeps refreshed tokens that the database did not take, and stores them at the next call', async () => {
    let failing = false;
    const real = stand.store;
    const store: Store = {
      ...real,
      db: real.db,
      write: (work) => (failing ? Promise.reject(new Error('disk full')) : real.write(work)),
    };
    const other = await createVaultStand({ store });
    const connection = await other.connection();
    await other.login(connection, 'ann');
    other.clock.set(other.clock.now() + 2 * HOUR);
    other.upstream.beforeAnswer = () => {
      failing = true;
      return Promise.resolve();
    };
    await expect(other.vault.withToken({ connection }, other.use)).rejects.toThrow('disk full');
    failing = false;
    expect(await other.vault.withToken({ connection }, other.use)).toBe('ann');
    expect([other.upstream.refreshes, other.upstream.refused]).toEqual([1, []]);
  });

  it('lets the lock go when upstream is away, and refreshes when it is back', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'ann');
    stand.clock.set(stand.clock.now() + 2 * HOUR);
    stand.upstream.fault = new AlignFault('unavailable', 'refresh');
    await expect(stand.vault.withToken({ connection }, stand.use)).rejects.toMatchObject({ kind: 'unavailable' });
    stand.upstream.fault = null;
    expect(await stand.newVault().withToken({ connection }, stand.use)).toBe('ann');
    expect(stand.refused).toEqual([]);
  });

  it('does not bring tokens back that an un-pair destroyed meanwhile', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'ann');
    stand.clock.set(stand.clock.now() + 2 * HOUR);
    stand.upstream.beforeAnswer = async () => {
      await stand.store.write(async (tx) => {
        await tx.deleteFrom('logins').execute();
        await tx.deleteFrom('align_tokens').execute();
      });
    };
    await expect(stand.vault.withToken({ connection }, stand.use)).rejects.toMatchObject({ kind: 'invalid_grant' });
    expect(await stand.store.db.selectFrom('align_tokens').selectAll().execute()).toEqual([]);
  });

  it('merges with the set that Pair stored while it ran', async () => {
    const connection = await stand.connection();
    const id = await stand.login(connection, 'ann');
    stand.clock.set(stand.clock.now() + 2 * HOUR);
    const of = { environment: 'sandbox', accountId: connection.account_id };
    let paired = '';
    const refresh = stand.upstream.refresh.bind(stand.upstream);
    stand.upstream.refresh = async (token) => {
      const tokens = await refresh(token);
      paired = await stand.store.write((tx) => stand.sets.keep(tx, of, tokens));
      return tokens;
    };
    expect(await stand.vault.withToken({ connection }, stand.use)).toBe('ann');
    expect(paired).not.toBe(id);
    expect(await stand.sets.load(id)).toBeNull();
    const logins = await stand.store.db.selectFrom('logins').select('token_id').execute();
    expect(logins).toEqual([{ token_id: paired }]);
  });
});

describe('refreshed tokens that the database did not take', () => {
  /** What it refuses: nothing, what waits for its clinic's turn, or every write. */
  let refuses: 'none' | 'turns' | 'all';
  let told: string[];
  let mine: Stand;
  let connection: Awaited<ReturnType<Stand['connection']>>;
  let id: string;
  beforeEach(async () => {
    refuses = 'none';
    told = [];
    const { store: real, clock } = stand;
    const store: Store = {
      ...real,
      db: real.db,
      write: (work, tenant) =>
        refuses === 'all' || (refuses === 'turns' && tenant !== undefined)
          ? Promise.reject(new Error('the database is away'))
          : real.write(work, tenant),
    };
    const log: Log = {
      ...silent,
      error: (fields, message) => told.push(JSON.stringify({ ...fields, error: String(fields['error']), message })),
      child: () => log,
    };
    mine = await createVaultStand({ store, clock, log });
    connection = await mine.connection();
    id = await mine.login(connection, 'ann');
    clock.set(clock.now() + 2 * HOUR);
  });

  async function refreshInVain(what: typeof refuses): Promise<void> {
    mine.upstream.beforeAnswer = async () => {
      refuses = what;
    };
    await expect(mine.vault.withToken({ connection }, mine.use)).rejects.toThrow('away');
    mine.upstream.beforeAnswer = () => Promise.resolve();
  }
  /** Another process on the same database, whose own store is well. */
  const elsewhere = () => mine.newVaultOn(stand.store).withToken({ connection }, mine.use);
  const holder = () =>
    stand.store.db
      .selectFrom('align_tokens')
      .select(['refresh_holder', 'refresh_until', 'generation'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();

  it('are stored by themselves when it does again, though nobody asks for them here', async () => {
    await refreshInVain('all');
    await stand.clock.advance(50_000);
    refuses = 'none';
    await stand.clock.advance(30_000);
    expect(await holder()).toEqual({ refresh_holder: null, refresh_until: null, generation: 2 });
    expect(await elsewhere()).toBe('ann');
    expect([mine.upstream.refreshes, mine.upstream.refused, mine.refused]).toEqual([1, [], []]);
  });

  it('are waited for by other processes for as long as it answers at all', async () => {
    await refreshInVain('turns');
    await stand.clock.advance(10 * 60_000);
    const waiting = elsewhere();
    await stand.clock.advance(5 * 60_000);
    expect(mine.upstream.refreshes).toBe(1);
    refuses = 'none';
    await stand.clock.advance(31_000);
    expect(await waiting).toBe('ann');
    expect([mine.upstream.refreshes, mine.upstream.refused, mine.refused]).toEqual([1, [], []]);
  });

  it('are tried again after growing pauses, of half a minute at most, and no more once they are stored', async () => {
    const tries: number[] = [];
    await refreshInVain('all');
    const begunAt = stand.clock.now();
    for (let second = 1; second <= 125; second += 1) {
      const before = told.length;
      await stand.clock.advance(1000);
      if (told.length > before) tries.push((stand.clock.now() - begunAt) / 1000);
    }
    expect(tries).toEqual([1, 3, 7, 15, 31, 61, 91, 121]);
    refuses = 'none';
    await stand.clock.advance(30_000);
    refuses = 'all';
    const { length } = told;
    await stand.clock.advance(10 * 60_000);
    expect([told.length, (await holder()).generation]).toEqual([length, 2]);
  });

  it('are tried once more when the process stops, at once', async () => {
    await refreshInVain('all');
    refuses = 'none';
    await mine.vault.stop();
    expect((await holder()).generation).toBe(2);
    expect(await elsewhere()).toBe('ann');
  });

  it('end with a process that stops before they could be stored, which says so, and never shows one', async () => {
    await refreshInVain('all');
    const { length } = told;
    await mine.vault.stop();
    expect(told.slice(length).map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
      expect.stringContaining('could not be stored'),
      expect.stringContaining('must sign in again'),
    ]);
    expect(told.join('')).not.toMatch(/[ar]t\.ann/);
    await stand.clock.advance(10 * 60_000);
    expect(told.length).toBe(length + 2);
  });

  it('are not brought back when an un-pair destroyed them meanwhile', async () => {
    await refreshInVain('all');
    await stand.store.write(async (tx) => {
      await tx.deleteFrom('logins').execute();
      await tx.deleteFrom('align_tokens').execute();
    });
    refuses = 'none';
    await stand.clock.advance(60_000);
    expect(await stand.store.db.selectFrom('align_tokens').selectAll().execute()).toEqual([]);
    const { length } = told;
    await stand.clock.advance(10 * 60_000);
    expect(told.length).toBe(length);
  });
});

describe('whose login', () => {
  it('is the person’s own, else the newest', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'old', 2000);
    await stand.login(connection, 'ann', 1000);
    await stand.login(connection, 'new', 0);
    expect(await stand.vault.withToken({ connection, userId: 'ann' }, stand.use)).toBe('ann');
    expect(await stand.vault.withToken({ connection, userId: 'assistant' }, stand.use)).toBe('new');
    expect(await stand.vault.withToken({ connection }, stand.use)).toBe('new');
  });

  it('fails over when the refresh token is dead, and says so once', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'ann', 1000);
    const dead = await stand.login(connection, 'new', 0);
    stand.upstream.kill('new');
    expect(await stand.vault.withToken({ connection }, stand.use)).toBe('ann');
    expect(await stand.vault.withToken({ connection }, stand.use)).toBe('ann');
    expect(stand.refused).toEqual([dead]);
  });

  it('is never another clinic’s', async () => {
    const [mine, theirs] = [await stand.connection(), await stand.connection()];
    await stand.login(theirs, 'ann');
    await expect(stand.vault.withToken({ connection: mine, userId: 'ann' }, stand.use)).rejects.toMatchObject({
      kind: 'invalid_grant',
    });
  });

  it('is not somebody else’s for what this very person may not do', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'ann', 1000);
    await stand.login(connection, 'lab', 0);
    const call = (token: string): Promise<string> =>
      token.includes('lab') ? Promise.reject(new AlignFault('user_not_allowed', 'use')) : stand.use(token);
    await expect(stand.vault.withToken({ connection, userId: 'lab' }, call)).rejects.toMatchObject({
      kind: 'user_not_allowed',
    });
    expect(await stand.vault.withToken({ connection }, call)).toBe('ann');
  });

  it('ends with the connection when upstream says not paired, without trying the others', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'ann');
    await stand.login(connection, 'bob');
    let calls = 0;
    const work = stand.vault.withToken({ connection }, () => {
      calls += 1;
      return Promise.reject(new AlignFault('not_paired', 'use'));
    });
    await expect(work).rejects.toMatchObject({ kind: 'not_paired' });
    expect([calls, stand.lost]).toEqual([1, [connection.id]]);
  });

  it('passes other faults on as they are, after one call', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'ann');
    await stand.login(connection, 'bob');
    const fault = new AlignFault('timeout', 'sendScanRequest', { maybeApplied: true });
    let calls = 0;
    const work = stand.vault.withToken({ connection }, () => {
      calls += 1;
      return Promise.reject(fault);
    });
    await expect(work).rejects.toBe(fault);
    expect(calls).toBe(1);
  });

  it('is not used in another environment than the active one', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'ann');
    stand.switchTo('production');
    await expect(stand.vault.withToken({ connection }, stand.use)).rejects.toMatchObject({ property: 'environment' });
    await settle();
    expect(stand.upstream.refreshes).toBe(0);
  });

  it('goes nowhere when the environment is switched while it waits for a new one', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'ann');
    stand.clock.set(stand.clock.now() + 3_600_001);
    stand.upstream.beforeAnswer = () => Promise.resolve(stand.switchTo('production'));
    let calls = 0;
    const used = stand.vault.withToken({ connection }, () => Promise.resolve((calls += 1)));
    await expect(used).rejects.toMatchObject({ property: 'environment' });
    expect(calls).toBe(0);
  });

  it('is not taken for dead on the word of another environment', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'ann');
    stand.clock.set(stand.clock.now() + 3_600_001);
    stand.upstream.refresh = () => {
      stand.switchTo('production');
      return Promise.reject(new AlignFault('invalid_grant', 'refresh'));
    };
    await expect(stand.vault.withToken({ connection }, stand.use)).rejects.toMatchObject({ property: 'environment' });
    expect(stand.refused).toEqual([]);
  });
});
