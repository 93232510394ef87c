import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sweepOrphans } from '../../../bff/scans/pictures/orphans.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'itero-orphans-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function put(folder: string, name: string, at: number): void {
  mkdirSync(join(directory, folder), { recursive: true });
  writeFileSync(join(directory, folder, name), 'x');
  utimesSync(join(directory, folder, name), at / 1000, at / 1000);
}
const names = (): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort((a, b) => a.localeCompare(b));

it('goes what nobody knows and nobody has touched lately, and nothing else', async () => {
  for (let index = 0; index < 450; index += 1) put('ab', `ab-${index}`, 1000);
  put('cd', 'cd-known', 1000);
  put('cd', 'cd-fresh', 5000);
  put('other', 'not-ours', 1000);
  const asked: number[] = [];
  await sweepOrphans(directory, 2000, (some) => {
    asked.push(some.length);
    return Promise.resolve(some.filter((name) => name !== 'cd-known' && name !== 'ab-7'));
  });
  expect(names()).toEqual(['ab-7', 'cd-fresh', 'cd-known', 'not-ours']);
  expect(Math.max(...asked)).toBeLessThanOrEqual(200);
});

it('a folder that is not there yet holds none', async () => {
  await sweepOrphans(join(directory, 'later'), 2000, () => Promise.reject(new Error('asked')));
  expect(names()).toEqual([]);
});
