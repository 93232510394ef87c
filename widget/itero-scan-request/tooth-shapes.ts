import { toPlace } from '../core/tooth-notation.ts';
import { ALL_TEETH, isUpper } from './teeth.ts';

/**
 * Occlusal outlines by class, in a box of 100 × 100 around 0: mesial to the right, cheek or lip side up. Lobes stand
 * for cusps; `relief` draws fissures, or the incisal edge of front teeth.
 */
export type ToothClass = 'incisor' | 'canine' | 'premolar' | 'upper_molar' | 'lower_molar';

interface ToothForm {
  readonly outline: string;
  readonly relief: string;
}

export const FORMS: Record<ToothClass, ToothForm> = {
  incisor: {
    outline: 'M-48-14C-42-42-16-50 0-50C16-50 42-42 48-14C50 10 26 47 0 49C-26 47-50 10-48-14Z',
    relief: 'M-39-13C-20-25 20-25 39-13',
  },
  canine: {
    outline: 'M-47-4C-40-30-14-50 1-50C18-50 42-30 48-6C44 24 20 50 2 50C-20 50-43 22-47-4Z',
    relief: 'M-33-3L2-18L34-4M2-18L3 20',
  },
  premolar: {
    outline: 'M0-50C27-50 47-38 48-10C48 16 36 50 0 50C-36 50-48 16-48-10C-47-38-27-50 0-50Z',
    relief: 'M-27 0C-12 8 12 8 27 0M-27 0L-34-9M-27 0L-34 10M27 0L34-9M27 0L34 10',
  },
  upper_molar: {
    outline:
      'M2-43C10-51 34-52 43-40C51-28 46-12 47 0C49 18 47 40 33 47C20 53 7 48 0 43C-8 50-27 51-39 42C-50 32-47 14-47 0C-49-16-50-32-40-42C-28-51-8-50 2-43Z',
    relief: 'M33 1C20-6 10-5 3-2L2-31M-33-3C-25 7-15 7-8 14L-5 33M3-2L-8 14',
  },
  lower_molar: {
    outline:
      'M16-45C24-52 42-48 46-34C50-20 46-8 47 2C49 20 47 40 34 46C22 51 8 48 0 43C-8 48-24 51-37 45C-49 38-47 18-47 2C-48-12-50-28-42-38C-36-47-24-48-16-43C-8-51 8-51 16-45Z',
    relief: 'M-35 3C-20-5-10 6 0 0C10-6 20 4 35 0M16-2L15-31M-15 0L-17-29M0 0L0 30',
  },
};

/** Width along the arch and depth across it, in units of the drawing, from the central incisor to the wisdom tooth. */
const UPPER_SIZES = [
  [29, 23],
  [24.5, 21],
  [26, 26],
  [24.5, 29],
  [24.5, 29],
  [32, 33],
  [31, 33],
  [28, 29],
] as const;
const LOWER_SIZES = [
  [24, 21],
  [24, 22],
  [25.5, 25],
  [24.5, 26],
  [25, 28],
  [34, 32],
  [33, 31],
  [30, 29],
] as const;

/** A tooth as it is drawn: where, how turned, and where its number stands (on the tongue side). */
export interface DrawnTooth {
  readonly tooth: number;
  readonly form: ToothForm;
  readonly x: number;
  readonly y: number;
  /** SVG transform from the box of the outline to the drawing. */
  readonly transform: string;
  readonly labelX: number;
  readonly labelY: number;
}

export const DRAWING = { width: 306, height: 388, upperY: 177, lowerY: 211 } as const;
const CENTRE = DRAWING.width / 2;
const RADIUS_X = 133;
const RADIUS_Y = 157;
/** From a tooth's tongue side to the middle of its number. */
const LABEL_GAP = 9;

export function toothClass(tooth: number): ToothClass {
  const { position } = toPlace(tooth);
  if (position <= 2) return 'incisor';
  if (position === 3) return 'canine';
  if (position <= 5) return 'premolar';
  return isUpper(tooth) ? 'upper_molar' : 'lower_molar';
}

interface ArcPoint {
  readonly length: number;
  readonly angle: number;
}

/** Half an ellipse from the viewer's left to the right, measured along its arc. */
function halfEllipse(): ArcPoint[] {
  const steps = 720;
  const points: ArcPoint[] = [{ length: 0, angle: Math.PI }];
  let length = 0;
  for (let step = 1; step <= steps; step += 1) {
    const angle = Math.PI * (1 - step / steps);
    const before = Math.PI * (1 - (step - 1) / steps);
    length += Math.hypot(
      RADIUS_X * (Math.cos(angle) - Math.cos(before)),
      RADIUS_Y * (Math.sin(angle) - Math.sin(before)),
    );
    points.push({ length, angle });
  }
  return points;
}

const round = (value: number) => Math.round(value * 10) / 10;

function drawArch(upper: boolean, arc: readonly ArcPoint[]): DrawnTooth[] {
  const teeth = ALL_TEETH.filter((tooth) => isUpper(tooth) === upper);
  // Patient's right on the viewer's left: the lower arch is numbered the other way round.
  if (!upper) teeth.reverse();
  const sizes = teeth.map((tooth) => (upper ? UPPER_SIZES : LOWER_SIZES)[toPlace(tooth).position - 1] ?? [24, 24]);
  const total = arc.at(-1)?.length ?? 0;
  const gap = (total - sizes.reduce((sum, [width]) => sum + width, 0)) / teeth.length;
  let along = 0;
  return teeth.map((tooth, index) => {
    const [width, depth] = sizes[index] ?? [24, 24];
    const middle = along + (width + gap) / 2;
    along += width + gap;
    const angle = arc.find((point) => point.length >= middle)?.angle ?? 0;
    const down = upper ? -1 : 1;
    const x = CENTRE + RADIUS_X * Math.cos(angle);
    const y = (upper ? DRAWING.upperY : DRAWING.lowerY) + down * RADIUS_Y * Math.sin(angle);
    const outwards = Math.atan2(Math.cos(angle) / RADIUS_X, (-down * Math.sin(angle)) / RADIUS_Y);
    const toTongue = depth / 2 + LABEL_GAP;
    // After the turn, the box's right side points clockwise; mesial is there for 1–8 and 17–24 only.
    const mesial = toPlace(tooth).quadrant % 2 === 1 ? 1 : -1;
    return {
      tooth,
      form: FORMS[toothClass(tooth)],
      x: round(x),
      y: round(y),
      transform: `translate(${round(x)} ${round(y)}) rotate(${round((outwards * 180) / Math.PI)}) scale(${(mesial * width) / 100} ${depth / 100})`,
      labelX: round(x - Math.sin(outwards) * toTongue),
      labelY: round(y + Math.cos(outwards) * toTongue),
    };
  });
}

/** Both arches, each from the viewer's left to the right: 1–16, then 32–17. */
export function drawTeeth(): DrawnTooth[] {
  const arc = halfEllipse();
  return [...drawArch(true, arc), ...drawArch(false, arc)];
}
