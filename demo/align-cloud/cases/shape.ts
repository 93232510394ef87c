/** Blends of distances (after Quilez): `k` is the width of the blend in millimetres. */
export function smoothMax(a: number, b: number, k: number): number {
  const h = k - Math.abs(a - b);
  return h > 0 ? (a > b ? a : b) + (h * h) / (4 * k) : a > b ? a : b;
}

export function smoothMin(a: number, b: number, k: number): number {
  const h = k - Math.abs(a - b);
  return h > 0 ? (a < b ? a : b) - (h * h) / (4 * k) : a < b ? a : b;
}

export function smoothStep(low: number, high: number, x: number): number {
  const t = x <= low ? 0 : x >= high ? 1 : (x - low) / (high - low);
  return t * t * (3 - 2 * t);
}

/** Distance to the cubic superellipse with the half axes a, b: round enough for a tooth, squarer than an ellipse. */
export function superellipse(x: number, y: number, a: number, b: number): number {
  const u = Math.abs(x) / a;
  const v = Math.abs(y) / b;
  const sum = u * u * u + v * v * v;
  if (sum < 1e-6) return -Math.min(a, b);
  const q = Math.cbrt(sum);
  const gu = (u * u) / a;
  const gv = (v * v) / b;
  return ((q - 1) * q * q) / Math.sqrt(gu * gu + gv * gv);
}

/** Rises from 1−low at 0 to 1 at `peak` and falls to 1−high at 1. */
export function bulge(u: number, peak: number, low: number, high: number): number {
  const t = u < peak ? (peak - u) / peak : (u - peak) / (1 - peak);
  return 1 - (u < peak ? low : high) * t * t;
}

/** A smooth, repeatable unevenness between about -1 and 1; one bump is `size` mm wide. */
export function ripple(x: number, y: number, z: number, size: number, phase: number): number {
  // Turned axes, so that the bumps do not line up with the jaw.
  const f = 3.1 / size;
  const u = (0.8 * x + 0.53 * y - 0.28 * z) * f;
  const v = (-0.57 * x + 0.74 * y + 0.36 * z) * f;
  const w = (0.4 * x - 0.13 * y + 0.91 * z) * f;
  const a = Math.sin(u + 1.7 * Math.sin(v * 0.63 + phase) + phase);
  const b = Math.sin(v * 1.13 + 1.3 * Math.sin(w * 0.71 + phase * 1.7) + phase * 2.3);
  const c = Math.sin(w * 0.91 + 1.5 * Math.sin(u * 0.57 + phase * 0.6) + phase * 3.1);
  return (a + b + c) / 3;
}
