import { STRIDE, type Mesh } from './mesh.ts';
import type { View } from './render.ts';

type Vector = readonly [number, number, number];
export type ViewName = 'front' | 'left' | 'right' | 'upper' | 'lower';

/**
 * Where each picture is taken from. `left` is the viewer's left, which is the patient's right (align-api §7).
 * Both occlusal views have the patient's right on the viewer's left, as charts have: the upper with the front teeth
 * at the top, the lower with them at the bottom.
 */
const looks: Record<ViewName, { right: Vector; up: Vector; eye: Vector }> = {
  front: turned(0, 0.06),
  left: turned(-1.08, 0.04),
  right: turned(1.08, 0.04),
  upper: { right: [1, 0, 0], up: [0, -1, 0], eye: [0, 0, -1] },
  lower: { right: [1, 0, 0], up: [0, 1, 0], eye: [0, 0, 1] },
};

/** The eye goes round the patient by `yaw` (to the patient's left) and up by `pitch`, in radians. */
function turned(yaw: number, pitch: number): { right: Vector; up: Vector; eye: Vector } {
  const cy = Math.cos(yaw);
  const sy = Math.sin(yaw);
  const cp = Math.cos(pitch);
  const sp = Math.sin(pitch);
  return { right: [cy, sy, 0], up: [-sy * sp, cy * sp, cp], eye: [sy * cp, -cy * cp, sp] };
}

/** A view in which the meshes fill `fill` of the picture. */
export function frame(name: ViewName, meshes: readonly Mesh[], width: number, height: number, fill = 0.9): View {
  const { right, up, eye } = looks[name];
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  for (const { vertices } of meshes) {
    for (let at = 0; at < vertices.length; at += STRIDE) {
      for (const [i, axis] of [right, up].entries()) {
        const d = vertices[at]! * axis[0] + vertices[at + 1]! * axis[1] + vertices[at + 2]! * axis[2];
        if (d < low[i]!) low[i] = d;
        if (d > high[i]!) high[i] = d;
      }
    }
  }
  const scale = Math.min((width * fill) / (high[0]! - low[0]!), (height * fill) / (high[1]! - low[1]!));
  const a = (low[0]! + high[0]!) / 2;
  const b = (low[1]! + high[1]!) / 2;
  const centre = [0, 1, 2].map((i) => right[i]! * a + up[i]! * b);
  return { right, up, eye, centre: [centre[0]!, centre[1]!, centre[2]!], scale };
}

/** A close view of one place, for screen captures. */
export function closeUp(name: ViewName, at: Vector, scale: number): View {
  return { ...looks[name], centre: at, scale };
}
