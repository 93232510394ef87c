/**
 * The line through the middles of the crowns: half width `a` and depth `d` in the beta form of the human arch,
 * x = a·sin t, y = d·(1 − cos^p t) (Braun et al. 1998), continued straight behind the last tooth.
 * x runs to the patient's left, y from the front to the back.
 */
export class ArchCurve {
  readonly halfWidth: number;
  readonly depth: number;
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #s: Float64Array;
  readonly #step: number;
  readonly #cell = 0.8;
  readonly #columns: number;
  readonly #rows: number;
  readonly #left: number;
  readonly #front: number;
  readonly #along: Float32Array;
  readonly #across: Float32Array;

  /**
   * @param length millimetres from the midline to the middle of the last tooth
   * @param form the power p: 1 a square arch, 1.5 a tapered one
   */
  constructor(halfWidth: number, length: number, frontY: number, form: number) {
    this.halfWidth = halfWidth;
    this.depth = depthFor(halfWidth, length, form);
    const points = 80;
    const tail = 40;
    const n = points * 2 + 1 + tail * 2;
    this.#x = new Float64Array(n);
    this.#y = new Float64Array(n);
    this.#s = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const t = Math.max(-1, Math.min(1, (i - tail - points) / points)) * (Math.PI / 2);
      const beyond = Math.max(0, tail - i, i - (n - 1 - tail));
      this.#x[i] = halfWidth * Math.sin(t) * (1 - beyond * 0.0008);
      this.#y[i] = frontY + this.depth * (1 - Math.cos(t) ** form) + beyond * 0.6;
    }
    const middle = points + tail;
    for (let i = middle + 1; i < n; i++) {
      this.#s[i] = this.#s[i - 1]! + Math.hypot(this.#x[i]! - this.#x[i - 1]!, this.#y[i]! - this.#y[i - 1]!);
      this.#s[2 * middle - i] = -this.#s[i]!;
    }
    this.#step = n;
    this.#left = -halfWidth - 14;
    this.#front = frontY - 14;
    this.#columns = Math.ceil((2 * (halfWidth + 14)) / this.#cell) + 2;
    this.#rows = Math.ceil((this.depth + 50) / this.#cell) + 2;
    this.#along = new Float32Array(this.#columns * this.#rows);
    this.#across = new Float32Array(this.#columns * this.#rows);
    for (let row = 0; row < this.#rows; row++) {
      for (let column = 0; column < this.#columns; column++) {
        const at = this.#nearest(this.#left + column * this.#cell, this.#front + row * this.#cell);
        this.#along[row * this.#columns + column] = at.s;
        this.#across[row * this.#columns + column] = at.v;
      }
    }
  }

  /** The point `s` mm along the curve from the midline (left positive) with its unit direction. */
  at(s: number): { x: number; y: number; tx: number; ty: number } {
    let low = 0;
    let high = this.#step - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#s[middle]! <= s) low = middle;
      else high = middle;
    }
    const span = this.#s[high]! - this.#s[low]!;
    const f = (s - this.#s[low]!) / span;
    const dx = this.#x[high]! - this.#x[low]!;
    const dy = this.#y[high]! - this.#y[low]!;
    const length = Math.hypot(dx, dy);
    return { x: this.#x[low]! + f * dx, y: this.#y[low]! + f * dy, tx: dx / length, ty: dy / length };
  }

  /** Millimetres along the curve of the point nearest to (x, y). */
  along(x: number, y: number): number {
    return this.#read(this.#along, x, y);
  }

  /** Signed distance from the curve: positive towards the cheek, negative towards the tongue. */
  across(x: number, y: number): number {
    return this.#read(this.#across, x, y);
  }

  #read(table: Float32Array, x: number, y: number): number {
    const fx = Math.max(0, Math.min(this.#columns - 1.001, (x - this.#left) / this.#cell));
    const fy = Math.max(0, Math.min(this.#rows - 1.001, (y - this.#front) / this.#cell));
    const i = Math.floor(fx);
    const j = Math.floor(fy);
    const u = fx - i;
    const v = fy - j;
    const at = j * this.#columns + i;
    const near = table[at]! * (1 - u) + table[at + 1]! * u;
    const far = table[at + this.#columns]! * (1 - u) + table[at + this.#columns + 1]! * u;
    return near * (1 - v) + far * v;
  }

  #nearest(x: number, y: number): { s: number; v: number } {
    let best = Infinity;
    let s = 0;
    let v = 0;
    for (let i = 0; i + 1 < this.#step; i++) {
      const ax = this.#x[i]!;
      const ay = this.#y[i]!;
      const dx = this.#x[i + 1]! - ax;
      const dy = this.#y[i + 1]! - ay;
      const f = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
      const ex = x - ax - f * dx;
      const ey = y - ay - f * dy;
      const d = ex * ex + ey * ey;
      if (d < best) {
        best = d;
        s = this.#s[i]! + f * (this.#s[i + 1]! - this.#s[i]!);
        v = Math.sqrt(d) * (dx * ey - dy * ex > 0 ? -1 : 1);
      }
    }
    return { s, v };
  }
}

function depthFor(halfWidth: number, length: number, form: number): number {
  let low = 20;
  let high = 60;
  for (let i = 0; i < 30; i++) {
    const depth = (low + high) / 2;
    let total = 0;
    let x = 0;
    let y = 0;
    for (let k = 1; k <= 200; k++) {
      const t = (k / 200) * (Math.PI / 2);
      const nx = halfWidth * Math.sin(t);
      const ny = depth * (1 - Math.cos(t) ** form);
      total += Math.hypot(nx - x, ny - y);
      x = nx;
      y = ny;
    }
    if (total < length) low = depth;
    else high = depth;
  }
  return (low + high) / 2;
}
