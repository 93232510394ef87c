import { isRestorative, meshFormat, type CaseSpec } from './case-spec.ts';
import type { ViewName } from './views.ts';

/** File names as observed in public exports (align-api §7). */
export type FileKind = 'ide' | 'gallery' | 'captures';
export type PictureName = 'composite' | ViewName;

export const PICTURES: readonly PictureName[] = ['composite', 'front', 'left', 'right', 'upper', 'lower'];

export function zipName(kind: FileKind, spec: CaseSpec): string {
  switch (kind) {
    case 'ide':
      return `${isRestorative(spec) ? 'iTero' : 'OrthoCAD'}_Export_${spec.orderId}.zip`;
    case 'gallery':
      return `gallery_${spec.orderId}.zip`;
    case 'captures':
      return `screen_captures_${spec.orderId}.zip`;
    default:
      return kind satisfies never;
  }
}

export function meshName(jaw: 'upper' | 'lower', spec: CaseSpec): string {
  const format = meshFormat(spec);
  if (isRestorative(spec)) return `${jaw}_jaw_with_ditch_${spec.orderId}.${format}`;
  return `${spec.orderId}_shell_occlusion_${jaw === 'upper' ? 'u' : 'l'}.${format}`;
}

export function xmlName(version: 30 | 50, spec: CaseSpec): string {
  return `${isRestorative(spec) ? 'iTero_Export' : 'itero_export'}_#${spec.orderId}_v${version}.xml`;
}

export function rxName(spec: CaseSpec): string {
  return `Rx_${spec.orderId}.html`;
}

/** The composite is the "penta": all five views in one picture. */
export function pictureName(picture: PictureName, spec: CaseSpec): string {
  return `gallery_#${spec.orderId}_${picture === 'composite' ? 'penta_front' : picture}_m.jpg`;
}

export function captureName(number: number, annotated: boolean, spec: CaseSpec): string {
  return `screen_capture_${spec.orderId}_${number}${annotated ? '_annotated' : ''}.jpg`;
}
