import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sessionEndpoint } from '../../../bff/http/endpoint.ts';
import { ProblemError } from '../../../bff/http/problem-error.ts';
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
    idempotent: 'once',
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
