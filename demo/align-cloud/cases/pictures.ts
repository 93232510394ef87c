import type { Mesh } from './mesh.ts';
import { arrow, circle, stroke } from './annotate.ts';
import { Canvas } from './canvas.ts';
import type { Detail } from './case-spec.ts';
import type { PictureName } from './names.ts';
import type { ArchPlan, MouthPlan } from './plan.ts';
import { render } from './render.ts';
import { closeUp, frame, type ViewName } from './views.ts';

const WIDTH = 1920;
const HEIGHT = 1080;

export interface Arches {
  upper: Mesh;
  lower: Mesh;
}

/** `small` draws at a third of the size and enlarges: still pictures of the same meshes, a ninth of the work. */
const shrink: Record<Detail, number> = { full: 1, small: 3 };
const quality: Record<Detail, number> = { full: 86, small: 72 };

/** The six pictures of a scan, JPEG, 1920×1080. */
export function gallery(arches: Arches, detail: Detail): Map<PictureName, Uint8Array> {
  const width = WIDTH / shrink[detail];
  const height = HEIGHT / shrink[detail];
  const backdrop = new Canvas(width, height).backdrop();
  const both = [arches.upper, arches.lower];
  const shown: readonly (readonly [ViewName, readonly Mesh[]])[] = [
    ['front', both],
    ['left', both],
    ['right', both],
    ['upper', [arches.upper]],
    ['lower', [arches.lower]],
  ];
  const views = new Map<ViewName, Canvas>();
  for (const [name, meshes] of shown) {
    const canvas = backdrop.clone();
    render(canvas, meshes, frame(name, meshes, width, height));
    views.set(name, canvas);
  }
  const pictures = new Map<PictureName, Uint8Array>([['composite', encode(compose(views, width, height), detail)]]);
  for (const [name, canvas] of views) pictures.set(name, encode(canvas, detail));
  return pictures;
}

function encode(canvas: Canvas, detail: Detail): Uint8Array {
  return canvas.jpeg(quality[detail], WIDTH);
}

/** The bite from three sides in the upper row, both arches below. */
function compose(views: ReadonlyMap<ViewName, Canvas>, width: number, height: number): Canvas {
  const sheet = new Canvas(width, height);
  sheet.pixels.fill(250);
  const gap = Math.round(width / 240);
  const row = Math.round(height * 0.345);
  const third = Math.floor((width - 2 * gap) / 3);
  const half = Math.floor((width - gap) / 2);
  const put = (name: ViewName, x: number, y: number, w: number, h: number): void => {
    const from = views.get(name);
    if (!from) throw new Error(`the view ${name} was not drawn`);
    // The whole height of the view when the cell is narrower, the whole width when it is wider.
    const wide = Math.min(width, (height * w) / h);
    const high = (wide * h) / w;
    sheet.place(from, [(width - wide) / 2, (height - high) / 2, wide, high], [x, y, w, h]);
  };
  put('left', 0, 0, third, row);
  put('front', third + gap, 0, third, row);
  put('right', 2 * (third + gap), 0, width - 2 * (third + gap), row);
  put('upper', 0, row + gap, half, height - row - gap);
  put('lower', half + gap, row + gap, width - half - gap, height - row - gap);
  return sheet;
}

export interface Capture {
  plain: Uint8Array;
  annotated: Uint8Array;
}

/** What an operator captured while scanning: the first prepared tooth or a molar from above, then the bite. */
export function screenCaptures(arches: Arches, mouth: MouthPlan, detail: Detail): Capture[] {
  const width = WIDTH / shrink[detail];
  const height = HEIGHT / shrink[detail];
  const k = width / WIDTH;
  const { arch, x, y, z, lean } = subject(mouth);
  const near = new Canvas(width, height).backdrop();
  const view = closeUp(arch.jaw, [x * 0.85, y, z], 40 * k);
  render(near, [arches[arch.jaw]], view);
  const marked = near.clone();
  const cx = width / 2 + (x - x * 0.85) * 40 * k;
  circle(marked, [cx, height / 2], 270 * k, [226, 44, 40], 8 * k);
  arrow(
    marked,
    [cx + lean * 620 * k, height / 2 - 330 * k],
    [cx + lean * 265 * k, height / 2 - 140 * k],
    [246, 196, 20],
    9 * k,
  );
  const bite = new Canvas(width, height).backdrop();
  render(bite, [arches.upper, arches.lower], frame('front', [arches.upper, arches.lower], width, height, 1.15));
  const lined = bite.clone();
  stroke(
    lined,
    [
      [width * 0.5, height * 0.22],
      [width * 0.503, height * 0.5],
      [width * 0.498, height * 0.8],
    ],
    [32, 120, 220],
    6 * k,
  );
  // Midline and smile line.
  stroke(
    lined,
    Array.from(
      { length: 30 },
      (_, i) => [width * (0.3 + i * 0.0138), height * (0.6 - 0.05 * ((i - 14.5) / 14.5) ** 2)] as const,
    ),
    [40, 170, 90],
    6 * k,
  );
  return [
    { plain: encode(near, detail), annotated: encode(marked, detail) },
    { plain: encode(bite, detail), annotated: encode(lined, detail) },
  ];
}

function subject(mouth: MouthPlan): { arch: ArchPlan; x: number; y: number; z: number; lean: number } {
  const arches = [mouth.upper, mouth.lower];
  const arch = arches.find(({ teeth }) => teeth.some((tooth) => tooth.state !== 'natural')) ?? mouth.lower;
  const tooth =
    arch.teeth.find(({ state }) => state !== 'natural') ??
    arch.teeth.find(({ position }) => position === 6) ??
    arch.teeth[0]!;
  return { arch, x: tooth.x, y: tooth.y, z: 0, lean: tooth.side < 0 ? 1 : -1 };
}
