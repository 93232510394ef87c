import type { Clock } from './deps.ts';

/** Pauses between tries: the first one, then each twice as long as the one before, up to the longest (ms). */
export interface GrowingPauses {
  readonly first: number;
  readonly longest: number;
}

/** More would overflow; by then any pause is the longest. */
const MOST_DOUBLED = 30;

/** The pause after so many others (ms). */
export function pauseAfter({ first, longest }: GrowingPauses, others: number): number {
  return Math.min(first * 2 ** Math.min(others, MOST_DOUBLED), longest);
}

/**
 * Tries again and again, the first time after the first pause, until a try says that it was the last one needed. When it is
 * stopped one more try follows, at once.
 *
 * @param attempt true: it is over. Told whether it is the last one; must not reject
 */
export async function tryUntilDone(
  parts: { clock: Clock; pauses: GrowingPauses; stop: AbortSignal },
  attempt: (last: boolean) => Promise<boolean>,
): Promise<void> {
  const { clock, pauses, stop } = parts;
  for (let tries = 0; ; tries += 1) {
    await clock.sleep(pauseAfter(pauses, tries), stop).catch(() => undefined);
    const last = stop.aborted;
    if ((await attempt(last)) || last) return;
  }
}
