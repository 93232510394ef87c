import type { Canvas } from './canvas.ts';

export type Point = readonly [number, number];
type Colour = readonly [number, number, number];

/** Strokes as an operator draws them on a screen capture: soft-edged, over a dark halo. */
export function stroke(canvas: Canvas, points: readonly Point[], colour: Colour, width: number): void {
  line(canvas, points, [20, 24, 30], width + 3, 0.35);
  line(canvas, points, colour, width, 1);
}

export function circle(canvas: Canvas, [x, y]: Point, radius: number, colour: Colour, width: number): void {
  const points: Point[] = [];
  for (let i = 0; i <= 48; i++) {
    const a = (i / 48) * 2 * Math.PI;
    const r = radius * (1 + 0.03 * Math.sin(a * 2 + 1));
    points.push([x + r * Math.cos(a), y + 0.92 * r * Math.sin(a)]);
  }
  stroke(canvas, points, colour, width);
}

export function arrow(canvas: Canvas, from: Point, to: Point, colour: Colour, width: number): void {
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const wing = (turn: number): Point => [
    to[0] - width * 5 * Math.cos(angle + turn),
    to[1] - width * 5 * Math.sin(angle + turn),
  ];
  stroke(canvas, [from, to], colour, width);
  stroke(canvas, [wing(0.45), to, wing(-0.45)], colour, width);
}

function line(canvas: Canvas, points: readonly Point[], colour: Colour, width: number, strength: number): void {
  const { pixels } = canvas;
  const cover = new Map<number, number>();
  for (let i = 0; i + 1 < points.length; i++) {
    const [ax, ay] = points[i]!;
    const [bx, by] = points[i + 1]!;
    const reach = width / 2 + 1;
    const length = (bx - ax) ** 2 + (by - ay) ** 2 || 1;
    for (
      let y = Math.max(0, Math.floor(Math.min(ay, by) - reach));
      y <= Math.min(canvas.height - 1, Math.max(ay, by) + reach);
      y++
    ) {
      for (
        let x = Math.max(0, Math.floor(Math.min(ax, bx) - reach));
        x <= Math.min(canvas.width - 1, Math.max(ax, bx) + reach);
        x++
      ) {
        const f = Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
        const d = Math.hypot(x - ax - f * (bx - ax), y - ay - f * (by - ay));
        const share = Math.max(0, Math.min(1, width / 2 + 0.5 - d));
        const at = y * canvas.width + x;
        if (share > (cover.get(at) ?? 0)) cover.set(at, share);
      }
    }
  }
  for (const [pixel, share] of cover) {
    for (let i = 0; i < 3; i++)
      pixels[pixel * 4 + i] = pixels[pixel * 4 + i]! + (colour[i]! - pixels[pixel * 4 + i]!) * share * strength;
  }
}
