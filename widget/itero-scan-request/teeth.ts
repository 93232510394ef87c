import type { ToothPlace } from '../core/tooth-notation.ts';

/** Every tooth of the wire, 1 (upper right wisdom tooth) to 32 (lower right wisdom tooth). */
export const ALL_TEETH: readonly number[] = Array.from({ length: 32 }, (_, index) => index + 1);

export function isUpper(tooth: number): boolean {
  return tooth <= 16;
}

export function fromPlace({ quadrant, position }: ToothPlace): number {
  const fromMidline = { 1: 9 - position, 2: 8 + position, 3: 25 - position, 4: 24 + position };
  return fromMidline[quadrant];
}
