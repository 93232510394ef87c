import type { PairingStateName } from '../../shared/pairing.ts';
import type { AssetName, LearntBy, View } from '../../shared/scan.ts';
import { formatNumber, msg } from '../core/localize.ts';
import { askToConnect, askToSignIn } from './pairing-notice.ts';
import { isUnpaired } from './pairing-words.ts';

/** `left` is the viewer's left, which is the patient's right (align-api §7). */
export function viewName(view: View): string {
  const names: Record<View, string> = {
    composite: msg('All views'),
    front: msg('Front'),
    left: msg('Left in the picture: patient’s right'),
    right: msg('Right in the picture: patient’s left'),
    upper: msg('Upper arch, occlusal'),
    lower: msg('Lower arch, occlusal'),
  };
  return names[view];
}

/** For the small space under a picture. */
export function shortViewName(view: View): string {
  const names: Record<View, string> = {
    composite: msg('All views'),
    front: msg('Front'),
    left: msg('Patient’s right'),
    right: msg('Patient’s left'),
    upper: msg('Upper arch'),
    lower: msg('Lower arch'),
  };
  return names[view];
}

/** In the middle of a sentence. */
export function assetName(asset: AssetName): string {
  const names: Record<AssetName, string> = {
    ide: msg('iDE files'),
    gallery: msg('pictures'),
    captures: msg('screen captures'),
  };
  return names[asset];
}

export function learntWords(learntBy: LearntBy): string {
  const words: Record<LearntBy, string> = {
    notification: msg('told by iTero'),
    poll: msg('found by the regular check'),
    recheck: msg('found when looking for missing files'),
    backfill: msg('found at the first listing'),
  };
  return words[learntBy];
}

/** Why files cannot be had, and what to do; null when they can. */
export function filesHeldWords(pairing: PairingStateName | null): string | null {
  if (isUnpaired(pairing))
    return `${msg('The clinic is not connected to iTero, so files cannot be fetched.')} ${askToConnect()}`;
  if (pairing === 'needs_login')
    return `${msg('Nobody is signed in to iTero, so files cannot be fetched.')} ${askToSignIn()}`;
  return null;
}

/** "12.4 MB" */
export function formatBytes(bytes: number, language: string): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${formatNumber(Number(value.toFixed(value < 10 && step > 0 ? 1 : 0)), language)} ${units[step]}`;
}
