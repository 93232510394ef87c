import { createHash } from 'node:crypto';
import type { AssetName } from '../../shared/scan.ts';
import type { UpstreamOrder } from '../align/index.ts';

/** A file of a case as it is kept. `url` is a hint that ages: it changes at each listing and expires. */
export interface StoredAsset {
  readonly name: AssetName;
  readonly url: string;
  readonly sizeBytes: number | null;
  /** ms since the epoch. */
  readonly modifiedAt: number;
  /** The version of the case that brought this very file. */
  readonly version: string;
}

type Hashed = Pick<UpstreamOrder, 'status' | 'modifiedAt'> & {
  readonly assets: readonly Pick<StoredAsset, 'name' | 'sizeBytes' | 'modifiedAt'>[];
};

/**
 * Identity of a version: status, the order's modified time and the set of (type, modified time, size) of its files. Never
 * URLs, which change at each listing (rules.md "Versions"). 128 bits of SHA-256.
 */
export function toVersion(order: Hashed): string {
  const files = order.assets
    .map((asset) => JSON.stringify([asset.name, asset.modifiedAt, asset.sizeBytes]))
    .sort()
    .filter((file, index, all) => file !== all[index - 1]);
  const text = JSON.stringify([order.status, order.modifiedAt, files]);
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');
}

export function parseAssets(json: string): StoredAsset[] {
  return JSON.parse(json) as StoredAsset[];
}

export function sameFile(
  a: Pick<StoredAsset, 'modifiedAt' | 'sizeBytes'> | undefined,
  b: Pick<StoredAsset, 'modifiedAt' | 'sizeBytes'> | undefined,
): boolean {
  return a?.modifiedAt === b?.modifiedAt && a?.sizeBytes === b?.sizeBytes;
}
