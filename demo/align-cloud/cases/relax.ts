import { LIGHT, STRIDE, type Mesh } from './mesh.ts';

/**
 * Evens out what a grid leaves in narrow clefts: every vertex goes a part of the way to the middle of its neighbours,
 * then all normals are taken from the mesh itself. Vertices on the edge of the scan stay where they are.
 */
export function relax({ vertices, triangles }: Mesh, rounds: number, share: number): void {
  const count = vertices.length / STRIDE;
  const edge = boundary(triangles, count);
  const sum = new Float32Array(count * 4);
  const valence = new Float32Array(count);
  for (let t = 0; t < triangles.length; t++) valence[triangles[t]!]! += 2;
  for (let round = 0; round < rounds; round++) {
    sum.fill(0);
    for (let t = 0; t < triangles.length; t += 3) {
      for (let corner = 0; corner < 3; corner++) {
        const into = triangles[t + corner]! * 4;
        const b = triangles[t + ((corner + 1) % 3)]! * STRIDE;
        const c = triangles[t + ((corner + 2) % 3)]! * STRIDE;
        sum[into]! += vertices[b]! + vertices[c]!;
        sum[into + 1]! += vertices[b + 1]! + vertices[c + 1]!;
        sum[into + 2]! += vertices[b + 2]! + vertices[c + 2]!;
        sum[into + 3]! += vertices[b + LIGHT]! + vertices[c + LIGHT]!;
      }
    }
    for (let v = 0; v < count; v++) {
      if (edge[v] || valence[v] === 0) continue;
      const at = v * STRIDE;
      for (let i = 0; i < 3; i++) vertices[at + i]! += share * (sum[v * 4 + i]! / valence[v]! - vertices[at + i]!);
      vertices[at + LIGHT]! += share * (sum[v * 4 + 3]! / valence[v]! - vertices[at + LIGHT]!);
    }
  }
  normalsOf({ vertices, triangles });
}

/** 1 for every vertex on an edge that only one triangle has. */
function boundary(triangles: Uint32Array, count: number): Uint8Array {
  // Inside a surface each vertex is left as often as it is entered by the same neighbours; sums of neighbours tell.
  const balance = new Float64Array(count);
  for (let t = 0; t < triangles.length; t += 3) {
    const a = triangles[t]!;
    const b = triangles[t + 1]!;
    const c = triangles[t + 2]!;
    balance[a]! += mark(b) - mark(c);
    balance[b]! += mark(c) - mark(a);
    balance[c]! += mark(a) - mark(b);
  }
  return Uint8Array.from(balance, (sum) => (sum === 0 ? 0 : 1));
}

/** A whole number that hardly ever adds up to zero by chance. */
function mark(v: number): number {
  return Math.imul(v + 1, 0x9e3779b1) >>> 4;
}

function normalsOf({ vertices, triangles }: Mesh): void {
  for (let at = 0; at < vertices.length; at += STRIDE) vertices.fill(0, at + 3, at + 6);
  for (let t = 0; t < triangles.length; t += 3) {
    const a = triangles[t]! * STRIDE;
    const b = triangles[t + 1]! * STRIDE;
    const c = triangles[t + 2]! * STRIDE;
    const ux = vertices[b]! - vertices[a]!;
    const uy = vertices[b + 1]! - vertices[a + 1]!;
    const uz = vertices[b + 2]! - vertices[a + 2]!;
    const vx = vertices[c]! - vertices[a]!;
    const vy = vertices[c + 1]! - vertices[a + 1]!;
    const vz = vertices[c + 2]! - vertices[a + 2]!;
    const nx = uy * vz - uz * vy;
    const ny = uz * vx - ux * vz;
    const nz = ux * vy - uy * vx;
    for (const at of [a, b, c]) {
      vertices[at + 3]! += nx;
      vertices[at + 4]! += ny;
      vertices[at + 5]! += nz;
    }
  }
  for (let at = 3; at < vertices.length; at += STRIDE) {
    const length = Math.hypot(vertices[at]!, vertices[at + 1]!, vertices[at + 2]!) || 1;
    for (let i = 0; i < 3; i++) vertices[at + i]! /= length;
  }
}
