import type { ArchField } from './arch-field.ts';

/** Triangles of one surface; `regions` are runs of vertices that lie close together. */
export interface Surface {
  positions: Float32Array;
  triangles: Uint32Array;
  regions: { first: number; count: number; x: number; y: number }[];
}

interface Grid {
  step: number;
  x0: number;
  y0: number;
  z0: number;
  nx: number;
  ny: number;
  nz: number;
}

const BLOCK = 6;

/**
 * Naive surface nets (Gibson 1998), following the surface from block to block from the crowns,
 * so that only blocks the surface passes through are ever looked at.
 */
export function polygonise(field: ArchField, step: number): Surface {
  const grid = gridOf(field, step);
  const values = new Float32Array(grid.nx * grid.ny * grid.nz).fill(NaN);
  const blocks = follow(field, grid, values);
  return netOf(grid, values, blocks);
}

function gridOf({ plan }: ArchField, step: number): Grid {
  const wide = plan.curve.halfWidth + 12;
  const x0 = -wide;
  const y0 = plan.teeth.reduce((least, tooth) => Math.min(least, tooth.y), 0) - 12;
  const z0 = plan.jaw === 'upper' ? -26 : -22;
  const blocks = (length: number): number => Math.ceil(length / step / BLOCK) * BLOCK + 1;
  return { step, x0, y0, z0, nx: blocks(2 * wide), ny: blocks(plan.curve.depth + 48), nz: blocks(5 - z0) };
}

function follow(field: ArchField, grid: Grid, values: Float32Array): number[] {
  const { nx, ny, nz, step } = grid;
  const bx = (nx - 1) / BLOCK;
  const by = (ny - 1) / BLOCK;
  const bz = (nz - 1) / BLOCK;
  const seen = new Uint8Array(bx * by * bz);
  const queue: number[] = [];
  const visit = (i: number, j: number, k: number): void => {
    if (i < 0 || j < 0 || k < 0 || i >= bx || j >= by || k >= bz) return;
    const block = (k * by + j) * bx + i;
    if (seen[block]) return;
    seen[block] = 1;
    queue.push(block);
  };
  for (const tooth of field.plan.teeth) {
    const i = Math.floor((tooth.x - grid.x0) / step / BLOCK);
    const j = Math.floor((tooth.y - grid.y0) / step / BLOCK);
    for (let k = bz - 1; k > bz / 2; k--) visit(i, j, k);
  }
  const half = (BLOCK * step) / 2;
  const found: number[] = [];
  for (let at = 0; at < queue.length; at++) {
    const block = queue[at]!;
    const i = block % bx;
    const j = Math.floor(block / bx) % by;
    const k = Math.floor(block / (bx * by));
    const cx = grid.x0 + i * BLOCK * step + half;
    const cy = grid.y0 + j * BLOCK * step + half;
    if (field.beyond(cx, cy, grid.z0 + k * BLOCK * step + half) > half * 1.8 + 0.8) continue;
    field.focus(cx, cy, half * 1.5 + 0.4);
    const sides = fill(field, grid, values, i * BLOCK, j * BLOCK, k * BLOCK);
    if (sides === 0) continue;
    found.push(block);
    if (sides & 1) visit(i - 1, j, k);
    if (sides & 2) visit(i + 1, j, k);
    if (sides & 4) visit(i, j - 1, k);
    if (sides & 8) visit(i, j + 1, k);
    if (sides & 16) visit(i, j, k - 1);
    if (sides & 32) visit(i, j, k + 1);
  }
  return found;
}

/** Evaluates one block; answers the faces the surface crosses as bits (-x 1, +x 2, -y 4, +y 8, -z 16, +z 32), 64 if it is only inside. */
function fill(field: ArchField, grid: Grid, values: Float32Array, i0: number, j0: number, k0: number): number {
  const { nx, ny, step } = grid;
  const inside = [0, 0, 0, 0, 0, 0, 0];
  for (let k = 0; k <= BLOCK; k++) {
    for (let j = 0; j <= BLOCK; j++) {
      let at = ((k0 + k) * ny + j0 + j) * nx + i0;
      for (let i = 0; i <= BLOCK; i++, at++) {
        let d = values[at]!;
        if (Number.isNaN(d)) {
          d = field.distance(grid.x0 + (i0 + i) * step, grid.y0 + (j0 + j) * step, grid.z0 + (k0 + k) * step);
          values[at] = d;
        }
        if (d >= 0) continue;
        inside[6]!++;
        if (i === 0) inside[0]!++;
        else if (i === BLOCK) inside[1]!++;
        if (j === 0) inside[2]!++;
        else if (j === BLOCK) inside[3]!++;
        if (k === 0) inside[4]!++;
        else if (k === BLOCK) inside[5]!++;
      }
    }
  }
  const face = (BLOCK + 1) ** 2;
  if (inside[6] === 0 || inside[6] === face * (BLOCK + 1)) return 0;
  let sides = 64;
  for (let f = 0; f < 6; f++) if (inside[f]! > 0 && inside[f]! < face) sides |= 1 << f;
  return sides;
}

function netOf(grid: Grid, values: Float32Array, blocks: readonly number[]): Surface {
  const { nx, ny, nz, step, x0, y0, z0 } = grid;
  const bx = (nx - 1) / BLOCK;
  const by = (ny - 1) / BLOCK;
  const layer = nx * ny;
  const vertexOf = new Int32Array(nx * ny * nz).fill(-1);
  const positions: number[] = [];
  const cells: number[] = [];
  const regions: Surface['regions'] = [];
  const edge = crossing(values, nx, layer);
  for (const block of blocks) {
    const i0 = (block % bx) * BLOCK;
    const j0 = (Math.floor(block / bx) % by) * BLOCK;
    const k0 = Math.floor(block / (bx * by)) * BLOCK;
    const first = cells.length;
    for (let k = k0; k < k0 + BLOCK; k++) {
      for (let j = j0; j < j0 + BLOCK; j++) {
        for (let i = i0; i < i0 + BLOCK; i++) {
          const cell = k * layer + j * nx + i;
          if (!edge.meets(cell)) continue;
          vertexOf[cell] = cells.length;
          cells.push(cell);
          positions.push(x0 + (i + edge.x) * step, y0 + (j + edge.y) * step, z0 + (k + edge.z) * step);
        }
      }
    }
    const half = BLOCK / 2;
    regions.push({ first, count: cells.length - first, x: x0 + (i0 + half) * step, y: y0 + (j0 + half) * step });
  }
  return {
    positions: Float32Array.from(positions),
    triangles: stitch(values, vertexOf, cells, [1, nx, layer], positions),
    regions,
  };
}

/** Finds the middle of the surface's crossings with the edges of a cell, in units of the cell. */
function crossing(
  values: Float32Array,
  nx: number,
  layer: number,
): { x: number; y: number; z: number; meets(cell: number): boolean } {
  const corners = [0, 1, nx, nx + 1, layer, layer + 1, layer + nx, layer + nx + 1];
  const edges = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((a) =>
    [1, 2, 4].filter((bit) => !(a & bit)).map((bit) => [a, a | bit] as const),
  );
  const d = new Float64Array(8);
  const middle = {
    x: 0,
    y: 0,
    z: 0,
    meets(cell: number): boolean {
      let inside = 0;
      for (let c = 0; c < 8; c++) {
        const value = values[cell + corners[c]!]!;
        if (Number.isNaN(value)) return false;
        d[c] = value;
        if (value < 0) inside++;
      }
      if (inside === 0 || inside === 8) return false;
      let x = 0;
      let y = 0;
      let z = 0;
      let n = 0;
      for (const [a, b] of edges) {
        const da = d[a]!;
        const db = d[b]!;
        if (da < 0 === db < 0) continue;
        const f = da / (da - db);
        const bit = a ^ b;
        x += (a & 1) + (bit === 1 ? f : 0);
        y += ((a >> 1) & 1) + (bit === 2 ? f : 0);
        z += (a >> 2) + (bit === 4 ? f : 0);
        n++;
      }
      middle.x = x / n;
      middle.y = y / n;
      middle.z = z / n;
      return true;
    },
  };
  return middle;
}

/** Each grid edge the surface crosses becomes a quad between the four cells around it. */
function stitch(
  values: Float32Array,
  vertexOf: Int32Array,
  cells: readonly number[],
  strides: readonly [number, number, number],
  p: readonly number[],
): Uint32Array {
  const triangles: number[] = [];
  const span = (a: number, b: number): number => {
    const dx = p[3 * a]! - p[3 * b]!;
    const dy = p[3 * a + 1]! - p[3 * b + 1]!;
    const dz = p[3 * a + 2]! - p[3 * b + 2]!;
    return dx * dx + dy * dy + dz * dz;
  };
  for (let v = 0; v < cells.length; v++) {
    const cell = cells[v]!;
    for (let axis = 0; axis < 3; axis++) {
      const near = values[cell]! < 0;
      if (near === values[cell + strides[axis]!]! < 0) continue;
      const s1 = strides[(axis + 1) % 3]!;
      const s2 = strides[(axis + 2) % 3]!;
      const b = vertexOf[cell - s1]!;
      const c = vertexOf[cell - s1 - s2]!;
      const d = vertexOf[cell - s2]!;
      if (b === undefined || c === undefined || d === undefined || b < 0 || c < 0 || d < 0) continue;
      const quad = near ? [v, b, c, d] : [v, d, c, b];
      if (span(quad[0]!, quad[2]!) <= span(quad[1]!, quad[3]!)) {
        triangles.push(quad[0]!, quad[1]!, quad[2]!, quad[0]!, quad[2]!, quad[3]!);
      } else {
        triangles.push(quad[0]!, quad[1]!, quad[3]!, quad[1]!, quad[2]!, quad[3]!);
      }
    }
  }
  return Uint32Array.from(triangles);
}
