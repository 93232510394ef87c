import { afterEach, expect, it } from 'vitest';
import { openStand, type Stand } from '../faults/support/stand.ts';

let stand: Stand;
afterEach(() => stand.close());

it('asks upstream nothing while it asked, in answer to a notification, to leave the account alone', async () => {
  stand = await openStand();
  const request = await stand.sendRx({ firstName: 'Ann', lastName: 'Beecham', chartNumber: 'C-1' });
  stand.cloud.faults.add({ on: 'getOrderByRxId', kind: 'status', status: 429, retryAfter: 400 });
  await stand.walkIn();
  const calls = (): number => stand.cloud.calls().filter(({ point }) => point.startsWith('getOrder')).length;
  const before = calls();
  await stand.ask('POST', '/v1/scans/where', { text: request.rxId });
  expect(calls()).toBe(before);
  await stand.advance(420_000);
  const after = calls();
  await stand.ask('POST', '/v1/scans/where', { text: request.rxId });
  expect(calls()).toBe(after + 1);
});
