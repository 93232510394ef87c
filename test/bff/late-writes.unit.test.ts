import { expect, it } from 'vitest';
import { LateWrites } from '../../bff/late-writes.ts';
import { handClock, silent, START } from './support/fixtures.ts';

function bench() {
  const clock = handClock();
  const late = new LateWrites({ clock, log: silent });
  const tries: number[] = [];
  let fails = true;
  const write = (): Promise<void> => {
    tries.push((clock.now() - START) / 1000);
    return fails ? Promise.reject(new Error('busy')) : Promise.resolve();
  };
  return {
    clock,
    late,
    tries,
    keep: () => late.keep('one', write, {}, new Error('busy')),
    mend: () => {
      fails = false;
    },
  };
}

it('a write is tried again with growing pauses until it succeeds, and never after', async () => {
  const { clock, late, tries, keep, mend } = bench();
  keep();
  await clock.advance(100_000);
  expect([tries, late.has('one')]).toEqual([[1, 3, 7, 15, 31, 61, 91], true]);
  mend();
  await clock.advance(100_000);
  expect([tries.slice(7), late.has('one')]).toEqual([[121], false]);
});

it('a write that has failed for an hour is given up', async () => {
  const { clock, late, tries, keep } = bench();
  keep();
  await clock.advance(2 * 3_600_000);
  expect([tries.at(-1), late.has('one')]).toEqual([3_601, false]);
});

it('a stop tries once more, at once, and gives up what fails even then', async () => {
  const { late, tries, keep } = bench();
  keep();
  await late.stop();
  expect([tries, late.has('one')]).toEqual([[0], false]);
});

it('a stop in the middle of a try that fails still has its last one', async () => {
  const clock = handClock();
  const late = new LateWrites({ clock, log: silent });
  const first = Promise.withResolvers<void>();
  let tries = 0;
  late.keep('one', () => (++tries === 1 ? first.promise : Promise.resolve()), {}, new Error('busy'));
  await clock.advance(1_000);
  const stopped = late.stop();
  first.reject(new Error('busy'));
  await stopped;
  expect(tries).toBe(2);
});
