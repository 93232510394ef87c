/** Averages of the permanent dentition in millimetres (after Wheeler's tables), positions 1 (central) to 8 (wisdom). */
export type ToothKind = 'incisor' | 'canine' | 'premolar' | 'molar';
export type Jaw = 'upper' | 'lower';

export interface Cusp {
  /** Mesial of the tooth's middle. */
  m: number;
  /** Buccal of the tooth's middle. */
  b: number;
  /** Below the tooth's highest cusp. */
  drop: number;
}

export interface Anatomy {
  kind: ToothKind;
  /** Mesiodistal. */
  width: number;
  /** Buccolingual. */
  depth: number;
  crown: number;
  cusps: readonly Cusp[];
}

const cusp = (m: number, b: number, drop = 0): Cusp => ({ m, b, drop });

const upperMolar = [cusp(2.2, 3.1, 0.1), cusp(-2.4, 2.9, 0.35), cusp(1.4, -3.0, 0), cusp(-2.9, -2.7, 0.9)];

const upper: readonly Anatomy[] = [
  { kind: 'incisor', width: 8.6, depth: 7.1, crown: 10.4, cusps: [] },
  { kind: 'incisor', width: 6.7, depth: 6.2, crown: 9.2, cusps: [] },
  { kind: 'canine', width: 7.7, depth: 8.0, crown: 10.4, cusps: [] },
  { kind: 'premolar', width: 7.1, depth: 9.2, crown: 8.6, cusps: [cusp(0, 2.6), cusp(0.3, -2.4, 0.8)] },
  { kind: 'premolar', width: 6.8, depth: 9.2, crown: 8.1, cusps: [cusp(0, 2.5), cusp(0.3, -2.4, 0.25)] },
  { kind: 'molar', width: 10.3, depth: 11.2, crown: 7.5, cusps: upperMolar },
  {
    kind: 'molar',
    width: 9.6,
    depth: 11.0,
    crown: 7.2,
    cusps: [cusp(2.1, 3.0, 0.1), cusp(-2.2, 2.7, 0.5), cusp(1.0, -2.9, 0), cusp(-2.7, -2.4, 1.3)],
  },
  { kind: 'molar', width: 8.8, depth: 10, crown: 6.6, cusps: [cusp(2, 2.7), cusp(-2, 2.4, 0.5), cusp(0.2, -2.6, 0.2)] },
];

const lower: readonly Anatomy[] = [
  { kind: 'incisor', width: 5.4, depth: 6.0, crown: 8.8, cusps: [] },
  { kind: 'incisor', width: 5.9, depth: 6.3, crown: 9.1, cusps: [] },
  { kind: 'canine', width: 6.9, depth: 7.7, crown: 10.4, cusps: [] },
  { kind: 'premolar', width: 7.1, depth: 7.8, crown: 8.7, cusps: [cusp(0.1, 1.5), cusp(0.2, -2.2, 2.0)] },
  {
    kind: 'premolar',
    width: 7.2,
    depth: 8.3,
    crown: 8.2,
    cusps: [cusp(0.2, 1.9), cusp(0.9, -2.3, 0.7), cusp(-1.4, -2.2, 1.1)],
  },
  {
    kind: 'molar',
    width: 11.2,
    depth: 10.5,
    crown: 7.6,
    cusps: [
      cusp(3.0, 2.7, 0.25),
      cusp(-0.7, 2.8, 0.35),
      cusp(-3.7, 1.6, 0.8),
      cusp(2.6, -2.8, 0),
      cusp(-2.2, -2.8, 0.1),
    ],
  },
  {
    kind: 'molar',
    width: 10.6,
    depth: 10.2,
    crown: 7.2,
    cusps: [cusp(2.5, 2.6, 0.2), cusp(-2.4, 2.5, 0.35), cusp(2.4, -2.7, 0), cusp(-2.4, -2.6, 0.15)],
  },
  {
    kind: 'molar',
    width: 10,
    depth: 9.6,
    crown: 6.8,
    cusps: [cusp(2.4, 2.4, 0.2), cusp(-2.3, 2.3, 0.4), cusp(2.2, -2.5, 0), cusp(-2.2, -2.4, 0.3)],
  },
];

/** `position` counts from the midline, 1–8. */
export function anatomyOf(jaw: Jaw, position: number): Anatomy {
  const found = (jaw === 'upper' ? upper : lower)[position - 1];
  if (!found) throw new RangeError(`no tooth at position ${position}`);
  return found;
}

export interface Place {
  jaw: Jaw;
  position: number;
  /** -1 the patient's right, +1 the patient's left. */
  side: -1 | 1;
}

export function placeOf(adaId: number): Place {
  if (!Number.isInteger(adaId) || adaId < 1 || adaId > 32) throw new RangeError(`no universal tooth number: ${adaId}`);
  if (adaId <= 8) return { jaw: 'upper', position: 9 - adaId, side: -1 };
  if (adaId <= 16) return { jaw: 'upper', position: adaId - 8, side: 1 };
  if (adaId <= 24) return { jaw: 'lower', position: 25 - adaId, side: 1 };
  return { jaw: 'lower', position: adaId - 24, side: -1 };
}

export function adaIdOf({ jaw, position, side }: Place): number {
  if (jaw === 'upper') return side < 0 ? 9 - position : 8 + position;
  return side < 0 ? 24 + position : 25 - position;
}
