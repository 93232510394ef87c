import { describe, expect, it } from 'vitest';
import { nextTooth, typeAhead, type TypeAhead } from '../../../widget/itero-scan-request/tooth-keys.ts';
import { toLabel, type ToothNotation } from '../../../widget/core/tooth-notation.ts';
import { ALL_TEETH, isUpper } from '../../../widget/itero-scan-request/teeth.ts';
import { parseTooth } from '../../../widget/itero-scan-request/tooth-parse.ts';
import { drawTeeth } from '../../../widget/itero-scan-request/tooth-shapes.ts';
import fc from '../../support/fast-check.ts';

const NOTHING: TypeAhead = { text: '', at: 0 };

function type(keys: string, notation: ToothNotation, pause = 100): string {
  return Array.from(keys).reduce((typed, key, index) => typeAhead(typed, key, 5000 + index * pause, notation), NOTHING)
    .text;
}

describe('keys of the tooth chart', () => {
  it('go right and left as the teeth are drawn, and never out of the arch', () => {
    const drawn = new Map(drawTeeth().map((tooth) => [tooth.tooth, tooth]));
    for (const tooth of ALL_TEETH) {
      const right = nextTooth(tooth, 'ArrowRight') ?? 0;
      expect(isUpper(right)).toBe(isUpper(tooth));
      if (right !== tooth) expect(drawn.get(right)?.x).toBeGreaterThan(drawn.get(tooth)?.x ?? Infinity);
      const left = nextTooth(tooth, 'ArrowLeft') ?? 0;
      if (left !== tooth) expect(drawn.get(left)?.x).toBeLessThan(drawn.get(tooth)?.x ?? -Infinity);
    }
  });

  it('go up and down to the tooth that bites on this one', () => {
    expect(nextTooth(3, 'ArrowDown')).toBe(30);
    expect(nextTooth(30, 'ArrowUp')).toBe(3);
    expect(nextTooth(3, 'ArrowUp')).toBe(3);
    expect(nextTooth(17, 'ArrowDown')).toBe(17);
  });

  it('reach every tooth from every tooth by arrows alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32 }), (start) => {
        const seen = new Set([start]);
        for (const tooth of seen) {
          for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'])
            seen.add(nextTooth(tooth, key) ?? tooth);
        }
        expect(seen.size).toBe(32);
      }),
    );
  });

  it('go to the ends of the arch as drawn', () => {
    expect([nextTooth(9, 'Home'), nextTooth(9, 'End'), nextTooth(20, 'Home'), nextTooth(20, 'End')]).toEqual([
      1, 16, 32, 17,
    ]);
    expect(nextTooth(9, 'Tab')).toBeUndefined();
  });

  it('find every tooth by typing its label in the chosen notation', () => {
    for (const notation of ['fdi', 'universal', 'quadrant'] as const) {
      for (const tooth of ALL_TEETH) {
        const typed = type(toLabel(tooth, notation).toLowerCase(), notation);
        expect(parseTooth(typed, notation)).toEqual({ ok: true, value: tooth });
      }
    }
    expect(parseTooth(type('#14', 'universal'), 'universal')).toEqual({ ok: true, value: 14 });
  });

  it('begin anew after a pause, and when what follows makes no tooth', () => {
    expect(type('14', 'universal', 2000)).toBe('4');
    expect(type('1426', 'fdi')).toBe('26');
    expect(type('99', 'universal')).toBe('9');
  });

  it('let a primary tooth be typed to its end', () => {
    expect(parseTooth(type('51', 'fdi'), 'fdi')).toMatchObject({ error: { kind: 'primary' } });
    expect(parseTooth(type('t', 'universal'), 'universal')).toMatchObject({ error: { kind: 'primary' } });
  });
});

describe('the drawn arches', () => {
  const drawn = drawTeeth();

  it('hold each of the 32 teeth once, with the patient’s right on the viewer’s left', () => {
    expect(drawn.map(({ tooth }) => tooth).sort((a, b) => a - b)).toEqual(ALL_TEETH);
    const at = (tooth: number) => drawn.find((other) => other.tooth === tooth);
    expect(at(3)?.x).toBeLessThan(at(14)?.x ?? 0);
    expect(at(30)?.x).toBeLessThan(at(19)?.x ?? 0);
    expect(at(3)?.y).toBeLessThan(at(30)?.y ?? 0);
  });

  it('are symmetric, and no two neighbours lie on each other', () => {
    for (const tooth of drawn) {
      const twin = drawn.find((other) => other.tooth === (tooth.tooth <= 16 ? 17 : 49) - tooth.tooth);
      expect(Math.abs((twin?.x ?? 0) + tooth.x - 306)).toBeLessThanOrEqual(1);
    }
    for (const [index, tooth] of drawn.entries()) {
      const next = drawn[index + 1];
      if (next !== undefined) expect(Math.hypot(next.x - tooth.x, next.y - tooth.y)).toBeGreaterThan(23);
    }
  });
});
