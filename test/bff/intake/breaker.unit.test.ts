import { describe, expect, it } from 'vitest';
import { AlignFault } from '../../../bff/align/index.ts';
import { CLOSED, nextBreakerState, type BreakerState } from '../../../bff/intake/breaker-state.ts';
import {
  createUpstreamBreaker,
  toOutcome,
  type CallOutcome,
  type Leave,
} from '../../../bff/intake/upstream-breaker.ts';
import fc from '../../support/fast-check.ts';
import { handClock, silent, START, type HandClock } from '../support/fixtures.ts';

const failed = (now: number, retryAfter: number | null = null, random = 0) =>
  ({ kind: 'failed', now, random, retryAfter }) as const;

function after(...events: Parameters<typeof nextBreakerState>[1][]): BreakerState {
  return events.reduce(nextBreakerState, CLOSED);
}

describe('the state for one clinic', () => {
  it('stays closed for two failures, opens at the third, and forgets them at an answer', () => {
    expect(after(failed(0), failed(0))).toEqual({ kind: 'closed', failures: 2 });
    expect(after(failed(0), failed(0), failed(0))).toMatchObject({ kind: 'open', until: 5000, named: false });
    expect(after(failed(0), failed(0), { kind: 'answered' }, failed(0))).toEqual({ kind: 'closed', failures: 1 });
  });

  it('waits longer after each probe that fails, two minutes at most, and jitter only adds', () => {
    let state = after(failed(0), failed(0), failed(0));
    const waits: number[] = [];
    for (let probe = 0; probe < 8; probe += 1) {
      state = nextBreakerState(nextBreakerState(state, { kind: 'probe' }), failed(0));
      waits.push(state.kind === 'open' ? state.until : -1);
    }
    expect(waits).toEqual([10_000, 20_000, 40_000, 80_000, 120_000, 120_000, 120_000, 120_000]);
    expect(after(failed(0), failed(0), failed(0, null, 0.99))).toMatchObject({ kind: 'open' });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (random) => {
        const open = after(failed(0), failed(0), failed(0, null, random));
        return open.kind === 'open' && open.until >= 5000 && open.until <= 6250;
      }),
    );
  });

  it('obeys Retry-After to the millisecond, at once, and whatever is answered in between', () => {
    const open = after(failed(1000, 7000, 0.9));
    expect(open).toMatchObject({ kind: 'open', until: 8000, named: true });
    expect(nextBreakerState(open, { kind: 'answered' })).toBe(open);
    expect(nextBreakerState(open, failed(2000, 30_000))).toMatchObject({ until: 32_000 });
    expect(nextBreakerState(open, failed(2000, 1000))).toMatchObject({ until: 8000 });
  });

  it('lets another probe go when one ended without a word', () => {
    const probing = nextBreakerState(after(failed(0), failed(0), failed(0)), { kind: 'probe' });
    expect(nextBreakerState(probing, { kind: 'abandoned', now: 9 })).toMatchObject({ kind: 'open', until: 9 });
  });
});

const DOWN: CallOutcome = { kind: 'failed', retryAfter: null, alive: false };
const ANSWERED: CallOutcome = { kind: 'answered' };

function open(clock: HandClock) {
  const lines: string[] = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const log = { ...silent, info: note, warn: note, error: note };
  let changes = 0;
  const breaker = createUpstreamBreaker({
    clock,
    log,
    random: { fraction: () => 0 },
    onChange: () => (changes += 1),
  });
  const call = (id: string, outcome: CallOutcome, rxId?: string): boolean => {
    const leave = breaker.enter(id, false, rxId);
    leave?.end(outcome);
    return leave !== null;
  };
  return { breaker, call, lines, changes: () => changes };
}

describe('calls', () => {
  it('of a clinic that fails are held back, those of the others are not', () => {
    const clock = handClock();
    const { breaker, call } = open(clock);
    for (let times = 0; times < 3; times += 1) expect(call('a', DOWN)).toBe(true);
    expect(call('a', DOWN)).toBe(false);
    expect(call('b', ANSWERED)).toBe(true);
    expect(breaker.figures()).toEqual({ down: 0, held: 1 });
    // A round is seldom enough.
    expect(breaker.enter('a', true)).not.toBeNull();
  });

  it('begin again with one probe, while the others of the clinic wait for what it finds', () => {
    const clock = handClock();
    const { breaker, call, lines } = open(clock);
    for (let times = 0; times < 3; times += 1) call('a', DOWN);
    expect(breaker.nextChange()).toBe(START + 5000);
    clock.set(START + 5000);
    expect(breaker.nextChange()).toBeNull();
    const probe = breaker.enter('a');
    expect([probe === null, breaker.enter('a')]).toEqual([false, null]);
    probe?.end(ANSWERED);
    expect(call('a', ANSWERED)).toBe(true);
    expect(lines).toEqual([
      'calls for a clinic are held back: upstream does not answer them',
      'upstream answers for the clinic again',
    ]);
  });

  it('of a clinic that upstream asked to wait are held back for that long, its rounds too', () => {
    const clock = handClock();
    const { breaker, call } = open(clock);
    call('a', { kind: 'failed', retryAfter: 600_000, alive: true });
    clock.set(START + 599_999);
    expect([breaker.enter('a'), breaker.enter('a', true)]).toEqual([null, null]);
    clock.set(START + 600_000);
    expect(breaker.enter('a', true)).not.toBeNull();
  });

  it('of all are held back when several clinics in a row get no answer, and it is told once', () => {
    const clock = handClock();
    const { breaker, call, lines } = open(clock);
    for (const id of ['a', 'b', 'a', 'b', 'a']) call(id, DOWN);
    expect(breaker.isDown()).toBe(false);
    call('c', DOWN);
    expect(breaker.isDown()).toBe(true);
    expect([breaker.admitsAnybody(), breaker.enter('d', true)]).toEqual([false, null]);
    for (let probe = 0; probe < 4; probe += 1) {
      clock.set((breaker.nextChange() ?? 0) + 1);
      call(`p${probe}`, DOWN);
    }
    expect(lines.filter((line) => line.includes('all background calls'))).toHaveLength(1);
  });

  it('of all go on slowly when upstream is back: 1,000 clinics do not fall over it', () => {
    const clock = handClock();
    const { breaker, call } = open(clock);
    for (const id of ['a', 'b', 'c', 'a', 'b']) call(id, DOWN);
    clock.set((breaker.nextChange() ?? 0) + 1);
    call('z', ANSWERED);
    const out: Leave[] = [];
    const widths: number[] = [];
    for (let wave = 0; wave < 6; wave += 1) {
      for (let id = 0; id < 1000; id += 1) {
        const leave = breaker.enter(`w${wave}-${id}`);
        if (leave !== null) out.push(leave);
      }
      widths.push(out.length);
      for (const leave of out.splice(0)) leave.end(ANSWERED);
    }
    expect(widths.slice(0, 3)).toEqual([2, 4, 8]);
    expect(widths.at(-1)).toBe(1000);
  });

  it('that were refused for one clinic alone prove that upstream is there', () => {
    const clock = handClock();
    const { breaker, call } = open(clock);
    for (const id of ['a', 'b', 'c', 'd']) call(id, DOWN);
    call('e', { kind: 'failed', retryAfter: 1000, alive: true });
    call('f', DOWN);
    expect(breaker.isDown()).toBe(false);
  });

  it('let every probe go that the one before it ended without a word', () => {
    const clock = handClock();
    const { breaker, call } = open(clock);
    for (const id of ['a', 'b', 'c', 'a', 'b']) call(id, DOWN);
    clock.set((breaker.nextChange() ?? 0) + 1);
    for (let times = 0; times < 3; times += 1) expect(call('x', { kind: 'nothing' })).toBe(true);
    expect(call('x', ANSWERED)).toBe(true);
    expect(breaker.isDown()).toBe(false);
  });
});

describe('an RX for which upstream never has an answer', () => {
  /** Past every pause of a clinic, so that only that for all may hold it. */
  const later = (clock: HandClock): void => clock.set(clock.now() + 200_000);

  it('counts once for all, however often it fails', () => {
    const clock = handClock();
    const { breaker, call } = open(clock);
    for (let times = 0; times < 20; times += 1) {
      for (const id of ['a', 'b', 'c']) call(id, DOWN, 'rx-1');
      later(clock);
    }
    expect(breaker.isDown()).toBe(false);
    // Others of these clinics fail, too: it is upstream.
    call('a', DOWN, 'rx-2');
    call('b', DOWN);
    expect(breaker.isDown()).toBe(true);
  });

  it('does not count any more once something else was answered in the meantime, until it is answered itself', () => {
    const clock = handClock();
    const { breaker, call } = open(clock);
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const id of ids.slice(0, 4)) call(id, DOWN, 'rx-1');
    call('well', ANSWERED);
    for (const id of ids.slice(4)) call(id, DOWN, 'rx-1');
    call('well', ANSWERED);
    for (const id of ids) call(id, DOWN, 'rx-1');
    expect(breaker.isDown()).toBe(false);
    for (const id of ids) call(id, ANSWERED, 'rx-1');
    for (const id of ids) call(id, DOWN, 'rx-1');
    expect(breaker.isDown()).toBe(true);
  });

  it('does not hold the others back longer as the probe of all', () => {
    const clock = handClock();
    const { breaker, call } = open(clock);
    call('a', DOWN, 'rx-1');
    call('well', ANSWERED);
    for (const id of ['b', 'c', 'd', 'b', 'c']) call(id, DOWN);
    clock.set((breaker.nextChange() ?? 0) + 1);
    expect(call('a', DOWN, 'rx-1')).toBe(true);
    expect(breaker.isDown()).toBe(true);
    expect(call('well', ANSWERED)).toBe(true);
    expect(breaker.isDown()).toBe(false);
  });
});

describe('a clock that is set back', () => {
  const HOUR = 3_600_000;

  it('leaves neither a clinic nor all held back for as long as it was ahead', () => {
    const clock = handClock();
    const { breaker, call } = open(clock);
    for (const id of ['a', 'b', 'c', 'a', 'b', 'a']) call(id, DOWN);
    expect(breaker.admitsAnybody()).toBe(false);
    clock.set(START - 6 * HOUR);
    expect(breaker.nextChange()).toBeNull();
    expect(call('a', ANSWERED)).toBe(true);
    expect(breaker.isDown()).toBe(false);
  });

  it('makes no pause long that upstream named before or names after', () => {
    const clock = handClock();
    const { breaker, call } = open(clock);
    const late = breaker.enter('a');
    call('a', { kind: 'failed', retryAfter: 600_000, alive: true });
    clock.set(START - 6 * HOUR);
    late?.end({ kind: 'failed', retryAfter: 30_000, alive: true });
    expect(call('a', ANSWERED)).toBe(false);
    clock.set(START - 6 * HOUR + 30_000);
    expect(call('a', ANSWERED)).toBe(true);
  });

  it('leaves no clinic troubled that nobody calls for any more', () => {
    const clock = handClock();
    const { breaker, call } = open(clock);
    for (let times = 0; times < 3; times += 1) call('a', DOWN);
    clock.set(START - 6 * HOUR);
    expect(breaker.troubled()).toEqual([]);
  });
});

it.each([
  ['unavailable', { kind: 'failed', retryAfter: null, alive: false }],
  ['timeout', { kind: 'failed', retryAfter: null, alive: false }],
  ['rate_limited', { kind: 'failed', retryAfter: null, alive: true }],
  ['not_found', { kind: 'answered' }],
  ['wrong_shape', { kind: 'answered' }],
  ['not_paired', { kind: 'answered' }],
  ['invalid_grant', { kind: 'nothing' }],
  ['host_refused', { kind: 'nothing' }],
] as const)('%s says of upstream: %o', (kind, outcome) => {
  expect(toOutcome(new AlignFault(kind, 'getOrders'))).toEqual(outcome);
});
