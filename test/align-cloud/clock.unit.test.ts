import { expect, test } from 'vitest';
import { createClock } from '../../demo/align-cloud/clock.ts';
import { createRandom } from '../../demo/align-cloud/random.ts';

const fail = (error: unknown): never => {
  throw error;
};

test('a manual clock stands still until it is advanced, and runs what falls due in order and at its time', async () => {
  const clock = createClock({ kind: 'manual', startAt: 1000, onError: fail });
  const ran: [string, number][] = [];
  clock.after(300, () => void ran.push(['third', clock.now()]));
  clock.after(100, () => {
    ran.push(['first', clock.now()]);
    clock.after(50, () => void ran.push(['second, set by the first', clock.now()]));
  });
  clock.after(900, () => void ran.push(['never reached', clock.now()]));
  expect(clock.now()).toBe(1000);
  await clock.advance(500);
  expect(ran).toEqual([
    ['first', 1100],
    ['second, set by the first', 1150],
    ['third', 1300],
  ]);
  expect(clock.now()).toBe(1500);
});

test('what was called off does not run', async () => {
  const clock = createClock({ kind: 'manual', startAt: 0, onError: fail });
  let ran = false;
  const cancel = clock.after(10, () => void (ran = true));
  cancel();
  await clock.advance(100);
  expect(ran).toBe(false);
});

test('a sleep ends with the clock or with its signal', async () => {
  const clock = createClock({ kind: 'manual', startAt: 0, onError: fail });
  const byClock = clock.sleep(1000);
  await clock.advance(1000);
  await byClock;
  const abort = new AbortController();
  const bySignal = clock.sleep(1000, abort.signal);
  abort.abort();
  await bySignal;
  await clock.sleep(1000, abort.signal);
  expect(clock.now()).toBe(1000);
});

test('a real clock can be pushed forward as well', async () => {
  const clock = createClock({ kind: 'real', onError: fail });
  let ran = false;
  clock.after(3_600_000, () => void (ran = true));
  const before = Date.now();
  await clock.advance(3_600_000);
  expect(ran).toBe(true);
  expect(clock.now() - before).toBeGreaterThanOrEqual(3_600_000);
  clock.close();
});

test('a fault of one timer does not keep the others from running', async () => {
  const errors: unknown[] = [];
  const clock = createClock({ kind: 'manual', startAt: 0, onError: (error) => errors.push(error) });
  let ran = false;
  clock.after(1, () => Promise.reject(new Error('broken')));
  clock.after(2, () => void (ran = true));
  await clock.advance(10);
  expect(ran).toBe(true);
  expect(errors).toHaveLength(1);
});

test('the same seed gives the same ids, another seed others', () => {
  const ids = (seed: string): string[] => {
    const random = createRandom(seed);
    return [random.guid(), random.code(), String(random.between(10_000_000, 999_999_999))];
  };
  expect(ids('a')).toEqual(ids('a'));
  expect(ids('a')).not.toEqual(ids('b'));
  expect(ids('a')[0]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(ids('a')[1]).toMatch(/^[A-Z]{2}\d{2}[A-Z]{2}\d{2}$/);
});
