import { expect, it } from 'vitest';
import { isOn } from '../../bff/pause.ts';

const MINUTE = 60_000;
const pause = { since: 100 * MINUTE, until: 110 * MINUTE };

it('a pause is on until its very end', () => {
  expect(isOn(pause, 100 * MINUTE)).toBe(true);
  expect(isOn(pause, 110 * MINUTE - 1)).toBe(true);
  expect(isOn(pause, 110 * MINUTE)).toBe(false);
});

it('a pause is over when the clock was set back by more than clocks are set right by', () => {
  expect(isOn(pause, 99 * MINUTE)).toBe(true);
  expect(isOn(pause, 99 * MINUTE - 1)).toBe(false);
});
