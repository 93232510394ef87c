import { beforeEach, expect, it } from 'vitest';
import type { Log } from '../../../bff/deps.ts';
import { createPatience, type Patience } from '../../../bff/where/patience.ts';
import { handClock, settle, silent, type HandClock } from '../support/fixtures.ts';

let clock: HandClock;
let logged: unknown[];
let patience: Patience;

beforeEach(() => {
  clock = handClock();
  logged = [];
  const log: Log = { ...silent, error: ({ error }) => void logged.push(error) };
  patience = createPatience({ clock, log });
});

const never = () => new Promise<string>(() => undefined);
const late = () => 'late';

it('is one limit for all that a question waits for, whenever it begins', async () => {
  const first = patience.wait(never(), late);
  await clock.advance(7999);
  expect(await patience.wait(Promise.resolve('in time'), late)).toBe('in time');
  const second = patience.wait(never(), late);
  await clock.advance(1);
  expect(await Promise.all([first, second, patience.wait(never(), late)])).toEqual(['late', 'late', 'late']);
});

it('tells a fault that comes in time to whoever waits, and a later one to the log alone', async () => {
  const fault = new TypeError('test');
  await expect(patience.wait(Promise.reject(fault), late)).rejects.toBe(fault);
  expect(logged).toEqual([]);
  const work = Promise.withResolvers<string>();
  const waited = patience.wait(work.promise, late);
  await clock.advance(8000);
  expect(await waited).toBe('late');
  work.reject(fault);
  await settle();
  expect(logged).toEqual([fault]);
});

it('a fault of what is under way when the question ends otherwise goes to the log', async () => {
  const work = Promise.withResolvers<string>();
  void patience.wait(work.promise, late);
  patience.end();
  await settle();
  work.reject(new TypeError('test'));
  await settle();
  expect(logged).toHaveLength(1);
});
