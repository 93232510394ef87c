import type { ToothPlan } from './plan.ts';
import { ripple, smoothStep } from './shape.ts';

type Rgb = readonly [number, number, number];

const enamel: Rgb = [0.965, 0.935, 0.875];
const yellow: Rgb = [0.95, 0.865, 0.715];
const translucent: Rgb = [0.885, 0.89, 0.885];
const dentine: Rgb = [0.91, 0.825, 0.665];
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

export interface GumPlace {
  x: number;
  y: number;
  z: number;
  /** Height over the general gum margin in mm, negative below it. */
  below: number;
  /** Distance from the middle of the ridge, positive towards the cheek. */
  outward: number;
  character: number;
}

/** Pale at the margin, coral where attached, red in the vestibule; the palate has no vestibule. */
export function paintGum(into: Float32Array, at: number, { x, y, z, below, outward, character }: GumPlace): void {
  into.set(attached, at);
  const palate = 1 - smoothStep(-6, -1, outward);
  mix(into, at, margin, (0.8 - 0.5 * palate) * smoothStep(-1.5 - 2 * palate, 1, below));
  const line = 4.6 + 0.7 * Math.sin(x * 0.55 + character) + 0.4 * Math.sin(y * 0.9 + character);
  mix(into, at, mucosa, (0.7 - 0.62 * palate) * smoothStep(line - 1, line + 2, -below));
  const blotch = ripple(x, y, z, 3.1, character) * 0.6 + ripple(x, y, z, 1.1, character * 2) * 0.4;
  for (let i = 0; i < 3; i++) into[at + i] = into[at + i]! * (1 + (0.035 + 0.015 * i) * blotch);
}
