import { fail, ok, type Result } from '../../shared/result.ts';
import { QUADRANT_LETTERS, type Quadrant, type ToothNotation } from '../core/tooth-notation.ts';
import { ALL_TEETH, fromPlace, isUpper } from './teeth.ts';

/**
 * Why an entry is not a tooth. `primary`: a deciduous tooth, which the wire does not know and which is never mapped
 * (rules.md "Words for people"). `other_notation`: written in a way that means another tooth elsewhere. `across_jaws`:
 * a range from one jaw into the other.
 */
export type ToothFaultKind = 'unknown' | 'primary' | 'other_notation' | 'across_jaws';
export interface ToothFault {
  readonly kind: ToothFaultKind;
  /** The entry as it was typed. */
  readonly text: string;
}

const PRIMARY = /^(?:[5-8][1-5]|[A-T]|(?:UR|UL|LL|LR)[A-E])$/;

/**
 * One tooth as a person writes it in `notation`. `UR6` is understood everywhere, because it means one tooth only;
 * `#3` is universal and refused elsewhere, because 14 and #14 are different teeth.
 */
export function parseTooth(text: string, notation: ToothNotation): Result<number, ToothFault> {
  const entry = text.trim().toUpperCase();
  const wrong = (kind: ToothFaultKind) => fail({ kind, text: text.trim() });

  const byQuadrant = /^(UR|UL|LL|LR)([1-8])$/.exec(entry);
  if (byQuadrant) {
    const quadrant = (QUADRANT_LETTERS.findIndex((letters) => letters === byQuadrant[1]) + 1) as Quadrant;
    return ok(fromPlace({ quadrant, position: Number(byQuadrant[2]) }));
  }
  if (PRIMARY.test(entry)) return wrong('primary');

  const universal = /^#?(\d{1,2})$/.exec(entry);
  if (notation === 'universal') {
    const tooth = Number(universal?.[1]);
    return tooth >= 1 && tooth <= 32 ? ok(tooth) : wrong('unknown');
  }
  if (entry.startsWith('#')) return wrong(universal ? 'other_notation' : 'unknown');
  if (notation === 'quadrant') return wrong(universal ? 'other_notation' : 'unknown');

  const fdi = /^([1-4])([1-8])$/.exec(entry);
  if (!fdi) return wrong('unknown');
  return ok(fromPlace({ quadrant: Number(fdi[1]) as Quadrant, position: Number(fdi[2]) }));
}

function parseRange(entry: string, notation: ToothNotation): Result<number[], ToothFault> {
  const ends = entry.split('-');
  const [from, to] = ends;
  if (ends.length > 2 || from === undefined) return fail({ kind: 'unknown', text: entry });
  const first = parseTooth(from, notation);
  if (!first.ok || to === undefined) return first.ok ? ok([first.value]) : first;
  const last = parseTooth(to, notation);
  if (!last.ok) return last;
  if (isUpper(first.value) !== isUpper(last.value)) return fail({ kind: 'across_jaws', text: entry });
  const low = Math.min(first.value, last.value);
  const high = Math.max(first.value, last.value);
  return ok(ALL_TEETH.slice(low - 1, high));
}

/**
 * `14, 24-26` → universal numbers, ascending and each once. A range follows the dental arch: FDI `13-23` is six teeth.
 * Separators: comma, semicolon, white space; a dash of any kind makes a range. Every wrong entry is reported.
 */
export function parseTeeth(text: string, notation: ToothNotation): Result<number[], ToothFault[]> {
  const entries = text
    .replaceAll(/\s*[-‐‑‒–—]\s*/g, '-')
    .split(/[\s,;]+/)
    .filter((entry) => entry !== '');
  const teeth = new Set<number>();
  const faults: ToothFault[] = [];
  for (const entry of entries) {
    const parsed = parseRange(entry, notation);
    if (parsed.ok) parsed.value.forEach((tooth) => teeth.add(tooth));
    else faults.push(parsed.error);
  }
  return faults.length > 0 ? fail(faults) : ok([...teeth].sort((a, b) => a - b));
}
