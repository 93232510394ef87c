/** How people write teeth. The wire always has universal 1–32 (align-api §4 `AdaId`). */
export type ToothNotation = 'fdi' | 'universal' | 'quadrant';

/** Quadrants as FDI counts them: 1 upper right, 2 upper left, 3 lower left, 4 lower right, of the patient. */
export type Quadrant = 1 | 2 | 3 | 4;

/** A permanent tooth: its quadrant and its place counted from the midline, 1 (central incisor) to 8 (wisdom tooth). */
export interface ToothPlace {
  readonly quadrant: Quadrant;
  readonly position: number;
}

export const QUADRANT_LETTERS = ['UR', 'UL', 'LL', 'LR'] as const;

export function toPlace(tooth: number): ToothPlace {
  if (tooth <= 8) return { quadrant: 1, position: 9 - tooth };
  if (tooth <= 16) return { quadrant: 2, position: tooth - 8 };
  if (tooth <= 24) return { quadrant: 3, position: 25 - tooth };
  return { quadrant: 4, position: tooth - 24 };
}

/** Universal number → what a person reads: `16`, `3` or `UR6`. */
export function toLabel(tooth: number, notation: ToothNotation): string {
  if (notation === 'universal') return String(tooth);
  const { quadrant, position } = toPlace(tooth);
  return notation === 'fdi' ? `${quadrant}${position}` : `${QUADRANT_LETTERS[quadrant - 1]}${position}`;
}

/** Universal numbers → the list that `parseTeeth` (tooth-parse) reads back. */
export function toList(teeth: readonly number[], notation: ToothNotation): string {
  return teeth.map((tooth) => toLabel(tooth, notation)).join(', ');
}
