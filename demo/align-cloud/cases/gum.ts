import type { ArchPlan, ToothPlan } from './plan.ts';
import { neckOf } from './crown.ts';
import { ripple, smoothMax, smoothMin, smoothStep, superellipse } from './shape.ts';

const papillae = { incisor: 0.45, canine: 0.41, premolar: 0.38, molar: 0.34 };

/**
 * The gum around one tooth: a rolled margin that dips at the middle of the tooth and rises into the papillae.
 * Where no tooth is `beside` it, there is no papilla.
 */
export function collarShape(
  plan: ToothPlan,
  beside: { mesial: boolean; distal: boolean },
): (m: number, b: number, o: number) => number {
  const neck = neckOf(plan);
  const half = plan.width / 2;
  const rise = plan.crown * papillae[plan.anatomy.kind] * (plan.state === 'natural' ? 1 : 0.7);
  const mesialRise = beside.mesial ? rise : rise * 0.3;
  const distalRise = beside.distal ? rise : rise * 0.3;
  const low = plan.state === 'full-prep' ? -0.15 : plan.state === 'implant' ? -0.5 : 0.1;
  // Retraction around a preparation leaves a ditch between gum and margin.
  const ditch = plan.state === 'full-prep' ? 0.32 : 0;
  if (plan.state === 'missing') {
    return (m, b, o) =>
      smoothMax(superellipse(m, b, half + 0.6, neck.b * 0.78 - 0.12 * o), o + 0.6 - 0.09 * m * m, 3.2);
  }
  return (m, b, o) => {
    const r = Math.min(1.15, Math.abs(m) / half);
    const scallop = r * r * (0.35 + 0.65 * r * r);
    const margin = low + (m > 0 ? mesialRise : distalRise) * scallop;
    const thick = o > 0 ? 0.55 - 0.13 * o : 0.55 - 0.11 * o;
    const side = superellipse(m, b, half + 0.3, Math.max(1, neck.b + thick));
    const body = smoothMax(side, (o - margin) * 0.85, 0.95);
    if (ditch === 0) return body;
    return smoothMax(body, ditch - Math.max(superellipse(m, b, neck.m, neck.b), -o - 0.5), 0.4);
  };
}

interface RidgeSection {
  level: number;
  half: number;
  torque: number;
}

/** The alveolar ridge under all teeth, and in the upper jaw the palate with rugae and raphe. */
export class Ridge {
  readonly #plan: ArchPlan;
  readonly #level: Float32Array;
  readonly #half: Float32Array;
  readonly #torque: Float32Array;
  readonly #reach: number;
  readonly #firstS: number;
  readonly end: { left: number; right: number };

  constructor(plan: ArchPlan) {
    this.#plan = plan;
    const s = plan.teeth.map((tooth) => tooth.s);
    this.end = { left: Math.max(...s) + 9.2, right: Math.min(...s) - 9.2 };
    this.#firstS = this.end.right - 8;
    const count = Math.ceil(this.end.left + 8 - this.#firstS) + 2;
    this.#reach = count;
    this.#level = new Float32Array(count);
    this.#half = new Float32Array(count);
    this.#torque = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const section = sectionAt(plan.teeth, this.#firstS + i);
      this.#level[i] = section.level;
      this.#half[i] = section.half;
      this.#torque[i] = section.torque;
    }
  }

  /** Height of the gum margin at `s`, without scallops. */
  level(s: number): number {
    return this.#read(this.#level, s);
  }

  distance(x: number, y: number, z: number): number {
    const { curve, character } = this.#plan;
    const s = curve.along(x, y);
    const o = z - this.#read(this.#level, s);
    const v = curve.across(x, y) - this.#read(this.#torque, s) * o;
    const half = this.#read(this.#half, s);
    const down = o < 0 ? -o : 0;
    const buccal = v - (half + 0.15 * down + 0.008 * down * down);
    const lingual = -v - (half + (this.#plan.jaw === 'upper' ? 0.32 : 0.1) * down);
    const pad = smoothStep(this.end.left - 6, this.end.left, s) + smoothStep(-this.end.right - 6, -this.end.right, -s);
    let d = smoothMax(
      Math.max(buccal, lingual) * 0.94,
      (o + 0.9 + pad * (this.#plan.jaw === 'upper' ? 1.2 : -0.6)) * 0.9,
      2.6,
    );
    if (d < 1 && d > -1) d += 0.1 * ripple(x, y, z, 6.5, character) * Math.min(1, down * 0.4);
    if (this.#plan.jaw === 'upper') d = smoothMin(d, this.#palate(x, y, z), 3.4);
    return d;
  }

  #palate(x: number, y: number, z: number): number {
    const { curve, vault, character } = this.#plan;
    const middle = curve.depth * 0.72;
    const wide = curve.halfWidth - 3.6;
    const long = middle - 3.4;
    const ex = x / wide;
    const ey = y < middle ? (middle - y) / long : 0;
    const e = ex * ex + ey * ey;
    const rim = this.#read(this.#level, 0) + 0.4;
    const bowl = e < 1 ? (1 - e) ** 0.88 : 1.4 * (e - 1);
    let top = rim - vault * bowl;
    if (e < 1) {
      const ax = Math.abs(x);
      const front = y - (middle - long);
      // Rugae: four pairs of crooked ridges behind the incisive papilla.
      const bend = front - 0.2 * ax - 0.7 * Math.sin(ax * 0.55 + character) - (x > 0 ? 0.8 : 0);
      const rugae = Math.max(0, Math.sin(bend * 1.75)) * smoothStep(3, 5, front) * (1 - smoothStep(13, 16.5, front));
      top += 0.75 * rugae * smoothStep(1.2, 2.6, ax) * (1 - smoothStep(0.5, 0.95, e));
      top +=
        0.3 * Math.exp(-x * x * 0.9) * (1 - smoothStep(8, 20, front)) -
        0.25 * Math.exp(-x * x * 1.4) * smoothStep(12, 22, front);
      const px = x / 1.7;
      const py = (front - 2.6) / 2.8;
      top += 1.1 * Math.exp(-(px * px + py * py) * 1.6);
    }
    return (z - top) * 0.68;
  }

  #read(table: Float32Array, s: number): number {
    const at = Math.max(0, Math.min(this.#reach - 1.001, s - this.#firstS));
    const i = Math.floor(at);
    return table[i]! + (at - i) * (table[i + 1]! - table[i]!);
  }
}

function sectionAt(teeth: readonly ToothPlan[], s: number): RidgeSection {
  let weights = 0;
  const sum = { level: 0, half: 0, torque: 0 };
  for (const tooth of teeth) {
    const d = Math.max(0, Math.abs(tooth.s - s) - 1) / 3.2;
    const weight = Math.exp(-d * d) + 1e-9 / (1 + d * d);
    weights += weight;
    sum.level += weight * tooth.base;
    sum.half += weight * (neckOf(tooth).b * 0.9 - (tooth.state === 'missing' ? 0.8 : 0));
    sum.torque += weight * tooth.torque;
  }
  return { level: sum.level / weights, half: sum.half / weights, torque: sum.torque / weights };
}
