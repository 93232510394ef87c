import { expect, it } from 'vitest';
import { neverMet, type Aim } from './kill-driver.ts';

const met = (...figures: [Aim, number, number][]): string[] =>
  neverMet(new Map(figures.map(([aim, kills, times]) => [aim, { kills, met: times }])));

it('says which aim never met its moment, once it was tried often enough to say so', () => {
  const commit = 'an aim never met its moment: at commit, 0 of';
  expect(met(['at commit', 28, 0], ['at accept', 28, 1])).toEqual([`${commit} 28`]);
  expect(met(['at commit', 5, 0], ['at checkpoint', 9, 0])).toEqual([`${commit} 5`]);
  expect(met(['at commit', 4, 0], ['at checkpoint', 10, 0])).toEqual([
    'an aim never met its moment: at checkpoint, 0 of 10',
  ]);
});
