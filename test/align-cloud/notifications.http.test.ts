import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ADAMS, orderOf, pairAs, scanRx, sendRx, startAlign, startCallback } from './support/practice-system.ts';
import type { Simulated } from './support/practice-system.ts';
import type { AlignCloud } from '../../demo/align-cloud/index.ts';

let simulated: Simulated;
let align: AlignCloud;
let callback: Awaited<ReturnType<typeof startCallback>>;
let token: string;
let answer: () => number | Promise<number>;
beforeEach(async () => {
  simulated = await startAlign();
  align = simulated.align;
  answer = () => 204;
  callback = await startCallback(() => answer());
  token = await pairAs(align, ADAMS, 1017, callback.url);
});
afterEach(async () => {
  await callback.close();
  await align.close();
});

const last = () => align.state.notifications.at(-1)!;
const rxIds = (): unknown[] => callback.messages().map(({ rxId }) => rxId);

test('holds the RXID and the account number, nothing more', async () => {
  const rxId = await sendRx(align, token);
  await scanRx(align, rxId);
  expect(callback.received).toHaveLength(1);
  expect(callback.received[0]).toMatchObject({ method: 'POST', contentType: 'application/json' });
  expect(callback.messages()).toEqual([{ rxId, accountNumber: '1017' }]);
});

test('comes for a scan that nobody requested, which may have no chart number', async () => {
  const { rxId, finished } = align.perform({ do: 'scan-without-rx', companyId: 1017 });
  await finished;
  await align.settled();
  expect(rxIds()).toEqual([rxId]);
  expect((await orderOf(align, token, rxId!)).patient['chartNumber']).toBe('');
});

test('may come as a form or as a GET with the same names', async () => {
  align.flags.notificationStyle = 'form';
  const first = await sendRx(align, token);
  await scanRx(align, first);
  expect(Object.fromEntries(new URLSearchParams(callback.received[0]?.body))).toEqual({
    rxId: first,
    accountNumber: '1017',
  });
  align.flags.notificationStyle = 'get';
  const second = await sendRx(align, token);
  await scanRx(align, second);
  expect(callback.received[1]).toMatchObject({ method: 'GET', url: `/callback?rxId=${second}&accountNumber=1017` });
});

test('goes to the partner-level callback where the account gave none, and to nobody with neither', async () => {
  align.state.accounts.get(1017)!.callbackUrl = undefined;
  await scanRx(align, await sendRx(align, token));
  expect(last().outcome).toBe('no callback');
  align.state.partnerCallbackUrl = callback.url;
  await scanRx(align, await sendRx(align, token));
  expect(last().outcome).toBe('delivered');
});

test('is never sent again when it is refused', async () => {
  answer = () => 503;
  await scanRx(align, await sendRx(align, token));
  await align.clock.advance(86_400_000);
  await align.settled();
  expect(callback.received).toHaveLength(1);
  expect(last()).toMatchObject({ outcome: 'refused', status: 503 });
});

test('is given up after five seconds, and the scan is not held up by it', async () => {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  answer = () => {
    reach();
    return new Promise<number>(() => undefined);
  };
  const { finished } = align.perform({ do: 'scan', rxId: await sendRx(align, token) });
  await finished;
  await reached;
  expect(last().outcome).toBe('sending');
  await align.clock.advance(5000);
  await align.settled();
  expect(last().outcome).toBe('timed out');
});

test('counts as failed when nobody listens', async () => {
  await callback.close();
  await scanRx(align, await sendRx(align, token));
  expect(last().outcome).toBe('failed');
  callback = await startCallback();
});

describe('faults', () => {
  test('dropped', async () => {
    align.faults.add({ on: 'notification', kind: 'drop' });
    const rxId = await sendRx(align, token);
    await scanRx(align, rxId);
    expect(callback.received).toEqual([]);
    expect(last().outcome).toBe('dropped');
    expect((await orderOf(align, token, rxId)).status).toBe('Completed');
  });

  test('doubled, at once or with a gap', async () => {
    align.faults.add({ on: 'notification', kind: 'double' });
    align.faults.add({ on: 'notification', kind: 'double', ms: 3000 });
    const first = await sendRx(align, token);
    await scanRx(align, first);
    expect(rxIds()).toEqual([first, first]);
    const second = await sendRx(align, token);
    await scanRx(align, second);
    expect(rxIds()).toEqual([first, first, second]);
    await align.clock.advance(3000);
    await align.settled();
    expect(rxIds()).toEqual([first, first, second, second]);
  });

  test('late', async () => {
    align.faults.add({ on: 'notification', kind: 'late', seconds: 90 });
    const rxId = await sendRx(align, token);
    await scanRx(align, rxId);
    await align.clock.advance(89_999);
    await align.settled();
    expect(callback.received).toEqual([]);
    await align.clock.advance(1);
    await align.settled();
    expect(rxIds()).toEqual([rxId]);
  });

  test('out of order', async () => {
    align.faults.add({ on: 'notification', kind: 'out-of-order' });
    const first = await sendRx(align, token);
    const second = await sendRx(align, token);
    await scanRx(align, first);
    expect(callback.received).toEqual([]);
    await scanRx(align, second);
    expect(rxIds()).toEqual([second, first]);
  });

  test('sent before the case is ready', async () => {
    align.faults.add({ on: 'notification', kind: 'early' });
    const rxId = await sendRx(align, token);
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    answer = () => {
      reach();
      return 204;
    };
    const release = simulated.cases.hold();
    const { finished } = align.perform({ do: 'scan', rxId });
    await reached;
    await expect(orderOf(align, token, rxId)).rejects.toThrow('404');
    release();
    await finished;
    await align.settled();
    expect(rxIds()).toEqual([rxId]);
    expect((await orderOf(align, token, rxId)).status).toBe('Completed');
  });

  test('only at the clinic it names', async () => {
    align.faults.add({ on: 'notification', kind: 'drop', companyId: 1042 });
    await scanRx(align, await sendRx(align, token));
    expect(callback.received).toHaveLength(1);
  });

  test('by chance, the same chance each time for one seed', async () => {
    const outcomes = async (seed: string): Promise<string[]> => {
      const other = await startAlign({ seed });
      try {
        const by = await pairAs(other.align, ADAMS, 1017, callback.url);
        other.align.faults.add({ on: 'notification', kind: 'drop', times: 'always', probability: 0.5 });
        for (let scans = 0; scans < 12; scans += 1) await scanRx(other.align, await sendRx(other.align, by));
        return other.align.state.notifications.map(({ outcome }) => outcome);
      } finally {
        await other.align.close();
      }
    };
    const first = await outcomes('one');
    expect(await outcomes('one')).toEqual(first);
    expect(await outcomes('two')).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set(['dropped', 'delivered']));
  });
});
