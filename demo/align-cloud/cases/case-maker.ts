import { zipSync, type Zippable } from 'fflate';
import { archMesh } from './arch-mesh.ts';
import { isRestorative, meshFormat, type CaseSpec, type Detail } from './case-spec.ts';
import { exportXml } from './export-xml.ts';
import type { Mesh } from './mesh.ts';
import { toPly, toStl } from './mesh-files.ts';
import {
  captureName,
  meshName,
  PICTURES,
  pictureName,
  rxName,
  xmlName,
  type FileKind,
  type PictureName,
} from './names.ts';
import { gallery, screenCaptures, type Arches } from './pictures.ts';
import { planMouth, type ArchPlan } from './plan.ts';
import { rxPage } from './rx-page.ts';

/** Millimetres between grid points: 0.34 gives 105,000 to 155,000 triangles an arch, 1.3 six to ten thousand. */
const steps: Record<Detail, number> = { full: 0.34, small: 1.3 };

/** What a full arch has at least, however few its teeth. */
const LEAST_TRIANGLES = 100_000;

const text = new TextEncoder();

/** Makes the files of one case; meshes and pictures are made once, when first needed. Blocks its thread for seconds. */
export function caseMaker(spec: CaseSpec, detail: Detail): (kind: FileKind) => Uint8Array {
  const mouth = planMouth(spec);
  const arches = once((): Arches => ({ upper: scan(mouth.upper, detail), lower: scan(mouth.lower, detail) }));
  const pictures = once(() => gallery(arches(), detail));
  const mtime = zipDate(spec.scanDate);

  const ide = (): Zippable => {
    const write = meshFormat(spec) === 'ply' ? toPly : toStl;
    const meshes = (['upper', 'lower'] as const).map(
      (jaw) => [meshName(jaw, spec), write(arches()[jaw], `${jaw} arch of order ${spec.orderId}`)] as const,
    );
    const names = meshes.map(([name]) => name);
    const files: Zippable = {};
    for (const [name, bytes] of meshes) files[name] = [bytes, { level: 1 }];
    files[rxName(spec)] = [text.encode(rxPage(spec)), { level: 6 }];
    for (const version of [50, 30] as const)
      files[xmlName(version, spec)] = [text.encode(exportXml(spec, version, names)), { level: 6 }];
    if (!isRestorative(spec)) Object.assign(files, pictureFiles(pictures(), spec));
    return spec.layout === 'folder' ? inFolder(files, String(spec.orderId)) : files;
  };

  const captures = (): Zippable => {
    const files: Zippable = {};
    for (const [i, { plain, annotated }] of screenCaptures(arches(), mouth, detail).entries()) {
      files[captureName(i + 1, false, spec)] = [plain, { level: 0 }];
      files[captureName(i + 1, true, spec)] = [annotated, { level: 0 }];
    }
    return files;
  };

  return (kind) => {
    switch (kind) {
      case 'ide':
        return zipSync(ide(), { mtime });
      case 'gallery':
        return zipSync(pictureFiles(pictures(), spec), { mtime });
      case 'captures':
        return zipSync(captures(), { mtime });
      default:
        return kind satisfies never;
    }
  };
}

function scan(plan: ArchPlan, detail: Detail): Mesh {
  const mesh = archMesh(plan, steps[detail]);
  const count = mesh.triangles.length / 3;
  if (detail === 'small' || count >= LEAST_TRIANGLES) return mesh;
  return archMesh(plan, steps.full * Math.sqrt(count / (LEAST_TRIANGLES * 1.06)));
}

function pictureFiles(pictures: ReadonlyMap<PictureName, Uint8Array>, spec: CaseSpec): Zippable {
  const files: Zippable = {};
  for (const picture of PICTURES) {
    const bytes = pictures.get(picture);
    if (!bytes) throw new Error(`the picture ${picture} was not made`);
    files[pictureName(picture, spec)] = [bytes, { level: 0 }];
  }
  return files;
}

function inFolder(files: Zippable, folder: string): Zippable {
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [`${folder}/${name}`, file]));
}

/** Zip entries know local time from 1980 to 2099 only. */
function zipDate(iso: string): Date {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) throw new RangeError('scanDate is no ISO 8601 time');
  return new Date(Math.max(Date.UTC(1980, 0, 2), Math.min(Date.UTC(2099, 11, 30), date.getTime())));
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
