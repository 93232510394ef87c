import { expect, it } from 'vitest';
import { pauseAfter, tryUntilDone } from '../../bff/growing-pauses.ts';
import { handClock, START } from './support/fixtures.ts';

const pauses = { first: 1_000, longest: 30_000 };

it('a pause is twice as long as the one before, as far as to the longest, however many there were', () => {
  expect([0, 1, 2, 4, 5, 6, 100, 5_000].map((others) => pauseAfter(pauses, others) / 1_000)).toEqual([
    1, 2, 4, 16, 30, 30, 30, 30,
  ]);
});

it('a stop brings one last try at once, and no other', async () => {
  const clock = handClock();
  const stop = new AbortController();
  const tries: [seconds: number, last: boolean][] = [];
  const done = tryUntilDone({ clock, pauses, stop: stop.signal }, async (last) => {
    tries.push([(clock.now() - START) / 1000, last]);
    return false;
  });
  await clock.advance(4_000);
  stop.abort();
  await done;
  await clock.advance(100_000);
  expect(tries).toEqual([
    [1, false],
    [3, false],
    [4, true],
  ]);
});
