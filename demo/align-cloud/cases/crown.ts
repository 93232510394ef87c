import type { ToothPlan } from './plan.ts';
import { bulge, smoothMax, smoothMin, smoothStep, superellipse } from './shape.ts';

/** Distances to one tooth in its own frame: `m` mesial, `b` buccal, `o` above the gum margin, in millimetres. */
export interface CrownShape {
  (m: number, b: number, o: number): number;
}

export function crownShape(plan: ToothPlan): CrownShape {
  const natural = plan.anatomy.cusps.length === 0 ? frontCrown(plan) : backCrown(plan);
  switch (plan.state) {
    case 'natural':
      return natural;
    case 'missing':
      return () => 1e3;
    case 'full-prep':
      return preparation(plan);
    case 'veneer-prep':
      return veneerPreparation(plan, natural);
    case 'cavity':
      return cavityPreparation(plan, natural);
    case 'implant':
      return scanBody(plan);
    default:
      return plan.state satisfies never;
  }
}

/** Half axes of the neck, which gum and preparations follow. */
export function neckOf(plan: ToothPlan): { m: number; b: number } {
  const back = plan.anatomy.cusps.length > 0;
  return { m: (plan.width / 2) * (back ? 0.84 : 0.78), b: (plan.depth / 2) * (back ? 0.88 : 0.9) };
}

/** Incisors and canines: a labial face, a hollow lingual face with marginal ridges, an edge. */
function frontCrown(plan: ToothPlan): CrownShape {
  const canine = plan.anatomy.kind === 'canine';
  const half = plan.width / 2;
  const neck = neckOf(plan).b;
  const h = plan.crown;
  const edgeAt = plan.depth * 0.1;
  const edge = (canine ? 0.85 : 0.52) + plan.wear * 0.25;
  const ridge = canine ? 0.25 : 0.55;
  const upper = plan.jaw === 'upper';
  const point = canine ? 2.0 - plan.wear * 0.9 : 0;
  const mamelons = (1 - plan.wear) * (plan.position <= 2 ? 0.09 : 0);
  const corner = (upper ? (plan.position === 2 ? 1.1 : 0.7) : 0.35) * (canine ? 0.4 : 1);
  return (m, b, o) => {
    const u = o < 0 ? 0 : o > h ? 1 : o / h;
    const wide = half * bulge(u, 0.78, canine ? 0.2 : upper ? 0.23 : 0.3, canine ? 0.12 : 0.03);
    const r = m / wide;
    const r2 = r * r;
    const labialTop = edgeAt + edge;
    // The labial face: fullest in its cervical third, then nearly straight to the edge.
    const t = u < 0.28 ? (0.28 - u) / 0.28 : (u - 0.28) / 0.72;
    const labial =
      u < 0.28 ? neck * 1.07 - neck * 0.07 * t * t : neck * 1.07 - (neck * 1.07 - labialTop) * t * t * (2 - t);
    // Below the cingulum full, then quickly hollow.
    const s = u < 0.1 ? 0 : (u - 0.1) / 0.9;
    const fall = 1 - (s * s * 1.16) / (s + 0.16);
    const shovel =
      (upper ? ridge : ridge * 0.45) * Math.min(1, r2 * r2) * smoothStep(0.1, 0.4, u) * (1 - smoothStep(0.8, 1, u));
    const hollow =
      (canine ? -0.4 * Math.exp(-9 * r2) : (upper ? 0.5 : 0.22) * Math.max(0, 1 - r2)) *
      smoothStep(0.14, 0.45, u) *
      (1 - smoothStep(0.65, 1, u));
    const lingual = edge - edgeAt + (neck + edgeAt - edge) * fall * (0.4 + 0.6 * fall) + shovel - hollow;
    const lobes = u > 0.25 && !canine ? 0.07 * Math.cos(r * 4.6) * (u - 0.25) : 0;
    const middle = (labial - lingual) / 2;
    const thick = (labial + lingual) / 2 + lobes + (canine ? 0.22 * (1 - Math.min(1, r2 * 2)) : 0);
    const side = superellipse(m, b - middle, wide, Math.max(0.35, thick));
    const distal = m < 0 ? -m / half : 0;
    const mesial = m > 0 ? m / half : 0;
    let top = h - corner * distal * distal * distal - 0.25 * mesial ** 4;
    if (mamelons > 0) top += mamelons * Math.cos((m / half) * 7.2);
    if (canine) {
      const off = m - 0.25;
      top -= (Math.sqrt(off * off + 0.12) - 0.35) * (off > 0 ? point * 0.24 : point * 0.31);
    }
    return smoothMax(side, (o - top) * 0.9, canine ? 0.9 : 0.55);
  };
}

/** Premolars and molars: an oval or rhomboid body under a field of cusps, ridges and fossae. */
function backCrown(plan: ToothPlan): CrownShape {
  const half = plan.width / 2;
  const deep = plan.depth / 2;
  const h = plan.crown;
  const upper = plan.jaw === 'upper';
  const molar = plan.anatomy.kind === 'molar';
  const scaleM = plan.width / plan.anatomy.width;
  const scaleB = plan.depth / plan.anatomy.depth;
  const wear = plan.wear * 0.35;
  const steep = (molar ? 0.74 : 0.72) * (1 - plan.wear * 0.2);
  const cusps = plan.anatomy.cusps.map(({ m, b, drop }) => {
    const length = Math.hypot(m * 0.55, b);
    return {
      m: m * scaleM,
      b: b * scaleB,
      height: h - drop * (1 - plan.wear * 0.3) - wear,
      ux: (-m * 0.55) / length,
      uy: -b / length,
    };
  });
  const marginal = h - (molar ? 1.3 : 1.55);
  const skew = upper && molar ? 0.13 : 0;
  const taper = upper ? 0.2 : 0.3;
  return (m, b, o) => {
    const u = o < 0 ? 0 : o > h ? 1 : o / h;
    const wide = half * bulge(u, 0.66, 0.19, 0.1);
    const buccal = deep * bulge(u, 0.3, 0.1, taper);
    const lingual = deep * bulge(u, 0.45, 0.12, upper ? 0.26 : 0.2);
    const middle = (buccal - lingual) / 2;
    const ms = m - skew * b;
    const narrow = 1 - (b < 0 && !molar ? 0.1 : b < 0 && !upper ? 0.05 : 0) * Math.min(1, -b / deep);
    let thick = (buccal + lingual) / 2;
    if (molar && u > 0.25) {
      // The buccal groove between the cusps runs down the cheek side and fades.
      const groove = upper ? ms + 0.1 : ms - 1.2 * scaleM;
      thick -= (0.42 * smoothStep(0.25, 0.9, u)) / (1 + groove * groove * 3);
    }
    const side = superellipse(ms, b - middle, wide * narrow, thick);
    if (o < h * 0.42) return smoothMax(side, o - h, 0.5);
    let field = -1e3;
    for (const { m: cm, b: cb, height, ux, uy } of cusps) {
      const dm = ms - cm;
      const db = b - cb;
      const inward = dm * ux + db * uy;
      const aside = dm * uy - db * ux;
      const along = inward > 0 ? steep * 0.8 : steep * 1.1;
      const across = steep * 1.3;
      const cone = height - Math.sqrt(inward * inward * along * along + aside * aside * across * across + 0.07) + 0.26;
      field = field < -500 ? cone : smoothMax(field, cone, 0.3);
    }
    const rim = Math.abs(ms) - (half - 0.95);
    const ridge = marginal - Math.sqrt(rim * rim * 0.7 + 0.05) - 0.018 * b * b;
    field = smoothMax(field, ridge, 0.35);
    // The central groove, with a pit at each end.
    const reach = 1 - smoothStep(half - 2.6, half - 1.4, Math.abs(ms));
    const groove = b - 0.25 * Math.sin(ms * 1.7);
    field -= (reach * 0.28) / (1 + groove * groove * 7);
    return smoothMax(side, (o - field) * 0.82, 0.8);
  };
}

/** A full-coverage preparation: tapered stump, flat shoulder, clear margin (about 1 mm and 1.7 mm of reduction). */
function preparation(plan: ToothPlan): CrownShape {
  const neck = neckOf(plan);
  const front = plan.anatomy.cusps.length === 0;
  const shoulder = plan.anatomy.kind === 'molar' ? 1.05 : front ? 0.8 : 0.95;
  const height = plan.crown * (front ? 0.74 : 0.72);
  return (m, b, o) => {
    const away = (m / neck.m) ** 2;
    // The margin follows the gum: higher towards the neighbours.
    const margin = 0.35 + 0.75 * Math.min(1, away);
    const root = smoothMax(superellipse(m, b, neck.m, neck.b), o - margin, 0.25);
    const up = Math.max(0, o - margin) / height;
    const inset = shoulder + up * height * 0.115;
    const thin = front ? up * up * neck.b * 0.42 : 0;
    const stump = superellipse(
      m,
      b - (front ? 0.12 * plan.depth * up : 0),
      neck.m - inset,
      Math.max(0.8, neck.b - inset - thin),
    );
    const fossa = front ? (0.12 * (m * m)) / neck.m : -0.05 * Math.min(b * b, 9) + 0.25;
    const top = (o - height + fossa) * 0.95;
    return smoothMin(root, smoothMax(stump, top, 0.75), 0.35);
  };
}

/** Half a millimetre of the labial face taken away, down to a chamfer above the gum. */
function veneerPreparation(plan: ToothPlan, natural: CrownShape): CrownShape {
  return (m, b, o) => {
    const face = smoothStep(-0.4, 0.5, b - plan.depth * 0.06) * smoothStep(0.55, 0.75, o);
    const edge = smoothStep(plan.crown - 2, plan.crown - 1, o);
    return natural(m, b, o + edge * 0.9) + 0.6 * face;
  };
}

/** A box through the central groove out of one side, for an inlay or onlay. */
function cavityPreparation(plan: ToothPlan, natural: CrownShape): CrownShape {
  const floor = plan.crown * 0.52;
  const step = plan.crown * 0.3;
  const wide = plan.depth * 0.19;
  return (m, b, o) => {
    const flare = wide + (o - floor) * 0.12;
    const trench = smoothMax(Math.abs(b) - flare, floor - o, 0.3);
    const box = smoothMax(smoothMax(Math.abs(b) - flare * 1.25, step - o, 0.3), plan.width * 0.28 - m, 0.3);
    const inner = smoothMax(trench, -m - plan.width * 0.28, 0.3);
    return smoothMax(natural(m, b, o), -Math.min(inner, box), 0.12);
  };
}

/** The scan body on an implant: a cylinder with one flat and a bevelled head. */
function scanBody(plan: ToothPlan): CrownShape {
  const radius = 2.35;
  const top = plan.crown * 0.92;
  return (m, b, o) => {
    const round = Math.max(Math.hypot(m, b) - radius, b - 1.55 - (o < top * 0.45 ? 2 : 0));
    const bevel = (o - top + 0.55 * (Math.hypot(m, b) - 1.5)) * 0.85;
    return smoothMax(smoothMax(round, Math.max(o - top, bevel), 0.15), -o - 5, 0.1);
  };
}
