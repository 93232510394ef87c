/** What one question may cost upstream. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AlignFault, type UpstreamOrder } from '../../../bff/align/index.ts';
import { createQuietAccounts } from '../../../bff/pairing/quiet-accounts.ts';
import type { Store } from '../../../bff/store/index.ts';
import type { LoginRow } from '../../../bff/store/schema.ts';
import { createAsker, type Asker } from '../../../bff/where/ask-upstream.ts';
import { createPatience } from '../../../bff/where/patience.ts';
import { connectionRow, handClock, openTestStore, silent } from '../support/fixtures.ts';

const here = connectionRow({ id: 'cn_here', account_id: '1' });
const there = connectionRow({ id: 'cn_there', account_id: '2' });
let clock: ReturnType<typeof handClock>;
let store: Store;
let calls: ((outcome: AlignFault) => void)[];
let asker: Asker;

beforeEach(async () => {
  clock = handClock();
  store = await openTestStore(clock);
  calls = [];
  const hold = () => new Promise<UpstreamOrder>((_, reject) => calls.push(reject));
  asker = createAsker({
    store,
    vault: { withToken: (_, call) => call('token', {} as LoginRow) },
    align: { orderByRxId: hold, fullRx: () => Promise.reject(new AlignFault('not_found', 'test')) },
    merge: { merge: () => Promise.reject(new TypeError('nothing is found here')) },
    quiet: createQuietAccounts(store),
    log: silent,
  });
});
afterEach(() => store.close());

const upstreamHas = (count: number) => expect.poll(() => calls.length).toBe(count);
const ask = (connection = here) =>
  asker.ask({ connection, userId: 'u', rxId: 'rx-1', deep: false, patience: createPatience({ clock, log: silent }) });

it('asks upstream for twenty RXs of one clinic at a time, and says of the others that it was not asked', async () => {
  const first = Array.from({ length: 20 }, () => ask());
  expect(await ask()).toEqual({ kind: 'no_answer' });
  const others = ask(there);
  await upstreamHas(21);
  for (const reject of calls) reject(new AlignFault('not_found', 'test'));
  expect(new Set((await Promise.all([...first, others])).map(({ kind }) => kind))).toEqual(new Set(['not_found']));
  void ask();
  await upstreamHas(22);
});

it('counts what nobody waits for any more until upstream is done with it', async () => {
  const asked = Array.from({ length: 20 }, () => ask());
  await upstreamHas(20);
  await clock.advance(8000);
  expect(new Set((await Promise.all(asked)).map(({ kind }) => kind))).toEqual(new Set(['no_answer']));
  expect(await ask()).toEqual({ kind: 'no_answer' });
  expect(calls).toHaveLength(20);
});

it('leaves upstream alone for as long as it asked to be, for the clinic that it told so', async () => {
  const asked = ask();
  await upstreamHas(1);
  calls[0]?.(new AlignFault('rate_limited', 'test', { retryAfterMs: 30_000 }));
  expect(await asked).toEqual({ kind: 'no_answer' });
  await clock.advance(29_999);
  expect(await ask()).toEqual({ kind: 'no_answer' });
  expect(calls).toHaveLength(1);
  void ask(there);
  await clock.advance(1);
  void ask();
  await upstreamHas(3);
});

it('asks again at once when the clock was set back since upstream asked for a pause', async () => {
  const asked = ask();
  await upstreamHas(1);
  calls[0]?.(new AlignFault('rate_limited', 'test', { retryAfterMs: 30_000 }));
  expect(await asked).toEqual({ kind: 'no_answer' });
  clock.set(clock.now() - 6 * 3_600_000);
  void ask();
  await upstreamHas(2);
});
