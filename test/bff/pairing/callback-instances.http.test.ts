/** The health of a callback over restarts and several instances: what counts is in the database. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAudit } from '../../../bff/audit/index.ts';
import { createSystemRandom } from '../../../bff/clock.ts';
import { createEventLog } from '../../../bff/events/index.ts';
import type { Connections } from '../../../bff/pairing/connections.ts';
import { createPairing } from '../../../bff/pairing/create-pairing.ts';
import { createVendors } from '../../../bff/vendors.ts';
import { createSeal } from '../../../bff/vault/seal.ts';
import { key } from '../http/stand.ts';
import { settle, silent } from '../support/fixtures.ts';
import { ADAMS, createPairingStand, PUBLIC_URL, type PairingStand } from './stand.ts';

const DAY = 86_400_000;

let stand: PairingStand;
let id: string;
beforeEach(async () => {
  stand = await createPairingStand();
  const ann = await stand.person('ann');
  await ann.pair(ADAMS, '1017');
  id = (await stand.connections.current(ann.key))?.id ?? '';
});
afterEach(() => stand.close());

/** Another process over the same database. */
function another(): Connections {
  const { store, clock, upstream } = stand;
  const random = createSystemRandom();
  return createPairing({
    store,
    events: createEventLog({ store, clock }),
    audit: createAudit(clock),
    align: upstream.align,
    seal: createSeal([key(1)], random),
    vendors: createVendors([]),
    clock,
    random,
    log: silent,
    publicUrl: PUBLIC_URL,
    partnerTokens: () => ({}),
  }).connections;
}

const state = async () =>
  stand.store.db
    .selectFrom('connections')
    .select(['callback_state', 'polled_in_a_row', 'last_notification_at'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
const learn = (connections: Connections, by: 'poll' | 'notification') =>
  stand.store.write((tx) => connections.noteVersionLearnt(tx, id, by));
const notify = (connections: Connections) => stand.store.write((tx) => connections.noteNotification(tx, id));
const pairs = (): number => stand.upstream.cloud.calls('pair').length;

describe('a callback', () => {
  it('is suspect after two polled versions, whichever instances learnt them', async () => {
    await learn(stand.connections, 'poll');
    expect((await state()).callback_state).toBe('registered');
    await learn(another(), 'poll');
    expect((await state()).callback_state).toBe('suspect');
  });

  it('is registered anew by one of many instances, once a day, restarts or not', async () => {
    const instances = [stand.connections, another(), another()];
    const repairAll = () => Promise.all(instances.map((connections) => connections.repairCallback(id)));
    const makeSuspect = async () => {
      for (const connections of instances.slice(0, 2)) await learn(connections, 'poll');
    };
    await makeSuspect();
    await repairAll();
    expect(pairs()).toBe(2);
    await makeSuspect();
    await stand.upstream.advance(DAY - 1);
    await repairAll();
    await another().repairCallback(id);
    expect(pairs()).toBe(2);
    await stand.upstream.advance(1);
    await repairAll();
    await another().repairCallback(id);
    expect(pairs()).toBe(3);
    expect((await state()).callback_state).toBe('registered');
  });

  it('is not given to Align again behind the back of somebody who un-pairs at that moment', async () => {
    await learn(stand.connections, 'poll');
    await learn(stand.connections, 'poll');
    const { align } = stand.upstream;
    const pair = align.pair.bind(align);
    const unpair = align.unpair.bind(align);
    const reached: string[] = [];
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    Object.assign(align, {
      pair: async (...input: Parameters<typeof pair>) => {
        await held;
        reached.push('pair');
        return pair(...input);
      },
      unpair: (...input: Parameters<typeof unpair>) => {
        reached.push('unpair');
        return unpair(...input);
      },
    });
    const repeat = stand.connections.repairCallback(id);
    await settle();
    const ann = await stand.person('ann');
    const ending = ann.unpair();
    await settle();
    letGo();
    expect((await ending).status).toBe(204);
    await repeat;
    expect(reached).toEqual(['pair', 'unpair']);
    expect((await state()).callback_state).toBe('none');
  });

  it('waits a day after a repeat that failed, too', async () => {
    await learn(stand.connections, 'poll');
    await learn(stand.connections, 'poll');
    stand.upstream.cloud.faults.add({ on: 'pair', kind: 'status', status: 503 });
    await stand.connections.repairCallback(id);
    await another().repairCallback(id);
    expect(pairs()).toBe(2);
    await stand.upstream.advance(DAY);
    await another().repairCallback(id);
    expect(pairs()).toBe(3);
    expect((await state()).callback_state).toBe('registered');
  });

  it('is confirmed by the first notification after a Pair, though another came a moment before it', async () => {
    await notify(stand.connections);
    expect((await state()).callback_state).toBe('confirmed');
    const ann = await stand.person('ann');
    await ann.pair(ADAMS, '1017');
    expect((await state()).callback_state).toBe('registered');
    await notify(stand.connections);
    expect((await state()).callback_state).toBe('confirmed');
  });

  it('notes the time of a burst once in a second, and breaks a row of polls at once', async () => {
    const begun = stand.clock.now();
    await notify(stand.connections);
    await stand.clock.advance(999);
    await learn(stand.connections, 'poll');
    await notify(another());
    expect(await state()).toEqual({
      callback_state: 'confirmed',
      polled_in_a_row: 0,
      last_notification_at: begun + 999,
    });
    await stand.clock.advance(999);
    await notify(another());
    expect((await state()).last_notification_at).toBe(begun + 999);
    await stand.clock.advance(1);
    await notify(another());
    expect((await state()).last_notification_at).toBe(begun + 1999);
  });

  it('of a clinic that was un-paired meanwhile is not brought back by a late notification', async () => {
    const ann = await stand.person('ann');
    expect((await ann.unpair()).status).toBe(204);
    await notify(stand.connections);
    expect(await state()).toEqual({ callback_state: 'none', polled_in_a_row: 0, last_notification_at: null });
  });
});
