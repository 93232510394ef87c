import { describe, expect, it } from 'vitest';
import { CLIENT_PROBLEMS, PROBLEMS } from '../../../shared/problem.ts';
import { ok } from '../../../shared/result.ts';
import type { Fault } from '../../../widget/core/fault.ts';
import { startDraft } from '../../../widget/itero-scan-request/draft.ts';
import {
  CLOSED,
  concernsOf,
  maySend,
  reduceRequest,
  type RequestForm,
  type RequestState,
} from '../../../widget/itero-scan-request/request-state.ts';
import { practice, samePatient } from '../fixtures/practice.fixture.ts';

/** What may become of one attempt. */
type Fate =
  | { readonly kind: 'sent' }
  /** It arrives, is sent, and its answer is lost; or it does not even arrive. */
  | { readonly kind: 'lost'; readonly arrives: boolean }
  /** Refused before the key was looked at: bff/http/pipeline.ts, call-json.ts; or by a proxy, or in the browser. */
  | { readonly kind: 'refused at the door'; readonly code: string }
  /** Refused by the handler, and the key is free again. */
  | { readonly kind: 'refused'; readonly code: string }
  /** Refused by the handler, and a repeat under the key is told the same: bff/http/call-json.ts. */
  | { readonly kind: 'refused for good'; readonly code: string }
  /** iTero may have taken it. */
  | { readonly kind: 'unclear' };

/** Codes that the handler alone gives, so that none of them comes from the door. */
const BEHIND_THE_DOOR = new Set(['request_unconfirmed', 'idempotency_mismatch', 'upstream_refused', 'request_running']);
const AT_THE_DOOR = [...Object.keys(PROBLEMS), ...Object.keys(CLIENT_PROBLEMS)].filter(
  (code) => !BEHIND_THE_DOOR.has(code),
);

function faultOf(code: string): Fault {
  const [, retryable] = Object.entries(PROBLEMS).find(([name]) => name === code)?.[1] ?? [0, code === 'offline'];
  return { code, displayMessage: code, retryable };
}

/** The BFF's table of keys, and how many RXs iTero has. */
class Bff {
  rxs = 0;
  readonly #answers = new Map<string, { content: string; fault: Fault | null }>();

  /** @returns null when it was sent. */
  take(key: string, content: string, fate: Fate): Fault | null {
    if (fate.kind === 'lost' && !fate.arrives) return faultOf('offline');
    if (fate.kind === 'refused at the door') return faultOf(fate.code);
    const stored = this.#answers.get(key);
    let fault: Fault | null;
    if (stored) fault = stored.content === content ? stored.fault : faultOf('idempotency_mismatch');
    else fault = this.#handle(key, content, fate);
    return fate.kind === 'lost' ? faultOf('offline') : fault;
  }

  #handle(key: string, content: string, fate: Fate): Fault | null {
    if (fate.kind === 'refused') return faultOf(fate.code);
    const fault =
      fate.kind === 'refused for good'
        ? faultOf(fate.code)
        : fate.kind === 'unclear'
          ? faultOf('request_unconfirmed')
          : null;
    if (fate.kind !== 'refused for good') this.rxs += 1;
    this.#answers.set(key, { content, fault });
    return fault;
  }
}

const patient = { firstName: 'Zoë', lastName: 'O’Hara', chartNumber: 'C-7' };

const READY = [
  { type: 'open' } as const,
  { type: 'practice_known', patient, practice, draft: startDraft(practice, {}, null), key: 'key-0' } as const,
  { type: 'checked', answer: ok(samePatient) } as const,
].reduce(reduceRequest, CLOSED);

interface Step {
  readonly fate: Fate;
  /** The person changes the form before this attempt. */
  readonly edits: boolean;
}

/** A person who presses "Send" again and again, and ticks nothing. */
function play(steps: readonly Step[]): { state: RequestState; rxs: number; attempts: number } {
  const bff = new Bff();
  let state = READY;
  let attempts = 0;
  for (const { fate, edits } of steps) {
    if (edits) state = reduceRequest(state, { type: 'edit', change: { notes: `margin ${attempts}` } });
    const sending = reduceRequest(state, { type: 'send' });
    if (sending.kind !== 'sending') break;
    attempts += 1;
    const { key, draft } = sending.form;
    const fault = bff.take(key, draft.notes, fate);
    state = reduceRequest(
      sending,
      fault ? { type: 'send_failed', fault, nextKey: `key-${attempts}` } : { type: 'sent', id: 'r1' },
    );
  }
  return { state, rxs: bff.rxs, attempts };
}

function formOf(state: RequestState): RequestForm {
  if (state.kind !== 'editing') throw new Error(`no form while ${state.kind}`);
  return state.form;
}

const LOST: Fate = { kind: 'lost', arrives: true };
const SENT: Fate = { kind: 'sent' };
const FATES: Fate[] = [
  SENT,
  LOST,
  { kind: 'lost', arrives: false },
  { kind: 'unclear' },
  ...['session_refused', 'invalid_request', 'shutting_down'].map((code): Fate => ({
    kind: 'refused at the door',
    code,
  })),
  ...['user_not_allowed', 'internal'].map((code): Fate => ({ kind: 'refused', code })),
  ...['invalid_request', 'upstream_refused'].map((code): Fate => ({ kind: 'refused for good', code })),
];
const STEPS: Step[] = FATES.flatMap((fate) => [false, true].map((edits) => ({ fate, edits })));

function* sequences(length: number): Generator<Step[]> {
  if (length === 0) yield [];
  else for (const before of sequences(length - 1)) for (const step of STEPS) yield [...before, step];
}

describe('the key of a request', () => {
  it.each(AT_THE_DOOR)('stays through %s when the attempt before it may have arrived', (code) => {
    for (const edits of [false, true]) {
      const refused: Step = { fate: { kind: 'refused at the door', code }, edits };
      const { rxs } = play([{ fate: LOST, edits: false }, refused, { fate: SENT, edits: false }]);
      expect(rxs).toBe(1);
    }
  });

  it('never lets two RXs out without the person’s word, whatever becomes of the attempts', () => {
    for (const steps of sequences(4)) {
      const { rxs } = play(steps);
      if (rxs > 1) expect.fail(`${rxs} RXs: ${JSON.stringify(steps)}`);
    }
  });

  it.each(['invalid_request', 'upstream_refused'])('is another one for what is corrected after %s', (code) => {
    const { state, rxs } = play([
      { fate: { kind: 'refused for good', code }, edits: false },
      { fate: SENT, edits: true },
    ]);
    expect(state.kind).toBe('closed');
    expect(rxs).toBe(1);
  });

  it('holds nobody up after a refusal that left it free', () => {
    const { state } = play([
      { fate: { kind: 'refused', code: 'needs_login' }, edits: false },
      { fate: SENT, edits: true },
    ]);
    expect(state.kind).toBe('closed');
  });

  it('lets a changed form out on the person’s word alone, when the one before has arrived', () => {
    const { state, rxs } = play([
      { fate: LOST, edits: false },
      { fate: SENT, edits: true },
      { fate: SENT, edits: false },
    ]);
    expect(rxs).toBe(1);
    expect(concernsOf(formOf(state))).toEqual(['arrived']);
    const looked = reduceRequest(state, { type: 'accept', concern: 'arrived', accepted: true });
    expect(maySend(formOf(looked))).toBe(true);
  });
});
