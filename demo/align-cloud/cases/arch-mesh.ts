import { ArchField } from './arch-field.ts';
import { ENAMEL, GINGIVA, LIGHT, STRIDE, TISSUE, type Mesh } from './mesh.ts';
import type { ArchPlan } from './plan.ts';
import { paintGum, paintTooth } from './colour.ts';
import { relax } from './relax.ts';
import { polygonise, type Surface } from './surface.ts';

export function archMesh(plan: ArchPlan, step: number): Mesh {
  const field = new ArchField(plan);
  const surface = polygonise(field, step);
  const { vertices, beyond } = finish(field, surface, step);
  const clipped = clip(vertices, surface.triangles, beyond);
  // A coarse mesh has no detail to lose.
  if (step < 0.6) relax(clipped, 2, 0.28);
  return plan.jaw === 'upper' ? turnOver(clipped) : clipped;
}

/** Moves every vertex onto the surface and gives it normal, light and colours. */
function finish(
  field: ArchField,
  { positions, regions }: Surface,
  step: number,
): { vertices: Float32Array; beyond: Float32Array } {
  const count = positions.length / 3;
  const vertices = new Float32Array(count * STRIDE);
  const beyond = new Float32Array(count);
  // Half a grid step: what the mesh cannot carry is not to show up as noise in clefts.
  const e = Math.min(0.2, step * 0.5);
  const most = step * 0.5;
  for (const region of regions) {
    field.focus(region.x, region.y, step * 6 + 3);
    for (let v = region.first; v < region.first + region.count; v++) {
      let x = positions[3 * v]!;
      let y = positions[3 * v + 1]!;
      let z = positions[3 * v + 2]!;
      beyond[v] = field.beyond(x, y, z);
      let nx = 0;
      let ny = 0;
      let nz = 0;
      for (let round = 0; round < 2; round++) {
        // Four corners of a tetrahedron give the slope and the mean distance at once.
        const a = field.distance(x + e, y - e, z - e);
        const b = field.distance(x - e, y - e, z + e);
        const c = field.distance(x - e, y + e, z - e);
        const d = field.distance(x + e, y + e, z + e);
        nx = a - b - c + d;
        ny = -a - b + c + d;
        nz = -a + b - c + d;
        const length = Math.hypot(nx, ny, nz) || 1;
        nx /= length;
        ny /= length;
        nz /= length;
        if (round === 1) break;
        const slope = length / (4 * e);
        const move = Math.max(-most, Math.min(most, (a + b + c + d) / 4 / Math.max(0.5, slope)));
        x -= nx * move;
        y -= ny * move;
        z -= nz * move;
        if (Math.abs(move) < step * 0.06) break;
      }
      field.distance(x, y, z);
      const at = v * STRIDE;
      vertices[at] = x;
      vertices[at + 1] = y;
      vertices[at + 2] = z;
      vertices[at + 3] = nx;
      vertices[at + 4] = ny;
      vertices[at + 5] = nz;
      vertices[at + TISSUE] = field.gum - field.tooth;
      paintTooth(vertices, at + ENAMEL, field.nearest, x, y, z);
      const { curve, character } = field.plan;
      const below = z - field.ridge.level(curve.along(x, y));
      paintGum(vertices, at + GINGIVA, { x, y, z, below, outward: curve.across(x, y), character });
      vertices[at + LIGHT] = openSky(field, x, y, z, nx, ny, nz);
    }
  }
  return { vertices, beyond };
}

function openSky(field: ArchField, x: number, y: number, z: number, nx: number, ny: number, nz: number): number {
  let hidden = 0;
  for (const [reach, weight] of [
    [0.6, 0.4],
    [1.4, 0.45],
    [3, 0.25],
  ] as const) {
    const d = field.distance(x + nx * reach, y + ny * reach, z + nz * reach);
    hidden += (weight * Math.max(0, reach * 0.9 - d)) / reach;
  }
  return Math.max(0.12, 1 - hidden * 0.85);
}

/** Cuts the mesh along the edge of the scan. */
function clip(vertices: Float32Array, triangles: Uint32Array, beyond: Float32Array): Mesh {
  const kept = new Int32Array(beyond.length).fill(-1);
  const cuts = new Map<number, number>();
  const data: number[] = [];
  const out: number[] = [];
  const keep = (v: number): number => {
    if (kept[v]! < 0) {
      kept[v] = data.length / STRIDE;
      for (let i = 0; i < STRIDE; i++) data.push(vertices[v * STRIDE + i]!);
    }
    return kept[v]!;
  };
  const cut = (inside: number, outside: number): number => {
    const key = inside * beyond.length + outside;
    const known = cuts.get(key);
    if (known !== undefined) return known;
    const f = Math.min(0.98, beyond[inside]! / (beyond[inside]! - beyond[outside]!));
    const made = data.length / STRIDE;
    for (let i = 0; i < STRIDE; i++) {
      const a = vertices[inside * STRIDE + i]!;
      data.push(a + f * (vertices[outside * STRIDE + i]! - a));
    }
    cuts.set(key, made);
    return made;
  };
  for (let t = 0; t < triangles.length; t += 3) {
    const corner = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!] as const;
    const inside = corner.map((v) => beyond[v]! < 0);
    const first = inside.indexOf(inside.filter(Boolean).length === 1);
    if (first < 0) {
      if (inside[0]) out.push(keep(corner[0]), keep(corner[1]), keep(corner[2]));
      continue;
    }
    const a = corner[first]!;
    const b = corner[(first + 1) % 3]!;
    const c = corner[(first + 2) % 3]!;
    if (inside[first]) out.push(keep(a), cut(a, b), cut(a, c));
    else if (inside[(first + 1) % 3]) {
      const ab = cut(b, a);
      const ac = cut(c, a);
      out.push(ab, keep(b), keep(c), ab, keep(c), ac);
    }
  }
  return { vertices: Float32Array.from(data), triangles: Uint32Array.from(out) };
}

/** The upper jaw is modelled with its cusps up; turned over it needs the other winding. */
function turnOver({ vertices, triangles }: Mesh): Mesh {
  for (let at = 0; at < vertices.length; at += STRIDE) {
    vertices[at + 2] = -vertices[at + 2]!;
    vertices[at + 5] = -vertices[at + 5]!;
  }
  for (let t = 0; t < triangles.length; t += 3) {
    const b = triangles[t + 1]!;
    triangles[t + 1] = triangles[t + 2]!;
    triangles[t + 2] = b;
  }
  return { vertices, triangles };
}
