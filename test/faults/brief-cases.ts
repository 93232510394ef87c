import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transformer } from '@napi-rs/image';
import { zipSync } from 'fflate';
import type { CaseFactory, CaseFile } from '../../demo/align-cloud/cases/index.ts';

const VIEWS = ['penta_front', 'front', 'left', 'right', 'upper', 'lower'];

/** One real zip of each kind for all cases: thousands of cases cost no disk; versions differ by their times. */
export function createBriefCases(): CaseFactory {
  const folder = mkdtempSync(join(tmpdir(), 'itero-brief-'));
  const pixels = Uint8Array.from({ length: 32 * 18 * 4 }, (_, index) => (index * 7) % 251);
  const jpeg = Transformer.fromRgbaPixels(pixels, 32, 18).jpegSync(70);
  const make = (kind: string, entries: Record<string, Uint8Array>): CaseFile => {
    const bytes = zipSync(entries, { level: 0 });
    const path = join(folder, `${kind}.zip`);
    writeFileSync(path, bytes);
    return { fileName: `${kind}.zip`, contentType: 'application/zip', sizeBytes: bytes.length, path };
  };
  const ide = make('ide', { 'arch.stl': new Uint8Array(5000).fill(7) });
  const gallery = make('gallery', Object.fromEntries(VIEWS.map((view) => [`gallery_#1_${view}_m.jpg`, jpeg])));
  const captures = make('captures', { 'capture_1.jpg': jpeg });
  return {
    ide: () => Promise.resolve(ide),
    gallery: () => Promise.resolve(gallery),
    screenCaptures: (spec) => Promise.resolve(spec.captures ? captures : null),
    close() {
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}
