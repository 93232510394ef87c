import { Transformer } from '@napi-rs/image';

/** Width of a small picture in pixels. Source: rules.md "Assets". */
export const SMALL_WIDTH = 320;
const QUALITY = 80;

/** Runs in the thread pool: the answers to others do not wait for it. */
export function toSmallPicture(jpeg: Uint8Array): Promise<Buffer> {
  return new Transformer(jpeg).resize(SMALL_WIDTH).jpeg(QUALITY);
}
