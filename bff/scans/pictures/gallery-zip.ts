import { Unzip, UnzipInflate, type UnzipFile } from 'fflate';
import type { Readable } from 'node:stream';
import { VIEWS, type View } from '../../../shared/scan.ts';

/** A gallery holds six pictures of about a megabyte; whatever exceeds these is no gallery. */
export const GALLERY_LIMITS = { zipBytes: 64 << 20, pictureBytes: 16 << 20, entries: 64 } as const;

export class GalleryError extends Error {
  override readonly name = 'GalleryError';
}

/**
 * Unpacks the pictures of a gallery while it comes in, bounded in every direction: a hostile or broken zip costs a known
 * amount of memory. Entries that are no view are passed over.
 * @throws GalleryError when it is no readable zip, is cut off, or exceeds a limit
 */
export async function readGallery(
  zip: Readable,
  limits: { zipBytes: number; pictureBytes: number; entries: number } = GALLERY_LIMITS,
): Promise<Map<View, Buffer>> {
  const pictures = new Map<View, Buffer>();
  let broken: GalleryError | null = null;
  let entries = 0;
  let open = 0;
  const fail = (why: string, cause?: unknown): void => {
    broken ??= new GalleryError(why, { cause });
  };

  const unzip = new Unzip((file) => {
    entries += 1;
    if (entries > limits.entries) return fail('too many entries');
    const view = toView(file.name);
    if (view === null || pictures.has(view)) return;
    open += 1;
    collect(file, limits.pictureBytes, fail, (picture) => {
      open -= 1;
      if (isJpeg(picture)) pictures.set(view, picture);
      else fail('a picture is no JPEG');
    });
  });
  unzip.register(UnzipInflate);

  let size = 0;
  try {
    for await (const chunk of zip) {
      const bytes = chunk as Uint8Array;
      size += bytes.byteLength;
      if (size > limits.zipBytes) fail('too large');
      if (broken === null) unzip.push(bytes);
      if (broken !== null) break;
    }
    if (broken === null) unzip.push(new Uint8Array(), true);
  } catch (cause) {
    fail('not readable', cause);
  } finally {
    zip.destroy();
  }
  if (broken === null && open > 0) fail('cut off');
  if (broken === null && pictures.size === 0) fail('without pictures');
  if (broken !== null) throw broken as GalleryError;
  return pictures;
}

function collect(
  file: UnzipFile,
  limit: number,
  fail: (why: string, cause?: unknown) => void,
  done: (picture: Buffer) => void,
): void {
  const parts: Uint8Array[] = [];
  let size = 0;
  file.ondata = (error, data, final) => {
    if (error !== null) return fail('a picture is not readable', error);
    size += data.byteLength;
    if (size > limit) {
      parts.length = 0;
      return fail('a picture is too large');
    }
    parts.push(data);
    if (final) done(Buffer.concat(parts));
  };
  file.start();
}

/** Observed names: `gallery_#<orderId>_penta_front_m.jpg` for the composite, else the view's name (align-api §7). */
export function toView(name: string): View | null {
  const file = name.toLowerCase().split('/').at(-1) ?? '';
  if (!/\.jpe?g$/.test(file)) return null;
  const words = file.split(/[^a-z]+/);
  if (words.includes('penta') || words.includes('composite')) return 'composite';
  return VIEWS.find((view) => words.includes(view)) ?? null;
}

function isJpeg(bytes: Buffer): boolean {
  return bytes.length > 4 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}
