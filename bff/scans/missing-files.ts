import type { AssetName, Phase } from '../../shared/scan.ts';
import type { AlignTimings } from '../align/index.ts';
import { pauseAfter } from '../growing-pauses.ts';
import type { ScanRow } from '../store/schema.ts';

/** The columns that say what a case waits for. */
export type MissingState = Pick<ScanRow, 'missing_since' | 'recheck_count' | 'recheck_at' | 'missing_told_at'>;

type Timings = Pick<AlignTimings, 'recheckSteps' | 'recheckMax' | 'recheckFor'>;

export const NOTHING_MISSING: MissingState = {
  missing_since: null,
  recheck_count: 0,
  recheck_at: null,
  missing_told_at: null,
};

/** Captures are there only when some were taken; the other two belong to every case (align-api §6). */
const EXPECTED: readonly AssetName[] = ['ide', 'gallery'];

export function missingFiles(phase: Phase, assets: readonly { readonly name: AssetName }[]): AssetName[] {
  // While the patient is being scanned again there is nothing to wait for: the next version brings the files.
  if (phase === 'rescan') return [];
  return EXPECTED.filter((name) => !assets.some((asset) => asset.name === name));
}

/**
 * The wait that a new version begins or goes on with.
 * @param before what the version before it waited for
 * @param found when upstream changed the order (ms), and whether it is learnt as silent history
 */
export function planWait(
  missing: readonly AssetName[],
  before: { readonly missing: readonly AssetName[]; readonly state: MissingState },
  found: { readonly modifiedAt: number; readonly isHistory: boolean },
  now: number,
  timings: Timings,
): MissingState {
  if (missing.length === 0) return NOTHING_MISSING;
  // One that was given up begins anew: a new version is news of its files, too.
  const goesOn = before.state.recheck_at !== null && missing.every((name) => before.missing.includes(name));
  if (goesOn) return before.state;
  // An old case of the first listing: nobody waits for it, and nothing will come by itself. For one that was found late, after
  // days in which upstream could not be asked, somebody does.
  if (found.isHistory && now - found.modifiedAt > timings.recheckFor) {
    return { missing_since: found.modifiedAt, recheck_count: 0, recheck_at: null, missing_told_at: now };
  }
  return {
    missing_since: now,
    recheck_count: 0,
    recheck_at: now + (timings.recheckSteps[0] ?? 0),
    missing_told_at: null,
  };
}

/**
 * After a look that found the files still missing: 40 s, 80 s, then growing pauses, for three days in all. People are told
 * after the window in which upstream regenerates files (align-api §6).
 */
export function planNextLook(state: MissingState, now: number, timings: Timings): MissingState {
  const since = state.missing_since ?? now;
  const looks = state.recheck_count + 1;
  const steps = timings.recheckSteps;
  const step = steps[looks];
  const grown = pauseAfter({ first: steps.at(-1) ?? 0, longest: timings.recheckMax }, looks - steps.length + 1);
  const next = step === undefined ? now + grown : Math.max(since + step, now);
  const isOver = next - since > timings.recheckFor;
  return {
    missing_since: since,
    recheck_count: looks,
    recheck_at: isOver ? null : next,
    missing_told_at: state.missing_told_at ?? (isOver || looks >= steps.length ? now : null),
  };
}
