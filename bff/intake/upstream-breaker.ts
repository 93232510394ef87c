import { AlignFault } from '../align/index.ts';
import type { Clock, Log, Random } from '../deps.ts';
import { isOn } from '../pause.ts';
import { RecentlyUsed } from '../recently-used.ts';
import { CLOSED, nextBreakerState, type BreakerEvent, type BreakerState } from './breaker-state.ts';

/** What a background call said about upstream: it is there, it is not, or nothing. */
export type CallOutcome =
  | { readonly kind: 'answered' }
  /** @param alive it refused this clinic for now, and is there for the others */
  | { readonly kind: 'failed'; readonly retryAfter: number | null; readonly alive: boolean }
  | { readonly kind: 'nothing' };

/** A call that may go out. */
export interface Leave {
  /** Over for the others as soon as upstream has said a word; what its next calls say after that is heard all the same. */
  end(outcome: CallOutcome): void;
}

/**
 * Holds background calls back while upstream is down, for one clinic or for all of them. What waits stays on disk and is due
 * as before. Each instance learns for itself; nobody's call is needed to find out but one probe's.
 */
export interface UpstreamBreaker {
  /**
   * @param id of the connection
   * @param urgent a round, which is seldom enough: a clinic's own faults do not hold it, only what upstream asked for does
   * @param rxId the one RX that is asked for: one for which upstream never has an answer says little about upstream
   * @returns null: not now
   */
  enter(id: string, urgent?: boolean, rxId?: string | null): Leave | null;
  /** False: whoever asks is refused now. */
  admitsAnybody(): boolean;
  /** Whether a call for this clinic, that is not urgent, would be let out now. */
  admits(id: string): boolean;
  /** It failed lately: it should not take every slot. */
  isTroubled(id: string): boolean;
  /** All of those. */
  troubled(): string[];
  /** Whether nothing goes out at all, but probes. */
  isDown(): boolean;
  /** When somebody who is held back now may go on (ms); null: nobody is, or nobody knows. */
  nextChange(): number | null;
  /** For the metrics: 1 while upstream is down for all, and clinics that are held back. */
  figures(): { readonly down: 0 | 1; readonly held: number };
}

/** @property rx the one RX it asks for, with its clinic; null: more than one */
interface Call {
  readonly id: string;
  readonly rx: string | null;
}

/** Several clinics that fail in a row, and none that is answered: it is upstream. */
const CLINICS = 3;
const FAILURES_OF_ALL = 5;
/** RXs of which it is remembered that upstream failed for them alone. */
const MOST_BAD = 10_000;
/** After it was down for all: so many at once, and one more with each answer, until nobody counts any more. */
const FULL_SPEED = 16;
/** A round comes every few minutes: a clinic that was not called for so long after its pause is not there any more (ms). */
const FORGOTTEN_MS = 3_600_000;

export function createUpstreamBreaker(parts: {
  clock: Clock;
  random: Pick<Random, 'fraction'>;
  log: Log;
  /** Held work may go on. */
  onChange: () => void;
}): UpstreamBreaker {
  const { clock, random, log, onChange } = parts;
  const clinics = new Map<string, BreakerState>();
  let all: BreakerState = CLOSED;
  let failing = new Set<string>();
  let failures = 0;
  /** RXs, each with its clinic: those that failed since anything was answered, and count once ... */
  let failed = new Set<string>();
  /** ... and those that had failed when something else was answered: upstream was there, and they count no more. */
  const bad = new RecentlyUsed<true>(MOST_BAD);
  /** Null: full speed. */
  let allowed: number | null = null;
  let running = 0;

  const stateOf = (id: string): BreakerState => clinics.get(id) ?? CLOSED;

  function moveClinic(id: string, event: BreakerEvent): void {
    const before = stateOf(id);
    const after = nextBreakerState(before, event);
    if (after.kind === 'closed' && after.failures === 0) clinics.delete(id);
    else clinics.set(id, after);
    // Once when it begins and once when it ends, not for every call.
    if (before.kind === 'closed' && after.kind === 'open') {
      log.warn(
        { connection: id, until: after.until },
        'calls for a clinic are held back: upstream does not answer them',
      );
    } else if (before.kind !== 'closed' && after.kind === 'closed') {
      log.info({ connection: id }, 'upstream answers for the clinic again');
    }
  }

  function answeredForAll(): void {
    failing = new Set();
    failures = 0;
    for (const key of failed) bad.set(key, true);
    failed = new Set();
    if (allowed !== null) allowed = allowed >= FULL_SPEED ? null : allowed + 1;
    if (all.kind === 'closed') return;
    all = CLOSED;
    allowed = 2;
    // Their pauses were upstream's, not their own.
    for (const [id, state] of clinics) if (state.kind === 'open' && !state.named) clinics.delete(id);
    log.info({}, 'upstream answers again: what waited goes on, slowly at first');
  }

  function failedForAll(id: string, rx: string | null, event: BreakerEvent): void {
    if (all.kind === 'probing') {
      all = nextBreakerState(all, event);
      return;
    }
    if (rx !== null) {
      if (failed.has(rx)) return;
      failed.add(rx);
    }
    failing.add(id);
    failures += 1;
    if (all.kind !== 'closed' || failing.size < CLINICS || failures < FAILURES_OF_ALL) return;
    all = nextBreakerState({ kind: 'probing', openings: 0 }, event);
    allowed = null;
    log.error(
      { clinics: failing.size, until: all.kind === 'open' ? all.until : null },
      'upstream does not answer: all background calls are held back, notifications wait on disk',
    );
  }

  function isHeld(state: BreakerState, now: number, urgent: boolean): boolean {
    switch (state.kind) {
      case 'closed':
        return false;
      case 'probing':
        return !urgent;
      case 'open':
        return isOn(state, now) && (state.named || !urgent);
      default:
        return state satisfies never;
    }
  }

  function admitsAnybody(): boolean {
    return !isHeld(all, clock.now(), false) && (allowed === null || running < allowed);
  }

  function admits(id: string, urgent = false): boolean {
    return admitsAnybody() && !isHeld(stateOf(id), clock.now(), urgent);
  }

  function judge(call: Call, outcome: CallOutcome, probe: { probes: boolean; probesAll: boolean }): void {
    const now = clock.now();
    const { id, rx } = call;
    const abandonForAll = (): void => {
      if (probe.probesAll) all = nextBreakerState(all, { kind: 'abandoned', now });
    };
    if (outcome.kind === 'nothing') {
      if (probe.probes) moveClinic(id, { kind: 'abandoned', now });
      abandonForAll();
      return;
    }
    if (outcome.kind === 'answered') {
      moveClinic(id, outcome);
      if (rx !== null) {
        bad.delete(rx);
        failed.delete(rx);
      }
      answeredForAll();
      return;
    }
    const event: BreakerEvent = { kind: 'failed', now, random: random.fraction(), retryAfter: outcome.retryAfter };
    moveClinic(id, event);
    if (outcome.alive) answeredForAll();
    else if (rx !== null && bad.get(rx) === true) abandonForAll();
    else failedForAll(id, rx, event);
  }

  /** A clinic that nobody calls for any more (it was un-paired meanwhile) is not troubled for ever. */
  function dropForgotten(): void {
    const now = clock.now();
    for (const [id, state] of clinics) {
      if (state.kind === 'open' && !isOn({ ...state, until: state.until + FORGOTTEN_MS }, now)) clinics.delete(id);
    }
  }

  return {
    admitsAnybody,
    admits,

    enter(id, urgent = false, rxId = null) {
      if (!admits(id, urgent)) return null;
      const probesAll = all.kind === 'open';
      const probes = stateOf(id).kind === 'open';
      if (probesAll) all = nextBreakerState(all, { kind: 'probe' });
      if (probes) moveClinic(id, { kind: 'probe' });
      running += 1;
      const call: Call = { id, rx: rxId === null ? null : `${id}\0${rxId}` };
      let ended = false;
      return {
        end(outcome) {
          if (ended) return judge(call, outcome, { probes: false, probesAll: false });
          ended = true;
          running -= 1;
          const isProbe = probes || probesAll;
          judge(call, outcome, { probes, probesAll });
          // Those of the other loops wait for what a probe finds, or for their turn.
          if (isProbe || allowed !== null) onChange();
        },
      };
    },

    isTroubled: (id) => stateOf(id).kind !== 'closed',
    troubled() {
      dropForgotten();
      return [...clinics].flatMap(([id, { kind }]) => (kind === 'closed' ? [] : [id]));
    },
    isDown: () => all.kind !== 'closed',

    nextChange() {
      const now = clock.now();
      const times = [all, ...clinics.values()].flatMap((state) =>
        state.kind === 'open' && isOn(state, now) ? [state.until] : [],
      );
      return times.length === 0 ? null : Math.min(...times);
    },

    figures() {
      dropForgotten();
      return {
        down: all.kind === 'closed' ? 0 : 1,
        held: [...clinics.values()].filter((state) => state.kind !== 'closed').length,
      };
    },
  };
}

/** One call under a leave: it ends with what the call said. */
export async function callUnder<T>(leave: Leave, call: () => Promise<T>): Promise<T> {
  try {
    const answer = await call();
    leave.end({ kind: 'answered' });
    return answer;
  } catch (error) {
    leave.end(toOutcome(error));
    throw error;
  }
}

/** What a fault of a background call says about upstream. */
export function toOutcome(error: unknown): CallOutcome {
  if (!(error instanceof AlignFault)) return { kind: 'nothing' };
  switch (error.kind) {
    case 'unavailable':
    case 'timeout':
    case 'rate_limited':
      return { kind: 'failed', retryAfter: error.retryAfterMs ?? null, alive: error.kind === 'rate_limited' };
    // Nothing was sent, or what was refused is our own login.
    case 'host_refused':
    case 'not_configured':
    case 'invalid_grant':
      return { kind: 'nothing' };
    case 'unauthorized':
    case 'not_paired':
    case 'user_not_allowed':
    case 'not_found':
    case 'conflict':
    case 'invalid_request':
    case 'wrong_shape':
      return { kind: 'answered' };
    default:
      return error.kind satisfies never;
  }
}
