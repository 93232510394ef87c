import { describe, expect, it } from 'vitest';
import { toLabel, toList, toPlace, type ToothNotation } from '../../../widget/core/tooth-notation.ts';
import { ALL_TEETH, fromPlace, isUpper } from '../../../widget/itero-scan-request/teeth.ts';
import { parseTeeth, parseTooth, type ToothFaultKind } from '../../../widget/itero-scan-request/tooth-parse.ts';
import fc from '../../support/fast-check.ts';

const notations: ToothNotation[] = ['fdi', 'universal', 'quadrant'];
const anyTooth = fc.integer({ min: 1, max: 32 });
const anyNotation = fc.constantFrom(...notations);

describe('tooth notation', () => {
  it.each([
    [1, '18', '1', 'UR8'],
    [3, '16', '3', 'UR6'],
    [8, '11', '8', 'UR1'],
    [9, '21', '9', 'UL1'],
    [14, '26', '14', 'UL6'],
    [16, '28', '16', 'UL8'],
    [17, '38', '17', 'LL8'],
    [24, '31', '24', 'LL1'],
    [25, '41', '25', 'LR1'],
    [30, '46', '30', 'LR6'],
    [32, '48', '32', 'LR8'],
  ])('writes tooth %i of the wire as %s, %s and %s', (tooth, fdi, universal, quadrant) => {
    expect(notations.map((notation) => toLabel(tooth, notation))).toEqual([fdi, universal, quadrant]);
  });

  it('reads back every tooth that it writes, in every notation', () => {
    fc.assert(
      fc.property(anyTooth, anyNotation, (tooth, notation) => {
        expect(parseTooth(toLabel(tooth, notation), notation)).toEqual({ ok: true, value: tooth });
        expect(fromPlace(toPlace(tooth))).toBe(tooth);
      }),
    );
  });

  it('gives 32 different labels in every notation', () => {
    for (const notation of notations) {
      expect(new Set(ALL_TEETH.map((tooth) => toLabel(tooth, notation))).size).toBe(32);
    }
  });

  it('reads back every list that it writes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyTooth), anyNotation, (teeth, notation) => {
        const sorted = [...teeth].sort((a, b) => a - b);
        expect(parseTeeth(toList(teeth, notation), notation)).toEqual({ ok: true, value: sorted });
      }),
    );
  });

  it('reads a range as the teeth between its ends along one arch, whichever end comes first', () => {
    fc.assert(
      fc.property(anyTooth, anyTooth, anyNotation, (from, to, notation) => {
        const parsed = parseTeeth(`${toLabel(from, notation)} – ${toLabel(to, notation)}`, notation);
        if (isUpper(from) !== isUpper(to)) {
          expect(parsed).toMatchObject({ ok: false, error: [{ kind: 'across_jaws' }] });
          return;
        }
        expect(parsed).toMatchObject({ ok: true });
        const teeth = parsed.ok ? parsed.value : [];
        expect(teeth).toHaveLength(Math.abs(from - to) + 1);
        expect(teeth[0]).toBe(Math.min(from, to));
      }),
    );
  });

  it('never throws and never yields a tooth outside 1–32, whatever is typed', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[0-9A-Za-z#,; -]{0,12}$/)),
        anyNotation,
        (text, notation) => {
          const parsed = parseTeeth(text, notation);
          if (parsed.ok) expect(parsed.value.every((tooth) => ALL_TEETH.includes(tooth))).toBe(true);
          else expect(parsed.error.length).toBeGreaterThan(0);
        },
      ),
    );
  });

  it.each<[string, ToothNotation, number[]]>([
    ['14, 24-26', 'fdi', [5, 12, 13, 14]],
    ['14 24 - 26', 'fdi', [5, 12, 13, 14]],
    ['13-23', 'fdi', [6, 7, 8, 9, 10, 11]],
    ['#3; #14', 'universal', [3, 14]],
    ['3', 'universal', [3]],
    ['ur6 LL1', 'quadrant', [3, 24]],
    ['UR6', 'fdi', [3]],
    ['16, 16, 15-17', 'fdi', [2, 3, 4]],
    ['  ', 'fdi', []],
  ])('reads “%s” in %s', (text, notation, teeth) => {
    expect(parseTeeth(text, notation)).toEqual({ ok: true, value: teeth });
  });

  it.each<[string, ToothNotation, ToothFaultKind]>([
    ['51', 'fdi', 'primary'],
    ['85', 'fdi', 'primary'],
    ['51', 'universal', 'primary'],
    ['A', 'universal', 'primary'],
    ['t', 'universal', 'primary'],
    ['K', 'fdi', 'primary'],
    ['URE', 'quadrant', 'primary'],
    ['#14', 'fdi', 'other_notation'],
    ['14', 'quadrant', 'other_notation'],
    ['19', 'fdi', 'unknown'],
    ['56', 'fdi', 'unknown'],
    ['0', 'universal', 'unknown'],
    ['33', 'universal', 'unknown'],
    ['UR9', 'quadrant', 'unknown'],
    ['U', 'universal', 'unknown'],
    ['1-2-3', 'universal', 'unknown'],
    ['-', 'fdi', 'unknown'],
    ['14-', 'fdi', 'unknown'],
    ['18-48', 'fdi', 'across_jaws'],
    ['14-19', 'universal', 'across_jaws'],
  ])('refuses “%s” in %s as %s', (text, notation, kind) => {
    const parsed = parseTeeth(text, notation);
    expect(parsed).toMatchObject({ ok: false });
    expect(parsed.ok ? undefined : parsed.error[0]?.kind).toBe(kind);
  });

  it('reports every wrong entry of a list as it was typed', () => {
    expect(parseTeeth('14, 51, x9', 'fdi')).toEqual({
      ok: false,
      error: [
        { kind: 'primary', text: '51' },
        { kind: 'unknown', text: 'x9' },
      ],
    });
  });
});
