import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Transformer } from '@napi-rs/image';
import { zipSync } from 'fflate';

export const ZIP_BYTES = 32 * 2 ** 20;
const [WIDTH, HEIGHT] = [1920, 1080];
/** Grains of so many pixels stay visible at 320 px: the small picture comes to about 30 KB, like a real one. */
const GRAIN = 6;

/** Always the same bytes: xorshift, so that runs compare. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = 0x9e3779b9;
  for (let at = 0; at + 4 <= size; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state | 0, at);
  }
  return bytes;
}

/** A picture of the size and the weight of a scan's. */
function picture(): Promise<Buffer> {
  const columns = Math.ceil(WIDTH / GRAIN);
  const grains = noise(columns * Math.ceil(HEIGHT / GRAIN) + 4);
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 4, 255);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      const grain = grains[Math.floor(y / GRAIN) * columns + Math.floor(x / GRAIN)] ?? 0;
      const at = (y * WIDTH + x) * 4;
      pixels.fill(110 + (x + y) / 40 + (grain - 128) / 2, at, at + 3);
    }
  }
  return Transformer.fromRgbaPixels(pixels, WIDTH, HEIGHT).jpeg(90);
}

/** What upstream holds of one case: a gallery of six pictures and a zip of 32 MB. */
export async function writeMaterials(directory: string): Promise<void> {
  const jpeg = new Uint8Array(await picture());
  const views = ['penta_front', 'front', 'left', 'right', 'upper', 'lower'];
  const gallery = Object.fromEntries(views.map((view) => [`gallery_#1_${view}_m.jpg`, jpeg]));
  writeFileSync(join(directory, 'gallery.zip'), zipSync(gallery, { level: 0 }));
  writeFileSync(join(directory, 'ide.zip'), zipSync({ 'case.stl': new Uint8Array(noise(ZIP_BYTES)) }, { level: 0 }));
}
