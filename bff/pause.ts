/** A time for which something rests, kept in memory. ms since the epoch, both by the same clock. */
export interface Pause {
  /** When it began, or was last made longer. */
  readonly since: number;
  readonly until: number;
}

/** Clocks are set right by a little all the time, which must not cut short what upstream asked for (ms). */
export const SET_RIGHT_MS = 60_000;

/**
 * Whether it is still on. A clock that was set back says that it has not even begun: nobody knows how much of it is left, and it is
 * over, rather than as much longer as the clock was ahead.
 */
export function isOn({ since, until }: Pause, now: number): boolean {
  return now < until && now >= since - SET_RIGHT_MS;
}
