import { ENAMEL, GINGIVA, LIGHT, STRIDE, TISSUE, type Mesh } from './mesh.ts';
import type { Canvas } from './canvas.ts';

/** A parallel view: unit vectors to the picture's right and up and towards the eye, the point in the middle, the scale. */
export interface View {
  right: readonly [number, number, number];
  up: readonly [number, number, number];
  eye: readonly [number, number, number];
  centre: readonly [number, number, number];
  /** Pixels per millimetre. */
  scale: number;
}

interface Light {
  x: number;
  y: number;
  z: number;
  power: number;
  /** Halfway between light and eye, for the gloss. */
  hx: number;
  hy: number;
  hz: number;
}

/** In the eye's frame: key from upper left, fill from the right, a low one from below. */
const lights: readonly Light[] = [
  light(-0.45, 0.62, 0.85, 0.52),
  light(0.75, 0.1, 0.65, 0.24),
  light(-0.1, -0.75, 0.6, 0.18),
];

function light(x: number, y: number, z: number, power: number): Light {
  const length = Math.hypot(x, y, z);
  const half = Math.hypot(x, y, z + length);
  return { x: x / length, y: y / length, z: z / length, power, hx: x / half, hy: y / half, hz: (z + length) / half };
}

/**
 * Draws the meshes over what is on the canvas: visibility at two samples across and down each pixel,
 * shading once a pixel inside a surface and once a sample along its outlines.
 */
export function render(canvas: Canvas, meshes: readonly Mesh[], view: View): void {
  const width = canvas.width * 2;
  const height = canvas.height * 2;
  const depth = new Float32Array(width * height).fill(-1e9);
  const owner = new Int32Array(width * height).fill(-1);
  const projected = meshes.map((mesh) => project(mesh, view, width, height));
  const starts: number[] = [];
  let total = 0;
  for (let m = 0; m < meshes.length; m++) {
    starts.push(total);
    rasterise(meshes[m]!.triangles, projected[m]!, depth, owner, width, height, total);
    total += meshes[m]!.triangles.length / 3;
  }
  resolve(canvas, meshes, projected, starts, owner, depth, view);
}

/** x, y in samples and the distance towards the eye in mm, per vertex. */
function project(
  { vertices }: Mesh,
  { right, up, eye, centre, scale }: View,
  width: number,
  height: number,
): Float32Array {
  const count = vertices.length / STRIDE;
  const out = new Float32Array(count * 3);
  for (let v = 0; v < count; v++) {
    const x = vertices[v * STRIDE]! - centre[0];
    const y = vertices[v * STRIDE + 1]! - centre[1];
    const z = vertices[v * STRIDE + 2]! - centre[2];
    out[v * 3] = width / 2 + 2 * scale * (x * right[0] + y * right[1] + z * right[2]);
    out[v * 3 + 1] = height / 2 - 2 * scale * (x * up[0] + y * up[1] + z * up[2]);
    out[v * 3 + 2] = x * eye[0] + y * eye[1] + z * eye[2];
  }
  return out;
}

function rasterise(
  triangles: Uint32Array,
  p: Float32Array,
  depth: Float32Array,
  owner: Int32Array,
  width: number,
  height: number,
  start: number,
): void {
  for (let t = 0; t < triangles.length; t += 3) {
    const a = triangles[t]! * 3;
    const b = triangles[t + 1]! * 3;
    const c = triangles[t + 2]! * 3;
    const ax = p[a]!;
    const ay = p[a + 1]!;
    const bx = p[b]!;
    const by = p[b + 1]!;
    const cx = p[c]!;
    const cy = p[c + 1]!;
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    if (area === 0) continue;
    const top = Math.max(0, Math.ceil(Math.min(ay, by, cy) - 0.5));
    const bottom = Math.min(height - 1, Math.floor(Math.max(ay, by, cy) - 0.5));
    const left = Math.max(0, Math.ceil(Math.min(ax, bx, cx) - 0.5));
    const rightmost = Math.min(width - 1, Math.floor(Math.max(ax, bx, cx) - 0.5));
    const inverse = 1 / area;
    const az = p[a + 2]!;
    const bz = p[b + 2]!;
    const cz = p[c + 2]!;
    const du = (ay - cy) * inverse;
    const dv = (by - ay) * inverse;
    for (let y = top; y <= bottom; y++) {
      const py = y + 0.5 - ay;
      const px = left + 0.5 - ax;
      // u weighs b, v weighs c; they move by du, dv from sample to sample.
      let u = ((cy - ay) * px - (cx - ax) * py) * inverse;
      let v = ((bx - ax) * py - (by - ay) * px) * inverse;
      for (let x = left; x <= rightmost; x++) {
        if (u >= 0 && v >= 0 && u + v <= 1) {
          const z = az + u * (bz - az) + v * (cz - az);
          const at = y * width + x;
          if (z > depth[at]!) {
            depth[at] = z;
            owner[at] = start + t / 3;
          }
        }
        u -= du;
        v -= dv;
      }
    }
  }
}

function resolve(
  canvas: Canvas,
  meshes: readonly Mesh[],
  projected: readonly Float32Array[],
  starts: readonly number[],
  owner: Int32Array,
  depth: Float32Array,
  view: View,
): void {
  const { pixels } = canvas;
  const width = canvas.width * 2;
  const colour = new Float32Array(3);
  const paint = (sample: number): void => {
    const triangle = owner[sample]!;
    let m = meshes.length - 1;
    while (triangle < starts[m]!) m--;
    shade(
      colour,
      meshes[m]!,
      projected[m]!,
      (triangle - starts[m]!) * 3,
      (sample % width) + 0.5,
      Math.floor(sample / width) + 0.5,
      view,
    );
  };
  const offsets = [0, 1, width, width + 1];
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) {
      const first = y * 2 * width + x * 2;
      let covered = 0;
      let near = -1e9;
      let far = 1e9;
      for (const offset of offsets) {
        if (owner[first + offset]! < 0) continue;
        covered++;
        const z = depth[first + offset]!;
        if (z > near) near = z;
        if (z < far) far = z;
      }
      if (covered === 0) continue;
      const at = (y * canvas.width + x) * 4;
      if (covered === 4 && near - far < 3 / view.scale) {
        paint(first + width + 1);
        for (let i = 0; i < 3; i++) pixels[at + i] = colour[i]!;
        continue;
      }
      let r = pixels[at]! * (4 - covered);
      let g = pixels[at + 1]! * (4 - covered);
      let b = pixels[at + 2]! * (4 - covered);
      for (const offset of offsets) {
        if (owner[first + offset]! < 0) continue;
        paint(first + offset);
        r += colour[0]!;
        g += colour[1]!;
        b += colour[2]!;
      }
      pixels[at] = r / 4;
      pixels[at + 1] = g / 4;
      pixels[at + 2] = b / 4;
    }
  }
}

/** The colour (0–255) of one triangle at one sample. Runs some million times a scan, hence no arrays and no closures. */
function shade(
  out: Float32Array,
  { vertices: d, triangles }: Mesh,
  p: Float32Array,
  t: number,
  x: number,
  y: number,
  { right, up, eye }: View,
): void {
  const ia = triangles[t]!;
  const ib = triangles[t + 1]!;
  const ic = triangles[t + 2]!;
  const ax = p[ia * 3]!;
  const ay = p[ia * 3 + 1]!;
  const ux = p[ib * 3]! - ax;
  const uy = p[ib * 3 + 1]! - ay;
  const vx = p[ic * 3]! - ax;
  const vy = p[ic * 3 + 1]! - ay;
  const area = ux * vy - uy * vx;
  const u = Math.max(0, Math.min(1, (vy * (x - ax) - vx * (y - ay)) / area));
  const v = Math.max(0, Math.min(1 - u, (ux * (y - ay) - uy * (x - ax)) / area));
  const w = 1 - u - v;
  const a = ia * STRIDE;
  const b = ib * STRIDE;
  const c = ic * STRIDE;
  const wx = w * d[a + 3]! + u * d[b + 3]! + v * d[c + 3]!;
  const wy = w * d[a + 4]! + u * d[b + 4]! + v * d[c + 4]!;
  const wz = w * d[a + 5]! + u * d[b + 5]! + v * d[c + 5]!;
  // The picture's y points down, so a triangle seen from outside has a negative area here.
  const back = area > 0;
  const flip = (back ? -1 : 1) / (Math.sqrt(wx * wx + wy * wy + wz * wz) || 1);
  const nx = flip * (wx * right[0] + wy * right[1] + wz * right[2]);
  const ny = flip * (wx * up[0] + wy * up[1] + wz * up[2]);
  const nz = flip * (wx * eye[0] + wy * eye[1] + wz * eye[2]);
  const tissue = w * d[a + TISSUE]! + u * d[b + TISSUE]! + v * d[c + TISSUE]!;
  const tooth = tissue > 0.07 ? 1 : tissue < -0.03 ? 0 : (tissue + 0.03) / 0.1;
  const open = w * d[a + LIGHT]! + u * d[b + LIGHT]! + v * d[c + LIGHT]!;
  let diffuse = 0.37 * open + 0.08 * open * ny;
  let gloss = 0;
  for (const { x: lx, y: ly, z: lz, hx, hy, hz, power } of lights) {
    const facing = nx * lx + ny * ly + nz * lz;
    if (facing <= 0) continue;
    diffuse += power * facing * (0.35 + 0.65 * open);
    const half = nx * hx + ny * hy + nz * hz;
    const h2 = half * half;
    const h8 = h2 * h2 * h2 * h2;
    const h32 = h8 * h8 * h8 * h8;
    gloss += power * (tooth * 0.3 * h32 * h8 + (1 - tooth) * 0.2 * h32 + 0.05 * h8);
  }
  if (diffuse > 0.82) diffuse = 0.82 + (diffuse - 0.82) * 0.55;
  const side = 1 - Math.max(0, nz);
  const shine = back ? 0 : gloss * open * 255;
  const level = diffuse * 255 * (back ? 0.8 : 1) * (1 - 0.1 * side * side * side);
  // Light that has been inside tissue comes back warmer out of the shade.
  const warmth = 1 - open;
  const gum = 1 - tooth;
  let red = 0;
  let green = 0;
  let blue = 0;
  if (gum > 0) {
    red = gum * (w * d[a + GINGIVA]! + u * d[b + GINGIVA]! + v * d[c + GINGIVA]!);
    green = gum * (w * d[a + GINGIVA + 1]! + u * d[b + GINGIVA + 1]! + v * d[c + GINGIVA + 1]!);
    blue = gum * (w * d[a + GINGIVA + 2]! + u * d[b + GINGIVA + 2]! + v * d[c + GINGIVA + 2]!);
  }
  if (tooth > 0) {
    red += tooth * (w * d[a + ENAMEL]! + u * d[b + ENAMEL]! + v * d[c + ENAMEL]!);
    green += tooth * (w * d[a + ENAMEL + 1]! + u * d[b + ENAMEL + 1]! + v * d[c + ENAMEL + 1]!);
    blue += tooth * (w * d[a + ENAMEL + 2]! + u * d[b + ENAMEL + 2]! + v * d[c + ENAMEL + 2]!);
  }
  if (back) {
    // The inside of the shell is drawn as scanners draw it: without the colour of the mouth.
    const grey = 0.3 * (red + green + blue);
    red = 0.25 * red + 0.72 * grey;
    green = 0.25 * green + 0.75 * grey;
    blue = 0.25 * blue + 0.8 * grey;
  }
  out[0] = Math.min(255, red * level * (1 + 0.08 * warmth) + shine);
  out[1] = Math.min(255, green * level * (1 - 0.02 * warmth) + shine);
  out[2] = Math.min(255, blue * level * (1 - 0.1 * warmth) + shine);
}
