import { FastResizeFilter, Transformer } from '@napi-rs/image';

/** An opaque RGB picture, four bytes a pixel. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height * 4).fill(255);
  }

  clone(): Canvas {
    const copy = new Canvas(this.width, this.height);
    copy.pixels.set(this.pixels);
    return copy;
  }

  /** The viewer's backdrop: light in the middle, cooler towards the corners. */
  backdrop(): this {
    const { width, height, pixels } = this;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const dx = (x / width - 0.5) * 1.25;
        const dy = (y / height - 0.44) * 1.1;
        const t = Math.min(1, Math.sqrt(dx * dx + dy * dy) * 1.25);
        const f = t * t * (3 - 2 * t);
        // A grain of half a step hides the bands of so slow a gradient.
        const grain = width > 1000 ? ((x * 13 + y * 7) & 3) / 4 : 0.5;
        const at = (y * width + x) * 4;
        pixels[at] = 236 - 74 * f + grain;
        pixels[at + 1] = 240 - 64 * f + grain;
        pixels[at + 2] = 244 - 52 * f + grain;
      }
    }
    return this;
  }

  /** Draws the part (x, y, w, h) of `from` into the rectangle (tx, ty, tw, th) of this. */
  place(
    from: Canvas,
    part: readonly [number, number, number, number],
    target: readonly [number, number, number, number],
  ): void {
    const [px, py, pw, ph] = part;
    const [tx, ty, tw, th] = target;
    const taps = Math.max(1, Math.round(pw / tw));
    for (let y = 0; y < th; y++) {
      for (let x = 0; x < tw; x++) {
        let r = 0;
        let g = 0;
        let b = 0;
        for (let j = 0; j < taps; j++) {
          const sy = Math.min(from.height - 1, Math.floor(py + ((y + (j + 0.5) / taps) * ph) / th));
          for (let i = 0; i < taps; i++) {
            const sx = Math.min(from.width - 1, Math.floor(px + ((x + (i + 0.5) / taps) * pw) / tw));
            const at = (sy * from.width + sx) * 4;
            r += from.pixels[at]!;
            g += from.pixels[at + 1]!;
            b += from.pixels[at + 2]!;
          }
        }
        const at = ((ty + y) * this.width + tx + x) * 4;
        const n = taps * taps;
        this.pixels[at] = r / n;
        this.pixels[at + 1] = g / n;
        this.pixels[at + 2] = b / n;
      }
    }
  }

  /** As JPEG, enlarged to `width` where the canvas is smaller. */
  jpeg(quality: number, width: number): Buffer {
    const picture = Transformer.fromRgbaPixels(this.pixels, this.width, this.height);
    if (width !== this.width)
      picture.fastResize({
        width,
        height: Math.round((this.height * width) / this.width),
        filter: FastResizeFilter.CatmullRom,
      });
    return picture.jpegSync(quality);
  }
}
