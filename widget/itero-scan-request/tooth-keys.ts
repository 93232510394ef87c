import { toLabel, type ToothNotation } from '../core/tooth-notation.ts';
import { ALL_TEETH, isUpper } from './teeth.ts';

/** Where an arrow leads from a tooth, as one sees the chart: left and right along the arch, up and down across. */
export function nextTooth(tooth: number, key: string): number | undefined {
  const upper = isUpper(tooth);
  const [first, last] = upper ? [1, 16] : [32, 17];
  const right = upper ? 1 : -1;
  switch (key) {
    case 'ArrowRight':
      return tooth === last ? tooth : tooth + right;
    case 'ArrowLeft':
      return tooth === first ? tooth : tooth - right;
    case 'ArrowDown':
      return upper ? 33 - tooth : tooth;
    case 'ArrowUp':
      return upper ? tooth : 33 - tooth;
    case 'Home':
      return first;
    case 'End':
      return last;
    default:
      return undefined;
  }
}

/** What was typed so far, and when (ms, the events' own clock). */
export interface TypeAhead {
  readonly text: string;
  readonly at: number;
}

const PAUSE_MS = 1200;

function isBeginning(text: string, notation: ToothNotation): boolean {
  const plain = notation === 'universal' ? text.replace(/^#/, '') : text;
  const begins = (label: string) => label.startsWith(plain);
  // A primary tooth may be typed to its end, so that it can be said why it is not there.
  if (notation === 'fdi' && /^[5-8][1-5]?$/.test(plain)) return true;
  return ALL_TEETH.some((tooth) => begins(toLabel(tooth, notation)) || begins(toLabel(tooth, 'quadrant')));
}

/** One more key: it goes on with what was typed if both make a tooth, else it begins anew; so it does after a pause. */
export function typeAhead(before: TypeAhead, key: string, at: number, notation: ToothNotation): TypeAhead {
  const longer = before.text + key.toUpperCase();
  const goesOn = at - before.at < PAUSE_MS && isBeginning(longer, notation);
  return { text: goesOn ? longer : key.toUpperCase(), at };
}
