import { pauseAfter } from '../growing-pauses.ts';
import { isOn } from '../pause.ts';

/**
 * Whether calls go out to somebody who may be down. `open`: none before `until`; `probing`: one is out to find out whether
 * it is over. Times in ms since the epoch.
 */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | {
      readonly kind: 'open';
      readonly openings: number;
      /** When the pause began, or upstream asked for more of it. */
      readonly since: number;
      readonly until: number;
      /** Upstream named the time itself (Retry-After): nothing goes out before it. */
      readonly named: boolean;
    }
  | { readonly kind: 'probing'; readonly openings: number };

export type BreakerEvent =
  | { readonly kind: 'probe' }
  | { readonly kind: 'answered' }
  /** @param random 0 ≤ n < 1 @param retryAfter ms that upstream asked to wait; null when it did not */
  | { readonly kind: 'failed'; readonly now: number; readonly random: number; readonly retryAfter: number | null }
  /** A probe ended without a word about upstream: another one may go. */
  | { readonly kind: 'abandoned'; readonly now: number };

export const CLOSED: BreakerState = { kind: 'closed', failures: 0 };

/** In a row, until no more calls go out. */
const FAILURES = 3;
/** Never longer than a round: people who wait for a scan must not wait for a pause that nobody needs. */
const PAUSES = { first: 5000, longest: 120_000 };
/** It only adds. */
const JITTER = 0.25;

/** Pure. */
export function nextBreakerState(state: BreakerState, event: BreakerEvent): BreakerState {
  switch (event.kind) {
    case 'answered':
      // A late answer to a call from before does not outweigh the time that upstream named.
      return state.kind === 'open' && state.named ? state : CLOSED;
    case 'probe':
      return state.kind === 'open' ? { kind: 'probing', openings: state.openings } : state;
    case 'abandoned':
      return state.kind === 'probing'
        ? { kind: 'open', openings: state.openings, since: event.now, until: event.now, named: false }
        : state;
    case 'failed':
      return failed(state, event);
    default:
      return event satisfies never;
  }
}

function failed(state: BreakerState, event: Extract<BreakerEvent, { kind: 'failed' }>): BreakerState {
  const { retryAfter } = event;
  const named = retryAfter !== null && retryAfter > 0;
  const openAs = (openings: number): BreakerState => {
    const pause = pauseAfter(PAUSES, openings - 1);
    // Retry-After wins: what upstream asks for is obeyed to the second.
    const wait = named ? retryAfter : Math.ceil(pause * (1 + JITTER * event.random));
    return { kind: 'open', openings, since: event.now, until: event.now + wait, named };
  };
  switch (state.kind) {
    case 'closed': {
      const failures = state.failures + 1;
      return named || failures >= FAILURES ? openAs(1) : { kind: 'closed', failures };
    }
    case 'probing':
      return openAs(state.openings + 1);
    case 'open': {
      // A call that was out already: it changes nothing, but that upstream asks for more time.
      if (!named) return state;
      const until = event.now + retryAfter;
      if (isOn(state, event.now) && state.until >= until) return { ...state, named };
      return { ...state, since: event.now, until, named };
    }
    default:
      return state satisfies never;
  }
}
