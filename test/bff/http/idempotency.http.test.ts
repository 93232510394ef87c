import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sessionEndpoint } from '../../../bff/http/endpoint.ts';
import { createIdempotency, type StoredAnswer } from '../../../bff/http/idempotency.ts';
import { ProblemError } from '../../../bff/http/problem-error.ts';
import type { Principal } from '../../../bff/tenancy.ts';
import { createStand, KEYS, post, verdict, type Stand } from './stand.ts';

let runs = 0;
let act: () => Promise<unknown> = async () => ({ run: runs });
const write = (path: string) =>
  sessionEndpoint({
    method: 'post',
    path,
    summary: 'A write',
    scopes: ['pair:read'],
    body: v.object({ a: v.number() }),
    status: 201,
    idempotent: true,
    handle: () => {
      runs += 1;
      return act();
    },
  });

let stand: Stand;
beforeAll(async () => {
  stand = await createStand([write('/v1/writes'), write('/v1/others')]);
});
afterAll(() => stand.close());
beforeEach(() => {
  runs = 0;
  act = async () => ({ run: runs });
});

const send = async (
  token: string,
  key: string | null,
  body: unknown = { a: 1 },
  path = '/v1/writes',
): Promise<Response> => stand.app.request(path, post(body, token, key === null ? {} : { 'idempotency-key': key }));

describe('a write with an Idempotency-Key', () => {
  it('runs once; its repeat gets the same answer', async () => {
    const { session_token } = await stand.mint();
    const first = await send(session_token, 'k1');
    const second = await send(session_token, 'k1');
    expect([first.status, await first.json()]).toEqual([201, { run: 1 }]);
    expect([second.status, await second.json()]).toEqual([201, { run: 1 }]);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(runs).toBe(1);
  });

  it('runs each time without one', async () => {
    const { session_token } = await stand.mint();
    await send(session_token, null);
    await send(session_token, null);
    expect(runs).toBe(2);
  });

  it('meets 422 under another body', async () => {
    const { session_token } = await stand.mint();
    await send(session_token, 'k2');
    expect(await verdict(send(session_token, 'k2', { a: 2 }))).toEqual([422, 'idempotency_mismatch']);
  });

  it('meets 409 while the first still runs, and only one runs of many at once', async () => {
    const { session_token } = await stand.mint();
    const gate = Promise.withResolvers<void>();
    act = () => gate.promise.then(() => ({ run: runs }));
    // Whichever comes first holds the key; it may end when the others have been answered.
    let answered = 0;
    const one = async (): Promise<unknown> => {
      const answer = await send(session_token, 'k3');
      answered += 1;
      if (answered === 5) gate.resolve();
      return answer.status === 201 ? 201 : ((await answer.json()) as { code: string }).code;
    };
    const answers = await Promise.all(Array.from({ length: 6 }, one));
    expect(answers.filter((answer) => answer === 201)).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'request_running')).toHaveLength(5);
    expect(runs).toBe(1);
  });

  it.each([
    ['another vendor', { tenant: 'riverside' }, KEYS.incisor, '/v1/writes'],
    ['another tenant', { tenant: 'lakeview' }, KEYS.molar, '/v1/writes'],
    ['another person', { user: { id: 'u2' } }, KEYS.molar, '/v1/writes'],
    ['another route', {}, KEYS.molar, '/v1/others'],
  ])('is apart from the same key of %s', async (_name, wish, apiKey, path) => {
    const mine = await stand.mint();
    const theirs = await stand.mint(wish, apiKey);
    await send(mine.session_token, 'k4');
    const before = runs;
    expect((await send(theirs.session_token, 'k4', { a: 1 }, path)).status).toBe(201);
    expect(runs).toBe(before + 1);
  });

  it('is the same in another session of the same person', async () => {
    await send((await stand.mint()).session_token, 'k5');
    const again = await send((await stand.mint()).session_token, 'k5');
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });

  it.each([
    ['a fault of ours', () => new TypeError('broken'), 500],
    ['an upstream that is away', () => new ProblemError('upstream_unavailable'), 503],
    ['a pause that is asked for', () => new ProblemError('rate_limited'), 429],
    ['a clinic that is not connected', () => new ProblemError('unpaired'), 409],
  ])('runs again after %s', async (name, fault, status) => {
    const { session_token } = await stand.mint();
    act = () => Promise.reject(fault());
    expect((await send(session_token, name.replaceAll(' ', '-'))).status).toBe(status);
    act = async () => ({ run: runs });
    expect((await send(session_token, name.replaceAll(' ', '-'))).status).toBe(201);
  });

  it('is told the same refusal again', async () => {
    const { session_token } = await stand.mint();
    act = () =>
      Promise.reject(new ProblemError('upstream_refused', { errors: [{ path: 'doctorId', expected: 'another' }] }));
    const first = await (await send(session_token, 'k6')).json();
    const second = await send(session_token, 'k6');
    expect(await second.json()).toEqual(first);
    expect(second.headers.get('content-type')).toBe('application/problem+json');
    expect(runs).toBe(1);
  });

  it('is forgotten after a day', async () => {
    const own = await createStand([write('/v1/writes')]);
    const { session_token } = await own.mint();
    const once = (token: string): Promise<Response> =>
      Promise.resolve(own.app.request('/v1/writes', post({ a: 1 }, token, { 'idempotency-key': 'k' })));
    await once(session_token);
    await own.clock.advance(24 * 3_600_000);
    expect((await once((await own.mint()).session_token)).headers.get('idempotent-replayed')).toBeNull();
    await own.clock.advance(24 * 3_600_000);
    await own.idempotency.prune();
    expect(await own.store.db.selectFrom('idempotency').selectAll().execute()).toEqual([]);
    await own.close();
  });

  it('is never run again after a crash cut it off: nobody knows what it did', async () => {
    const { session_token } = await stand.mint();
    act = () => new Promise(() => {});
    void send(session_token, 'k7');
    await expect.poll(() => runs).toBe(1);
    await stand.idempotency.recover(['POST /v1/writes'], stand.clock.now());
    expect(await verdict(send(session_token, 'k7'))).toEqual([409, 'request_unconfirmed']);
    expect(runs).toBe(1);
  });

  it.each(['', ' ', 'with space', 'ü', 'x'.repeat(256)])('must have a key of visible ASCII, not "%s"', async (bad) => {
    const { session_token } = await stand.mint();
    const answer = await send(session_token, bad);
    expect(await verdict(answer)).toEqual([400, 'invalid_request']);
  });
});

describe('a run whose end the database does not take', () => {
  const principal: Principal = {
    vendor: 'molar',
    tenant: 'riverside',
    environment: 'sandbox',
    userId: 'u1',
    userName: 'Dr. Day',
    clinicName: null,
    sessionId: 's1',
    scopes: [],
    patient: null,
    expiresAt: 0,
  };
  class Refused extends Error {}

  function bench(route: string) {
    const { store, clock } = stand;
    const rules = { onceRoutes: ['POST /once'], isClear: (error: unknown) => error instanceof Refused };
    const idempotency = createIdempotency(store, clock, rules);
    const run = (key: string, work: () => Promise<StoredAnswer>) =>
      idempotency.run({ principal, route, key, body: '{}' }, work, ({ status }) => status < 300);
    return { idempotency, run };
  }

  const done = (): Promise<StoredAnswer> => {
    runs += 1;
    return Promise.resolve({ status: 201, body: `{"run":${runs}}` });
  };
  const fails = (error: Error) => (): Promise<StoredAnswer> => {
    runs += 1;
    return Promise.reject(error);
  };
  /** Whatever is written once `work` has run. */
  function refuseEnds(): () => void {
    const real = stand.store.write.bind(stand.store);
    const refusing = vi
      .spyOn(stand.store, 'write')
      .mockImplementation((work, tenant) => (runs === 0 ? real(work, tenant) : Promise.reject(new Error('disk full'))));
    return () => refusing.mockRestore();
  }
  const codeOf = ({ body }: StoredAnswer): unknown => (JSON.parse(body ?? '{}') as { code?: string }).code;

  it('gives its answer all the same, and its key has it as soon as the database takes it', async () => {
    const { run } = bench('POST /once');
    const mend = refuseEnds();
    expect((await run('late-1', done)).answer).toEqual({ status: 201, body: '{"run":1}' });
    await stand.clock.advance(60_000);
    mend();
    await expect(run('late-1', done)).rejects.toMatchObject({ code: 'request_running' });
    await stand.clock.advance(31_000);
    expect(await run('late-1', done)).toEqual({ answer: { status: 201, body: '{"run":1}' }, replayed: true });
  });

  it('counts though a recovery called it unknown meanwhile', async () => {
    const { idempotency, run } = bench('POST /once');
    const mend = refuseEnds();
    await run('late-2', done);
    mend();
    await idempotency.recover(['POST /once'], stand.clock.now());
    expect(codeOf((await run('late-2', done)).answer)).toBe('request_unconfirmed');
    await stand.clock.advance(31_000);
    expect((await run('late-2', done)).answer).toEqual({ status: 201, body: '{"run":1}' });
  });

  it('never frees a key that another run has taken since', async () => {
    const { idempotency, run } = bench('POST /often');
    const mend = refuseEnds();
    await expect(run('late-3', fails(new Refused()))).rejects.toThrow(Refused);
    mend();
    await stand.clock.advance(500);
    await idempotency.recover([], stand.clock.now());
    const second = await run('late-3', done);
    await stand.clock.advance(31_000);
    expect(await run('late-3', done)).toEqual({ ...second, replayed: true });
  });

  it('is written at a stop, at once', async () => {
    const { idempotency, run } = bench('POST /once');
    const mend = refuseEnds();
    await run('late-4', done);
    mend();
    await idempotency.stop();
    expect((await run('late-4', done)).replayed).toBe(true);
  });

  it('that met a fault of ours keeps its key where the write must not happen twice: nobody knows what it did', async () => {
    const { run } = bench('POST /once');
    await expect(run('fault-1', fails(new TypeError('broken')))).rejects.toThrow('broken');
    const { answer, replayed } = await run('fault-1', done);
    expect([answer.status, codeOf(answer), replayed, runs]).toEqual([409, 'request_unconfirmed', true, 1]);
  });

  it('that met a fault of ours keeps its key though the database does not take that either', async () => {
    const { run } = bench('POST /once');
    const mend = refuseEnds();
    await expect(run('fault-2', fails(new TypeError('broken')))).rejects.toThrow('broken');
    mend();
    await expect(run('fault-2', done)).rejects.toMatchObject({ code: 'request_running' });
    await stand.clock.advance(31_000);
    expect(codeOf((await run('fault-2', done)).answer)).toBe('request_unconfirmed');
    expect(runs).toBe(1);
  });

  it.each([
    ['a problem', 'POST /once', new ProblemError('rate_limited')],
    ['another clear no', 'POST /once', new Refused()],
    ['a fault of ours where twice does no harm', 'POST /often', new TypeError('broken')],
  ])('frees its key after %s', async (name, route, fault) => {
    const { run } = bench(route);
    const key = name.replaceAll(' ', '-');
    await expect(run(key, fails(fault))).rejects.toBe(fault);
    expect((await run(key, done)).replayed).toBe(false);
  });
});
