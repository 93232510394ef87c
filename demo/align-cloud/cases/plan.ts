import { adaIdOf, anatomyOf, placeOf, type Anatomy, type Jaw } from './anatomy.ts';
import { ArchCurve } from './arch-curve.ts';
import type { CaseSpec } from './case-spec.ts';
import { Random } from './random.ts';

export type ToothState = 'natural' | 'full-prep' | 'veneer-prep' | 'cavity' | 'implant' | 'missing';

/** One tooth, placed. Everything is in the arch's own frame, where +z is towards the bite for both jaws. */
export interface ToothPlan {
  adaId: number;
  anatomy: Anatomy;
  state: ToothState;
  /** -1 the patient's right, +1 left. */
  side: -1 | 1;
  jaw: Jaw;
  position: number;
  x: number;
  y: number;
  /** Height of the gum margin at the middle of the cheek side. */
  base: number;
  /** Unit vector towards mesial. */
  mx: number;
  my: number;
  /** Crown leans buccally by this slope. */
  torque: number;
  /** Crown leans mesially by this slope. */
  tip: number;
  width: number;
  depth: number;
  crown: number;
  /** Millimetres along the arch from the midline. */
  s: number;
  /** 0 light … 1 dark. */
  chroma: number;
  /** Worn edges and cusps, 0 … 1. */
  wear: number;
}

export interface ArchPlan {
  jaw: Jaw;
  curve: ArchCurve;
  teeth: ToothPlan[];
  /** Depth of the palate under the gum margin. */
  vault: number;
  /** How far the scan reaches below the gum margin. */
  reach: number;
  /** Shapes all that differs between two scans of one patient. */
  phase: number;
  /** Shapes gums and palate of this patient. */
  character: number;
}

export interface MouthPlan {
  upper: ArchPlan;
  lower: ArchPlan;
  restorative: boolean;
}

const bite: Record<Jaw, Record<Anatomy['kind'], number>> = {
  upper: { incisor: 1.6, canine: 1.9, premolar: 1.5, molar: 1.3 },
  lower: { incisor: 1.5, canine: 1.8, premolar: 1.4, molar: 1.3 },
};

const torques: Record<Jaw, readonly number[]> = {
  upper: [0.26, 0.24, 0.05, -0.06, -0.06, -0.04, 0.02, 0.06],
  lower: [0.2, 0.18, 0.04, -0.08, -0.12, -0.16, -0.18, -0.2],
};

/** The same patient always has the same mouth; procedure, named teeth and revision change it as they would. */
export function planMouth(spec: CaseSpec): MouthPlan {
  const { firstName, lastName, chartNumber } = spec.patient;
  const identity = JSON.stringify([firstName, lastName, chartNumber]);
  const mouth = new Random(`mouth ${identity}`);
  const scan = new Random(`scan ${identity} ${spec.revision} ${spec.variant}`);
  const traits = {
    halfWidth: mouth.between(24.2, 26.6),
    form: mouth.between(1.02, 1.32),
    size: mouth.between(0.955, 1.04),
    crowding: orthodontic(spec) ? mouth.between(0.35, 1) : mouth.between(0, 0.55),
    wear: mouth.between(0, 0.7),
    chroma: mouth.between(0, 0.8),
    missing: mouth.chance(0.14)
      ? (mouth.chance(0.5) ? [5, 12, 21, 28] : [30, 19, 13, 4])[Math.floor(mouth.next() * 4)]
      : undefined,
    crooked: mouth.chance(0.4) ? [6, 11, 7, 10, 22, 27, 23, 25][Math.floor(mouth.next() * 8)] : undefined,
  };
  const states = statesOf(spec, traits.missing);
  const arch = (jaw: Jaw): ArchPlan => {
    const own = new Random(`${jaw} ${identity}`);
    const teeth = placeTeeth(jaw, own, traits, states);
    return {
      jaw,
      ...teeth,
      vault: own.between(7.2, 9.8),
      reach: own.between(7.4, 8.8) + (jaw === 'upper' ? 0.8 : 0) + scan.around(0.25),
      phase: scan.between(0, 100),
      character: own.between(0, 100),
    };
  };
  return { upper: arch('upper'), lower: arch('lower'), restorative: [...states.values()].some((s) => s !== 'missing') };
}

function orthodontic(spec: CaseSpec): boolean {
  return /invisalign|vivera|ortho|aligner/i.test(`${spec.procedure} ${spec.procedureType ?? ''}`);
}

function statesOf(spec: CaseSpec, missing: number | undefined): Map<number, ToothState> {
  const states = new Map<number, ToothState>();
  if (missing !== undefined) states.set(missing, 'missing');
  for (const tooth of spec.teeth) {
    placeOf(tooth.adaId);
    states.set(tooth.adaId, stateFor(tooth.restorationType ?? '', spec));
  }
  return states;
}

function stateFor(restoration: string, spec: CaseSpec): ToothState {
  if (/missing|pontic|extract/i.test(restoration)) return 'missing';
  if (/implant/i.test(restoration)) return 'implant';
  if (/veneer|laminate/i.test(restoration)) return 'veneer-prep';
  if (/inlay|onlay/i.test(restoration)) return 'cavity';
  if (restoration === '' && /implant/i.test(spec.procedure)) return 'implant';
  if (restoration === '' && /denture/i.test(spec.procedure)) return 'missing';
  return 'full-prep';
}

interface Traits {
  halfWidth: number;
  form: number;
  size: number;
  crowding: number;
  wear: number;
  chroma: number;
  crooked: number | undefined;
}

function placeTeeth(
  jaw: Jaw,
  own: Random,
  traits: Traits,
  states: Map<number, ToothState>,
): { curve: ArchCurve; teeth: ToothPlan[] } {
  const crowding = traits.crowding * own.between(0.6, 1.1);
  const positions = [1, 2, 3, 4, 5, 6, 7];
  const widths = positions.map((position) => anatomyOf(jaw, position).width * traits.size * own.between(0.985, 1.015));
  // Front teeth that overlap need less of the arch than their widths.
  const shares = widths.map(
    (width, i) =>
      width * (i < 3 ? (jaw === 'upper' ? 0.945 : 0.955) - 0.06 * crowding : i < 5 ? 0.972 - 0.02 * crowding : 0.982),
  );
  const half = shares.reduce((sum, share) => sum + share, 0) - shares[6]! / 2;
  const curve = new ArchCurve(
    jaw === 'upper' ? traits.halfWidth : traits.halfWidth - 2.5,
    half,
    jaw === 'upper' ? 0 : 2.9,
    traits.form,
  );
  const teeth: ToothPlan[] = [];
  for (const side of [-1, 1] as const) {
    let s = own.around(0.06);
    const last = states.has(adaIdOf({ jaw, position: 8, side })) ? 8 : 7;
    for (let position = 1; position <= last; position++) {
      const anatomy = anatomyOf(jaw, position);
      const share = shares[position - 1] ?? anatomy.width * traits.size;
      s += (side * share) / 2;
      teeth.push(
        placeTooth({
          jaw,
          side,
          position,
          anatomy,
          s,
          curve,
          own,
          crowding,
          traits,
          states,
          width: widths[position - 1] ?? share,
        }),
      );
      s += (side * share) / 2;
    }
  }
  return { curve, teeth };
}

interface Placing {
  jaw: Jaw;
  side: -1 | 1;
  position: number;
  anatomy: Anatomy;
  s: number;
  curve: ArchCurve;
  own: Random;
  crowding: number;
  traits: Traits;
  states: Map<number, ToothState>;
  width: number;
}

function placeTooth({
  jaw,
  side,
  position,
  anatomy,
  s,
  curve,
  own,
  crowding,
  traits,
  states,
  width,
}: Placing): ToothPlan {
  const adaId = adaIdOf({ jaw, position, side });
  const front = position <= 3 ? 1 : position <= 5 ? 0.45 : 0.15;
  const crooked = adaId === traits.crooked ? 1 : 0;
  const zigzag = position % 2 === 0 ? -1 : 1;
  const out = zigzag * crowding * front * own.between(0.1, 0.8) + crooked * own.between(0.7, 1.5) + own.around(0.12);
  const turn =
    (own.around(0.045) + zigzag * crowding * front * own.between(0, 0.22) + crooked * own.around(0.3)) * side;
  const { x, y, tx, ty } = curve.at(s);
  const angle = Math.atan2(ty, tx) + turn + (side < 0 ? 0 : Math.PI);
  const size = own.between(0.985, 1.015);
  const crown = anatomy.crown * (0.5 + 0.5 * traits.size) * own.between(0.97, 1.03);
  return {
    adaId,
    anatomy,
    state: states.get(adaId) ?? 'natural',
    side,
    jaw,
    position,
    x: x + ty * out,
    y: y - tx * out,
    base: bite[jaw][anatomy.kind] - crown + own.around(0.12) - crooked * own.between(0, 0.6),
    mx: Math.cos(angle),
    my: Math.sin(angle),
    torque: torques[jaw][position - 1]! + own.around(0.025),
    tip: (position <= 3 ? 0.06 : 0.03) + own.around(0.02),
    width,
    depth: anatomy.depth * traits.size * size,
    crown,
    s,
    chroma: traits.chroma * 0.7 + (anatomy.kind === 'canine' ? 0.25 : 0) + own.between(0, 0.12),
    wear: traits.wear * own.between(0.6, 1),
  };
}
