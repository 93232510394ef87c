import { describe, expect, it } from 'vitest';
import { RecentlyUsed } from '../../bff/recently-used.ts';

const keysOf = (kept: RecentlyUsed<string>, among: string): string =>
  among
    .split('')
    .filter((key) => kept.get(key) !== undefined)
    .join('');

describe('what was used lately', () => {
  it('is kept up to the bound, the oldest goes first', () => {
    const kept = new RecentlyUsed<string>(3);
    for (const key of 'abcd') kept.set(key, key);
    expect(keysOf(kept, 'abcd')).toBe('bcd');
  });

  it('stays once more when it was asked for', () => {
    const kept = new RecentlyUsed<string>(3);
    for (const key of 'abc') kept.set(key, key);
    kept.get('a');
    kept.set('d', 'd');
    expect(keysOf(kept, 'abcd')).toBe('acd');
  });

  it('goes when everything was asked for: the newest always stays', () => {
    const kept = new RecentlyUsed<string>(3);
    for (const key of 'abc') kept.set(key, key);
    keysOf(kept, 'abc');
    kept.set('d', 'd');
    expect(keysOf(kept, 'abcd')).toBe('bcd');
  });

  it('is bounded by size, also when a value is replaced by a larger one', () => {
    const kept = new RecentlyUsed<string>(10, (value) => value.length);
    kept.set('a', '1234');
    kept.set('b', '1234');
    kept.set('b', '12345678');
    expect([kept.get('a'), kept.get('b')]).toEqual([undefined, '12345678']);
    kept.set('c', '12');
    expect([kept.get('b'), kept.get('c')]).toEqual(['12345678', '12']);
    kept.set('d', '123');
    expect([kept.get('b'), kept.get('c'), kept.get('d')]).toEqual([undefined, '12', '123']);
  });

  it('holds nothing that is larger than the bound, and forgets what it is told to', () => {
    const kept = new RecentlyUsed<string>(3, (value) => value.length);
    kept.set('a', '1234');
    expect(kept.get('a')).toBeUndefined();
    kept.set('b', '123');
    kept.delete('b');
    kept.set('c', '123');
    expect(kept.get('c')).toBe('123');
    kept.clear();
    kept.set('d', '123');
    expect([kept.get('c'), kept.get('d')]).toEqual([undefined, '123']);
  });
});
