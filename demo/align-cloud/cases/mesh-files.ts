import { ENAMEL, GINGIVA, LIGHT, STRIDE, TISSUE, type Mesh } from './mesh.ts';

/** Binary STL: 80 bytes of header, the count, 50 bytes a triangle. */
export function toStl({ vertices, triangles }: Mesh, title: string): Uint8Array {
  const count = triangles.length / 3;
  const bytes = new Uint8Array(84 + count * 50);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(`binary ${title}`).subarray(0, 80));
  view.setUint32(80, count, true);
  for (let t = 0; t < count; t++) {
    const a = triangles[t * 3]! * STRIDE;
    const b = triangles[t * 3 + 1]! * STRIDE;
    const c = triangles[t * 3 + 2]! * STRIDE;
    const ux = vertices[b]! - vertices[a]!;
    const uy = vertices[b + 1]! - vertices[a + 1]!;
    const uz = vertices[b + 2]! - vertices[a + 2]!;
    const vx = vertices[c]! - vertices[a]!;
    const vy = vertices[c + 1]! - vertices[a + 1]!;
    const vz = vertices[c + 2]! - vertices[a + 2]!;
    const nx = uy * vz - uz * vy;
    const ny = uz * vx - ux * vz;
    const nz = ux * vy - uy * vx;
    const length = Math.hypot(nx, ny, nz) || 1;
    const at = 84 + t * 50;
    view.setFloat32(at, nx / length, true);
    view.setFloat32(at + 4, ny / length, true);
    view.setFloat32(at + 8, nz / length, true);
    for (const [corner, from] of [a, b, c].entries()) {
      for (let i = 0; i < 3; i++) view.setFloat32(at + 12 + corner * 12 + i * 4, vertices[from + i]!, true);
    }
  }
  return bytes;
}

/** Binary little-endian PLY with a colour at every vertex. */
export function toPly({ vertices, triangles }: Mesh, title: string): Uint8Array {
  const points = vertices.length / STRIDE;
  const faces = triangles.length / 3;
  const header = new TextEncoder().encode(
    `ply\nformat binary_little_endian 1.0\ncomment ${title}\nelement vertex ${points}\n` +
      'property float x\nproperty float y\nproperty float z\n' +
      'property uchar red\nproperty uchar green\nproperty uchar blue\n' +
      `element face ${faces}\nproperty list uchar int vertex_indices\nend_header\n`,
  );
  const bytes = new Uint8Array(header.length + points * 15 + faces * 13);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  let at = header.length;
  for (let v = 0; v < vertices.length; v += STRIDE, at += 15) {
    for (let i = 0; i < 3; i++) view.setFloat32(at + i * 4, vertices[v + i]!, true);
    const base = v + (vertices[v + TISSUE]! > 0.02 ? ENAMEL : GINGIVA);
    const light = 0.78 + 0.22 * vertices[v + LIGHT]!;
    for (let i = 0; i < 3; i++)
      bytes[at + 12 + i] = Math.round(Math.max(0, Math.min(1, vertices[base + i]! * light)) * 255);
  }
  for (let t = 0; t < triangles.length; t += 3, at += 13) {
    bytes[at] = 3;
    for (let i = 0; i < 3; i++) view.setInt32(at + 1 + i * 4, triangles[t + i]!, true);
  }
  return bytes;
}
