/** When what was committed goes out. */
import { expect, it } from 'vitest';
import type { EventBatch } from '../../../bff/events/event-batch.ts';
import type { CommittedEvent, EventLog } from '../../../bff/events/event-log.ts';
import type { StreamReader } from '../../../bff/events/stream-reader.ts';
import { TenantChannel } from '../../../bff/events/tenant-channel.ts';
import { handClock, settle, silent } from '../support/fixtures.ts';

const tenant = { vendor: 'acme', tenant: 'clinic' };
const event = (id: number): CommittedEvent => ({
  ...tenant,
  environment: 'sandbox',
  id,
  type: 'scan.received',
  requestId: null,
  charts: null,
  frame: Buffer.from(`${id}`),
});

/** @param takes how long telling all readers takes (ms) */
function open(takes: number) {
  const clock = handClock();
  const told: { last: number; at: number }[] = [];
  const events = { after: () => Promise.reject(new Error('nothing is to be read')) } as unknown as EventLog;
  const channel = new TenantChannel(tenant, 0, { events, log: silent, clock });
  const begun = clock.now();
  const reader = {
    deliver: ({ last }: EventBatch) => {
      told.push({ last, at: clock.now() - begun });
      clock.set(clock.now() + takes);
    },
    lost: () => undefined,
  };
  channel.readers.add(reader as unknown as StreamReader);
  return { clock, channel, told };
}

it('tells one event at once, however many readers there are', async () => {
  const { clock, channel, told } = open(8);
  channel.committed(event(1));
  await settle(2);
  clock.set(clock.now() + 100);
  channel.committed(event(2));
  await settle(2);
  expect(told).toEqual([
    { last: 1, at: 0 },
    { last: 2, at: 108 },
  ]);
});

it('rests for as long as telling thousands took, and then tells all that came meanwhile together', async () => {
  const { clock, channel, told } = open(8);
  channel.committed(event(1));
  await settle(2);
  for (let id = 2; id <= 9; id += 1) {
    channel.committed(event(id));
    await settle(2);
  }
  expect(told).toHaveLength(1);
  await clock.advance(8);
  expect(told).toEqual([
    { last: 1, at: 0 },
    { last: 9, at: 16 },
  ]);
});

it('does not rest where telling cost nothing, nor for longer because the clock was set back', async () => {
  const few = open(1);
  for (let id = 1; id <= 3; id += 1) {
    few.channel.committed(event(id));
    await settle(2);
  }
  expect(few.told.map(({ last }) => last)).toEqual([1, 2, 3]);

  const many = open(8);
  many.channel.committed(event(1));
  await settle(2);
  many.clock.set(many.clock.now() - 3_600_000);
  many.channel.committed(event(2));
  await settle(2);
  expect(many.told.map(({ last }) => last)).toEqual([1, 2]);
});
