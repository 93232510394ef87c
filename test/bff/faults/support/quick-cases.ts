import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transformer } from '@napi-rs/image';
import { strToU8, zipSync } from 'fflate';
import type { CaseFactory, CaseFile, CaseSpec } from '../../../../demo/align-cloud/cases/index.ts';

const VIEWS = ['penta_front', 'front', 'left', 'right', 'upper', 'lower'];

/** Files of a case in no time: six real JPEGs, an iDE of 400 KB, captures. They differ from revision to revision. */
export function createQuickCases(): CaseFactory {
  const folder = mkdtempSync(join(tmpdir(), 'itero-quick-'));
  const pixels = Uint8Array.from({ length: 480 * 270 * 4 }, (_, index) => (index * 7) % 251);
  const jpeg = Transformer.fromRgbaPixels(pixels, 480, 270).jpegSync(70);

  function file(kind: string, spec: CaseSpec, entries: Record<string, Uint8Array>): Promise<CaseFile> {
    const bytes = zipSync(entries, { level: 0 });
    const path = join(folder, `${kind}-${spec.orderId}-${spec.revision}-${spec.exportFormat ?? ''}.zip`);
    writeFileSync(path, bytes);
    const fileName = `${kind}_${spec.orderId}.zip`;
    return Promise.resolve({ fileName, contentType: 'application/zip', sizeBytes: bytes.length, path });
  }
  const note = (spec: CaseSpec) => strToU8(`${spec.orderId} ${spec.variant} ${spec.revision}`);

  return {
    ide: (spec) => file('ide', spec, { 'note.txt': note(spec), 'arch.stl': new Uint8Array(400_000).fill(7) }),
    gallery: (spec) =>
      file('gallery', spec, {
        'note.txt': note(spec),
        ...Object.fromEntries(VIEWS.map((view) => [`gallery_#${spec.orderId}_${view}_m.jpg`, jpeg])),
      }),
    screenCaptures: (spec) =>
      spec.captures ? file('captures', spec, { 'note.txt': note(spec), 'capture_1.jpg': jpeg }) : Promise.resolve(null),
    close() {
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}
