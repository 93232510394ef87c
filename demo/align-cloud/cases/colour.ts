import type { ToothPlan } from './plan.ts';
import { ripple, smoothStep } from './shape.ts';

type Rgb = readonly [number, number, number];

const enamel: Rgb = [0.965, 0.935, 0.875];
const yellow: Rgb = [0.935, 0.855, 0.7];
const translucent: Rgb = [0.885, 0.89, 0.885];
const dentine: Rgb = [0.87, 0.755, 0.565];
const titanium: Rgb = [0.72, 0.74, 0.77];
const margin: Rgb = [0.9, 0.655, 0.625];
const attached: Rgb = [0.86, 0.555, 0.54];
const mucosa: Rgb = [0.735, 0.345, 0.345];

function mix(into: Float32Array, at: number, colour: Rgb, share: number): void {
  for (let i = 0; i < 3; i++) into[at + i] = into[at + i]! + (colour[i]! - into[at + i]!) * share;
}

export function paintTooth(into: Float32Array, at: number, tooth: ToothPlan, x: number, y: number, z: number): void {
  const o = z - tooth.base;
  const u = Math.max(0, Math.min(1, o / tooth.crown));
  if (tooth.state === 'implant') {
    into.set(titanium, at);
    return;
  }
  into.set(enamel, at);
  mix(into, at, yellow, Math.min(1, tooth.chroma * 0.45 + 0.55 * (1 - smoothStep(0, 0.55, u))));
  if (tooth.anatomy.cusps.length === 0)
    mix(into, at, translucent, 0.55 * smoothStep(0.78, 1, u) * (1 - tooth.wear * 0.5));
  mix(into, at, yellow, 0.1 + 0.1 * ripple(x, y, z, 2.2, tooth.adaId));
  if (tooth.state === 'full-prep') mix(into, at, dentine, 0.25 + 0.6 * smoothStep(0.3, 0.8, o));
  else if (tooth.state === 'cavity' || tooth.state === 'veneer-prep') mix(into, at, dentine, 0.12);
}

/** `below` is the height over the general gum margin (mm, negative below), `depth` the distance inside the tooth. */
export function paintGum(
  into: Float32Array,
  at: number,
  below: number,
  x: number,
  y: number,
  z: number,
  phase: number,
  depth: number,
): void {
  into.set(attached, at);
  mix(into, at, margin, 0.8 * smoothStep(-1.5, 1, below) + 0.1 * Math.max(0, Math.min(1, depth)));
  const line = 4.4 + 0.7 * Math.sin(x * 0.55 + phase) + 0.4 * Math.sin(y * 0.9 + phase);
  mix(into, at, mucosa, 0.75 * smoothStep(line - 0.8, line + 1.6, -below) * (below < -9 ? 0.6 : 1));
  const blotch = ripple(x, y, z, 3.1, phase) * 0.6 + ripple(x, y, z, 1.1, phase * 2) * 0.4;
  for (let i = 0; i < 3; i++) into[at + i] = into[at + i]! * (1 + 0.05 * blotch);
}
