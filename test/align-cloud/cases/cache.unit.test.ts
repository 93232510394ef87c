import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CaseCache } from '../../../demo/align-cloud/cases/cache.ts';
import { sampleCase, temporaryFolder } from './sample-case.ts';

const NOW = Date.UTC(2026, 10, 2);
const HOUR = 3_600_000;

describe('the cache of finished files', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  function file(name: string, size: number, age: number): string {
    const path = join(folder.path, name);
    writeFileSync(path, new Uint8Array(size));
    utimesSync(path, (NOW - age) / 1000, (NOW - age) / 1000);
    return path;
  }
  const name = (digit: string): string => `ide-${digit.repeat(32)}.zip`;

  it('deletes the least recently used first, and no more than it must', async () => {
    const old = file(name('1'), 400, 3 * HOUR);
    const middle = file(name('2'), 400, 2 * HOUR);
    const recent = file(name('3'), 400, HOUR);
    await new CaseCache(folder.path, 900).prune(NOW);
    expect([old, middle, recent].map((path) => existsSync(path))).toEqual([false, true, true]);
  });

  it('spares what was asked for a moment ago, and files that are not its own', async () => {
    const fresh = file(name('1'), 400, 1000);
    const foreign = file('notes.txt', 4000, 9 * HOUR);
    await new CaseCache(folder.path, 100).prune(NOW);
    expect(existsSync(fresh)).toBe(true);
    expect(existsSync(foreign)).toBe(true);
  });

  it('sweeps up what a killed thread left half-written', async () => {
    const left = file(`${name('1')}.4711.part`, 10, HOUR);
    const running = file(`${name('2')}.4711.part`, 10, 1000);
    await new CaseCache(folder.path, 1000).prune(NOW);
    expect(existsSync(left)).toBe(false);
    expect(existsSync(running)).toBe(true);
  });

  it('keeps pictures apart from what they do not show, and the iDE from nothing', () => {
    const cache = new CaseCache(folder.path, 1000);
    const before = sampleCase();
    const after = sampleCase({ exportFormat: 'ply', notes: 'other' });
    expect(cache.pathOf('gallery', after, 'small')).toBe(cache.pathOf('gallery', before, 'small'));
    expect(cache.pathOf('ide', after, 'small')).not.toBe(cache.pathOf('ide', before, 'small'));
    for (const kind of ['ide', 'gallery', 'captures'] as const) {
      expect(cache.pathOf(kind, sampleCase({ revision: 2 }), 'small')).not.toBe(cache.pathOf(kind, before, 'small'));
      expect(cache.pathOf(kind, before, 'full')).not.toBe(cache.pathOf(kind, before, 'small'));
    }
  });
});
