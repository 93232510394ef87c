/** What was scanned while a clinic was un-paired, through the whole BFF against the simulator. */
import { afterEach, expect, it } from 'vitest';
import { openStand, RIVERSIDE, type Stand } from '../faults/support/stand.ts';

let stand: Stand;
afterEach(() => stand.close());

it('is no silence of the new callback, whose repair is still there when it is dropped later that day', async () => {
  stand = await openStand();
  await stand.visible(await stand.walkIn());
  await stand.ask('DELETE', '/v1/pairing');
  const meanwhile: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    meanwhile.push(await stand.walkIn());
    await stand.advance(60_000);
  }
  await stand.pair();
  await stand.advance(10_000);
  for (const orderId of meanwhile) expect(await stand.isVisible(orderId)).toBe(true);
  const pairs = stand.countOf('pair');
  expect((await stand.pairing()).health.callback).toBe('registered');

  // Somebody else paired and un-paired: upstream has our URL no more, and says nothing.
  const account = stand.cloud.state.accounts.get(RIVERSIDE);
  if (account !== undefined) account.callbackUrl = undefined;
  for (let count = 0; count < 4; count += 1) {
    await stand.walkIn();
    await stand.advance(130_000);
  }
  expect(stand.countOf('pair')).toBe(pairs + 1);
  expect((await stand.pairing()).health.callback).toBe('confirmed');
});
