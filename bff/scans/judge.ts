import { ASSETS, type AssetName } from '../../shared/scan.ts';
import type { UpstreamOrder } from '../align/index.ts';
import { sameFile, toVersion, type StoredAsset } from './version.ts';

/** What is kept of a case, as far as it decides what an observation means. */
export interface Present {
  readonly version: string;
  readonly modifiedAt: number;
  readonly assets: readonly StoredAsset[];
  readonly firstName: string;
  readonly lastName: string;
  readonly chartNumber: string;
  /** When upstream was asked for it (ms by the database's clock); null: not known. */
  readonly observedAt: number | null;
}

export type Verdict =
  /** Older than what is shown, or asked for before it: adds nothing. */
  | { readonly kind: 'stale' }
  /** The version that is shown, for the same patient: only aging hints (URLs) are refreshed. */
  | { readonly kind: 'unchanged'; readonly version: string }
  /** The version that is shown, under another name or chart number. */
  | { readonly kind: 'identity'; readonly version: string }
  /** A version that was announced before and is upstream's present one again: shown, not announced twice; its patient may be another. */
  | { readonly kind: 'returned'; readonly version: string }
  | {
      readonly kind: 'version';
      readonly version: string;
      readonly first: boolean;
      /** Files that it brought or changed. */
      readonly changed: readonly AssetName[];
    };

/**
 * What an observed order means for the case as it is kept. Pure: any interleaving of duplicates, late and reordered answers
 * gives each version once and ends at the newest.
 * @param known whether a version was announced before
 * @param askedAt when upstream was asked for `observed` (ms by the database's clock)
 */
export function judge(
  present: Present | null,
  known: (version: string) => boolean,
  observed: UpstreamOrder,
  askedAt: number,
): Verdict {
  const version = toVersion(observed);
  if (present === null) return { kind: 'version', version, first: true, changed: changedFiles([], observed.assets) };
  const isLate = wasAskedEarlier(askedAt, present.observedAt);
  if (version === present.version) {
    // A name and a chart number have no time of their own: only when it was asked for tells which of two is upstream's.
    if (isLate) return { kind: 'stale' };
    return { kind: sameIdentity(present, observed) ? 'unchanged' : 'identity', version };
  }
  const age = compareAge(observed, present);
  // Of two that nothing tells apart by age, the one that was asked for last is upstream's.
  if (age < 0 || (age === 0 && isLate)) return { kind: 'stale' };
  if (known(version)) return { kind: 'returned', version };
  return { kind: 'version', version, first: false, changed: changedFiles(present.assets, observed.assets) };
}

/** No answer is on its way for so long (ms): such a gap is a clock that was set back, and the answer is taken. */
const LONGEST_ON_ITS_WAY_MS = 600_000;

function wasAskedEarlier(askedAt: number, observedAt: number | null): boolean {
  return observedAt !== null && askedAt < observedAt && observedAt - askedAt <= LONGEST_ON_ITS_WAY_MS;
}

interface Aged {
  readonly modifiedAt: number;
  readonly assets: readonly { readonly modifiedAt: number }[];
}

/**
 * By the order's modified time (rules.md "Versions"); upstream may add a file without touching it, so then by the newest
 * file, then by the number of files.
 */
function compareAge(a: Aged, b: Aged): number {
  return (
    a.modifiedAt - b.modifiedAt || newestFile(a.assets) - newestFile(b.assets) || a.assets.length - b.assets.length
  );
}

function newestFile(assets: Aged['assets']): number {
  return assets.reduce((newest, asset) => Math.max(newest, asset.modifiedAt), 0);
}

export function sameIdentity(present: Present, { patient }: UpstreamOrder): boolean {
  return (
    present.firstName === patient.firstName &&
    present.lastName === patient.lastName &&
    present.chartNumber === patient.chartNumber
  );
}

function changedFiles(before: readonly StoredAsset[], after: UpstreamOrder['assets']): AssetName[] {
  return ASSETS.filter((name) => {
    const file = after.find((asset) => asset.name === name);
    return (
      file !== undefined &&
      !sameFile(
        file,
        before.find((asset) => asset.name === name),
      )
    );
  });
}
