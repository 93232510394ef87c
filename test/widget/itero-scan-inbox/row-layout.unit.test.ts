import { describe, expect, it } from 'vitest';
import { layOut, rowAt, shiftOf, spanOf, topOf, type RowKey } from '../../../widget/itero-scan-inbox/row-layout.ts';
import fc from '../../support/fast-check.ts';

const keys = (...ids: string[]): RowKey[] => ids.map((id) => ({ id, stamp: '' }));
const tall = new Map([
  ['a', 100],
  ['b', 300],
]);

describe('the layout of rows', () => {
  it('uses measured heights, and the estimate for the others', () => {
    const layout = layOut(keys('a', 'b', 'c'), tall, 50);
    expect([...layout.tops]).toEqual([0, 100, 400, 450]);
  });

  it('gives the rows that reach into a view, both edges included', () => {
    const layout = layOut(keys('a', 'b', 'c', 'd'), tall, 50);
    expect(spanOf(layout, 120, 410)).toEqual({ first: 1, end: 3 });
    expect(spanOf(layout, -500, -400)).toEqual({ first: 0, end: 1 });
    expect(spanOf(layout, 9000, 9100)).toEqual({ first: 3, end: 4 });
    expect(spanOf(layOut([], tall, 50), 0, 100)).toEqual({ first: 0, end: 0 });
  });

  it('finds the row at any height', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), fc.nat(), (heights, at) => {
        const ids = heights.map((_, index) => String(index));
        const layout = layOut(keys(...ids), new Map(ids.map((id, index) => [id, heights[index] ?? 0])), 50);
        const inside = at % topOf(layout, ids.length);
        const row = rowAt(layout, inside);
        expect(topOf(layout, row)).toBeLessThanOrEqual(inside);
        expect(topOf(layout, row + 1)).toBeGreaterThan(inside);
      }),
    );
  });

  const before = layOut(keys('a', 'b', 'c', 'd'), new Map(), 50);
  it('follows the first row in view when one comes above', () => {
    const after = layOut(keys('new', 'a', 'b', 'c', 'd'), new Map(), 50);
    expect(shiftOf(before, after, { from: 60, to: 140 }, [])).toBe(50);
  });

  it('follows the focused row, not one that moved by itself', () => {
    const moved: RowKey[] = [{ id: 'b', stamp: 'later' }, ...keys('a', 'c', 'd')];
    const after = layOut(moved, new Map(), 50);
    expect(shiftOf(before, after, { from: 60, to: 140 }, [])).toBe(0);
    expect(shiftOf(before, after, { from: 60, to: 140 }, ['b'])).toBe(-50);
  });

  it('pays no regard to a focused row out of view', () => {
    const after = layOut(keys('new', 'a', 'b', 'c', 'd'), new Map([['d', 400]]), 50);
    expect(shiftOf(before, after, { from: 0, to: 90 }, ['d'])).toBe(50);
  });
});
