import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TenantKey } from '../../../bff/tenancy.ts';
import { ADAMS, createPairingStand, type PairingStand, useConnection } from './stand.ts';

let stand: PairingStand;
beforeEach(async () => {
  stand = await createPairingStand();
});
afterEach(() => stand.close());

const callbackUrl = (account = 1017): string => stand.upstream.cloud.state.accounts.get(account)?.callbackUrl ?? '';
const callbackToken = (account = 1017): string => callbackUrl(account).split('/').at(-1) ?? '';

/** Any upstream call, made for a person or in the background; answers whose login carried it. */
const use = (key: TenantKey, userId?: string): Promise<string> => useConnection(stand, key, userId);

describe('the callback', () => {
  it('has a new secret at every Pair, the former one holds for seven more days, and none is stored in clear', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const first = callbackToken();
    expect(first).toMatch(/^[\w-]{43}$/);
    await ann.pair(ADAMS, '1017');
    const second = callbackToken();
    expect(second).not.toBe(first);
    const id = (await stand.connections.current(ann.key))?.id;
    expect((await stand.connections.routeCallback(first))?.id).toBe(id);
    expect((await stand.connections.routeCallback(second))?.id).toBe(id);
    expect(JSON.stringify(await stand.store.db.selectFrom('callback_tokens').selectAll().execute())).not.toContain(
      second,
    );
    await stand.clock.advance(7 * 86_400_000 + 1);
    expect(await stand.connections.routeCallback(first)).toBeNull();
    expect((await stand.connections.routeCallback(second))?.id).toBe(id);
    expect(await stand.connections.routeCallback('x')).toBeNull();
  });

  it('is registered, confirmed by a notification, suspect after two versions in a row that only a poll told', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const id = (await stand.connections.current(ann.key))?.id ?? '';
    const state = async (): Promise<string> => (await ann.pairing()).health.callback;
    const learn = (by: 'notification' | 'poll' | 'recheck' | 'backfill') =>
      stand.store.write((tx) => stand.connections.noteVersionLearnt(tx, id, by));
    await learn('backfill');
    await learn('backfill');
    expect(await state()).toBe('registered');
    await stand.store.write((tx) => stand.connections.noteNotification(tx, id));
    expect(await state()).toBe('confirmed');
    expect((await ann.pairing()).health.lastNotificationAt).toBe(new Date(stand.clock.now()).toISOString());
    await learn('poll');
    await learn('notification');
    await learn('poll');
    await learn('recheck');
    expect(await state()).toBe('confirmed');
    await learn('poll');
    expect(await state()).toBe('suspect');
    await stand.store.write((tx) => stand.connections.noteNotification(tx, id));
    expect(await state()).toBe('confirmed');
  });

  it('is registered anew when suspect, once a day at most', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const { id = '' } = (await stand.connections.current(ann.key)) ?? {};
    const account = stand.upstream.cloud.state.accounts.get(1017);
    const pairs = (): number => stand.upstream.cloud.calls('pair').length;
    const makeSuspect = async (): Promise<void> => {
      // Un-paired and paired again by another product: our URL is gone without a word.
      if (account !== undefined) account.callbackUrl = 'https://other.example/hook';
      for (const by of ['poll', 'poll'] as const) {
        await stand.store.write((tx) => stand.connections.noteVersionLearnt(tx, id, by));
      }
    };
    await stand.connections.repairCallback(id);
    expect(pairs()).toBe(1);
    await makeSuspect();
    await Promise.all([stand.connections.repairCallback(id), stand.connections.repairCallback(id)]);
    expect(pairs()).toBe(2);
    expect((await ann.pairing()).health.callback).toBe('registered');
    expect((await stand.connections.routeCallback(callbackToken()))?.id).toBe(id);
    await makeSuspect();
    await stand.connections.repairCallback(id);
    expect(pairs()).toBe(2);
    expect((await ann.pairing()).health.callback).toBe('suspect');
    await stand.upstream.advance(86_400_000);
    await stand.connections.repairCallback(id);
    expect(pairs()).toBe(3);
    expect(await use(ann.key)).toBe('Dr. ann');
    expect(await stand.store.db.selectFrom('align_tokens').selectAll().execute()).toHaveLength(1);
  });

  it('stays suspect when Pair cannot be repeated, and nothing is thrown into the round', async () => {
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    const { id = '' } = (await stand.connections.current(ann.key)) ?? {};
    await stand.store.write((tx) => tx.updateTable('connections').set({ callback_state: 'suspect' }).execute());
    stand.upstream.cloud.faults.add({ on: 'pair', kind: 'status', status: 503 });
    await stand.connections.repairCallback(id);
    expect((await ann.pairing()).health.callback).toBe('suspect');
  });
});
