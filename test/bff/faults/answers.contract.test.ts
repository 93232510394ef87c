/** What a person is told when upstream misbehaves, for every operation: a decided outcome each, and nothing lost. */
import { afterEach, describe, expect, it } from 'vitest';
import type { FaultPoint, FaultSpec } from '../../../demo/align-cloud/index.ts';
import { isProblemCode, PROBLEMS, type Problem } from '../../../shared/problem.ts';
import type { ScanRequest } from '../../../shared/scan-request.ts';
import { until } from '../support/until.ts';
import { DENTIST, openStand, RIVERSIDE, type Stand } from './support/stand.ts';

const ANN = { firstName: 'Ann', lastName: 'Bee', chartNumber: 'C-1' };
let stand: Stand;
afterEach(() => stand.close());

type Fault = Omit<FaultSpec, 'on'>;
const SLOW: Fault = { kind: 'slow', ms: 40_000 };
/** Each fault, and the code that a reading call is answered with. */
const FAULTS = {
  '401 for ever': [{ kind: 'status', status: 401, times: 'always' }, 'needs_login'],
  '403 not paired': [{ kind: 'status', status: 403, error: 'not_paired' }, 'pairing_lost'],
  '401 not paired': [{ kind: 'status', status: 401, error: 'not_paired' }, 'pairing_lost'],
  '403 not allowed': [{ kind: 'status', status: 403 }, 'user_not_allowed'],
  '404': [{ kind: 'status', status: 404 }, 'not_found'],
  '409': [{ kind: 'status', status: 409 }, 'upstream_refused'],
  '422': [{ kind: 'status', status: 422, fields: { 'patient.lastName': 'Bee is too short' } }, 'upstream_refused'],
  '429': [{ kind: 'status', status: 429, retryAfter: 33 }, 'rate_limited'],
  '503': [{ kind: 'status', status: 503 }, 'upstream_unavailable'],
  slow: [SLOW, 'upstream_timeout'],
  reset: [{ kind: 'reset' }, 'upstream_unavailable'],
  'half a body': [{ kind: 'half-body' }, 'upstream_unavailable'],
  'a wrong shape': [{ kind: 'wrong-shape' }, 'upstream_wrong_shape'],
  'no JSON': [{ kind: 'wrong-shape', body: '<h1>Maintenance of Bee</h1>' }, 'upstream_wrong_shape'],
} satisfies Record<string, [Fault, string]>;
type FaultName = keyof typeof FAULTS;
const NAMES = Object.keys(FAULTS) as FaultName[];

/** Lets time pass for a call that hangs. */
async function underway<T>(spec: FaultSpec, call: () => Promise<T>): Promise<T> {
  const before = stand.countOf(spec.on);
  const answer = call();
  if (spec.kind === 'slow') {
    await until(() => Promise.resolve(stand.countOf(spec.on) > before));
    await stand.drain();
    await stand.cloud.clock.advance(31_000);
  }
  return answer;
}

function strike(on: FaultPoint, name: FaultName): FaultSpec {
  return stand.cloud.faults.add({ on, ...FAULTS[name][0] });
}

/** In words, marked as what it is, without upstream's own sentences. */
function expectSpoken(problem: Problem, code: string): void {
  if (!isProblemCode(code)) throw new Error(code);
  const [status, retryable, displayMessage] = PROBLEMS[code];
  expect(problem).toMatchObject({ status, code, retryable, displayMessage });
  expect(problem.requestId).toMatch(/^req_/);
  expect(JSON.stringify(problem)).not.toMatch(/Bee|scripted|fault/i);
  if (code === 'rate_limited') expect(problem.retryAfterSeconds).toBe(33);
}

const removedEvents = async () => (await stand.events()).filter(({ type }) => type === 'pairing.removed');

interface Reading {
  readonly on: FaultPoint;
  readonly prepare: () => Promise<[method: string, path: string, body?: unknown]>;
  /** Where this operation means something of its own by an answer. */
  readonly but?: Partial<Record<FaultName, string | null>>;
  /** Carried out though the answer was lost: the same call again finds it done, and says so. */
  readonly doneBy?: { readonly names: readonly FaultName[]; readonly code: string };
}
/** null: not a failure for this operation. */
const READING: Record<string, Reading> = {
  'the practice configuration': {
    on: 'getPracticeConfiguration',
    prepare: () => Promise.resolve(['GET', '/v1/practice']),
  },
  'the whole prescription': {
    on: 'getFullRx',
    async prepare() {
      const orderId = await stand.walkIn();
      await stand.visible(orderId);
      return ['GET', `/v1/scans/${orderId}/rx`];
    },
  },
  'cancelling an RX': {
    on: 'deleteRx',
    prepare: async () => ['DELETE', `/v1/scan-requests/${(await stand.sendRx(ANN)).id}`],
    // It is off the scanner; an answer's body says nothing here.
    but: { '404': null, '409': 'scanning_has_begun', 'a wrong shape': null, 'no JSON': null },
  },
  'correcting a name': {
    on: 'updatePatient',
    async prepare() {
      const { rxId } = await stand.sendRx(ANN);
      await stand.perform({ do: 'scan', rxId: rxId ?? '' });
      return ['PATCH', '/v1/patients', { ...ANN, newFirstName: 'Anna', newLastName: 'Beech' }];
    },
    but: { 'a wrong shape': null, 'no JSON': null },
    // There is nobody of the former name any more.
    doneBy: { names: ['slow', 'half a body'], code: 'not_found' },
  },
  'un-pairing': {
    on: 'unpair',
    prepare: () => Promise.resolve(['DELETE', '/v1/pairing']),
    // Not paired any more is what was wanted.
    but: { '403 not paired': null, '401 not paired': null, 'a wrong shape': null, 'no JSON': null },
  },
};

describe.each(Object.entries(READING))('%s', (_title, { on, prepare, but = {}, doneBy }) => {
  it.each(NAMES)('under %s', async (name) => {
    stand = await openStand();
    const call = await prepare();
    const code = but[name] === undefined ? FAULTS[name][1] : but[name];
    const fault = strike(on, name);
    if (code === null) {
      await underway(fault, () => stand.ask(...call));
      return;
    }
    expectSpoken(await underway(fault, () => stand.problem(...call)), code);
    expect(await removedEvents()).toHaveLength(code === 'pairing_lost' ? 1 : 0);
    stand.cloud.faults.clear();
    // Nothing is lost: the same call is answered when upstream is itself again.
    if (doneBy?.names.includes(name) === true) expect((await stand.problem(...call)).code).toBe(doneBy.code);
    else if (code !== 'pairing_lost' && code !== 'scanning_has_begun') await stand.ask(...call);
  });

  it('under one 401: refreshed once, sent once more', async () => {
    stand = await openStand();
    const call = await prepare();
    stand.cloud.faults.add({ on, kind: 'status', status: 401 });
    const before = [stand.countOf('token'), stand.countOf(on)];
    await stand.ask(...call);
    expect([stand.countOf('token') - (before[0] ?? 0), stand.countOf(on) - (before[1] ?? 0)]).toEqual([1, 2]);
  });
});

describe('the fields that upstream refused', () => {
  it('are named by their path, never by their value', async () => {
    stand = await openStand();
    strike('scanRequest', '422');
    const problem = await stand.problem('POST', '/v1/scan-requests', stand.draftOf(ANN));
    expectSpoken(problem, 'upstream_refused');
    expect(problem.errors).toEqual([{ path: 'patient.lastName', expected: expect.any(String) as string }]);
  });
});

describe('sending an RX', () => {
  const UNCLEAR: FaultName[] = ['503', 'slow', 'reset', 'half a body', 'a wrong shape', 'no JSON'];
  const CLEAR = NAMES.filter((name) => !UNCLEAR.includes(name));

  it.each(UNCLEAR)('without a clear answer (%s) is unconfirmed, told, and never sent again by itself', async (name) => {
    stand = await openStand();
    await stand.ask('GET', '/v1/practice');
    const fault = strike('scanRequest', name);
    const request = await underway(fault, () => stand.sendRx(ANN));
    expect(request).toMatchObject({ state: 'unconfirmed', rxId: null });
    await stand.advance(400_000);
    expect(stand.countOf('scanRequest')).toBe(1);
    expect((await stand.events()).filter(({ type }) => type === 'scan_request.unconfirmed')).toHaveLength(1);
    expect((await stand.problem('DELETE', `/v1/scan-requests/${request.id}`)).code).toBe('request_unconfirmed');
  });

  it.each(CLEAR)('refused (%s) is told, made no RX, and may be sent anew', async (name) => {
    stand = await openStand();
    await stand.ask('GET', '/v1/practice');
    strike('scanRequest', name);
    // What the request names is not there upstream: no item of ours is missing.
    const code = name === '404' ? 'upstream_refused' : FAULTS[name][1];
    expectSpoken(await stand.problem('POST', '/v1/scan-requests', stand.draftOf(ANN)), code);
    expect(await stand.requests()).toMatchObject([{ state: 'refused' }]);
    stand.cloud.faults.clear();
    if (FAULTS[name][1] === 'pairing_lost') return;
    expect((await stand.sendRx(ANN)).state).toBe('sent');
  });

  it('under one 401 is refreshed once and sent once more: one RX', async () => {
    stand = await openStand();
    stand.cloud.faults.add({ on: 'scanRequest', kind: 'status', status: 401 });
    expect((await stand.sendRx(ANN)).state).toBe('sent');
    expect(stand.cloud.state.rxs.size).toBe(1);
  });

  it.each<[string, FaultSpec]>([
    ['is away', { on: 'token', kind: 'status', status: 503 }],
    ['does not answer', { on: 'token', ...SLOW }],
    ['resets', { on: 'token', kind: 'reset' }],
  ])('whose token could not be renewed, because upstream %s, was not sent: no doubt is told', async (_name, spec) => {
    stand = await openStand();
    await stand.ask('GET', '/v1/practice');
    await stand.perform({ do: 'expire-tokens', companyId: RIVERSIDE });
    stand.cloud.faults.add(spec);
    const problem = await underway(spec, () => stand.problem('POST', '/v1/scan-requests', stand.draftOf(ANN)));
    expect(problem.status).toBeGreaterThanOrEqual(503);
    expect(await stand.requests()).toMatchObject([{ state: 'refused' }]);
    expect(stand.cloud.state.rxs.size).toBe(0);
  });
});

describe.each([
  ['getAvailableCompanies', 'not_signed_in'],
  ['pair', 'needs_login'],
] as const)('connecting, at %s', (on, signInOver) => {
  it.each(NAMES.filter((name) => !name.includes('not paired')))('under %s', async (name) => {
    stand = await openStand({ paired: false });
    const fault = strike(on, name);
    const failed: unknown = await underway(fault, () =>
      stand.bff.pair('riverside', DENTIST).then(
        () => null,
        (error: unknown) => error,
      ),
    );
    const problem = JSON.parse(/\{.*/.exec(String(failed))?.[0] ?? '{}') as Problem;
    expectSpoken(problem, name === '401 for ever' ? signInOver : FAULTS[name][1]);
    stand.cloud.faults.clear();
    expect((await stand.pair()).state).toBe('paired');
    const told = (await stand.events()).filter(({ type }) => type === 'pairing.created');
    expect(told).toHaveLength(1);
  });
});

describe('signing in', () => {
  it.each<[string, Fault]>([
    ['503', { kind: 'status', status: 503 }],
    ['reset', { kind: 'reset' }],
    ['half a body', { kind: 'half-body' }],
    ['a wrong shape', { kind: 'wrong-shape' }],
    ['429', { kind: 'status', status: 429 }],
    ['401', { kind: 'status', status: 401, error: 'invalid_client' }],
    ['400', { kind: 'status', status: 400, error: 'invalid_grant' }],
  ])('while the token endpoint answers %s is told with a reason, and works afterwards', async (_name, fault) => {
    stand = await openStand({ paired: false });
    stand.cloud.faults.add({ on: 'token', ...fault });
    const failed = await stand.bff.pair('riverside', DENTIST).catch((error: unknown) => String(error));
    expect(failed).toMatch(/not_signed_in|callback page/);
    const { state, signInProblem } = await stand.pairing();
    expect(state).toBe('unpaired');
    expect(signInProblem !== null && isProblemCode(signInProblem)).toBe(true);
    expect((await stand.pair()).state).toBe('paired');
    expect((await stand.pairing()).signInProblem).toBeNull();
  });
});

describe('a form that is being filled in', () => {
  it('is judged by the kept practice configuration while upstream is away', async () => {
    stand = await openStand();
    const practice = await stand.ask<{ fetchedAt: string }>('GET', '/v1/practice');
    await stand.advance(700_000);
    stand.cloud.faults.add({ on: 'getPracticeConfiguration', kind: 'status', status: 503, times: 'always' });
    expect((await stand.ask<{ fetchedAt: string }>('GET', '/v1/practice')).fetchedAt).toBe(practice.fetchedAt);
    const request: ScanRequest = await stand.sendRx(ANN);
    expect(request.state).toBe('sent');
  });
});
