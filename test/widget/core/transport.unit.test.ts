import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toProblem } from '../../../shared/problem.ts';
import { ok } from '../../../shared/result.ts';
import { createApi, requestIdOf, type Api } from '../../../widget/core/api.ts';
import { isAborted } from '../../../widget/core/fault.ts';
import { createTransport } from '../../../widget/core/transport.ts';
import { listAccounts, unpair } from '../../../widget/itero-pair/pair-calls.ts';

const unread = { unread: 3 };

describe('calls to the BFF', () => {
  let api: Api;
  let leaving: AbortController;
  let renewals: string[];
  let sent: { url: string; init: RequestInit; headers: Headers }[];
  let answers: (() => Response | Promise<Response>)[];
  let token: string;

  beforeEach(() => {
    vi.useFakeTimers();
    [renewals, sent, answers, token] = [[], [], [], 'first'];
    leaving = new AbortController();
    vi.stubGlobal('fetch', async (url: URL, init: RequestInit) => {
      sent.push({ url: url.href, init, headers: new Headers(init.headers) });
      const stopped = new Promise<never>((_, reject) => {
        init.signal?.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError')));
      });
      const answer = answers.shift();
      return Promise.race([answer ? answer() : Response.json(unread), stopped]);
    });
    const session = {
      token: () => Promise.resolve(ok(token)),
      renew: (reason: string) => {
        renewals.push(reason);
        token = 'second';
        return Promise.resolve(ok(token));
      },
    };
    api = createApi('https://bff.test', createTransport('https://bff.test', session), leaving.signal);
  });

  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const problem = (code: Parameters<typeof toProblem>[0]) => () => {
    const body = toProblem(code, 'req-1');
    return Response.json(body, { status: body.status });
  };

  it('carry the token, no cookies and no address of the page', async () => {
    await api.markRead('12', 'v1');
    expect(sent[0]?.url).toBe('https://bff.test/v1/scans/12/read');
    expect(sent[0]?.headers.get('Authorization')).toBe('Bearer first');
    expect(sent[0]?.init).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' });
  });

  it('renew an ended session once and repeat the very same write', async () => {
    answers = [problem('session_expired')];
    expect(await api.markRead('12', 'v1')).toEqual(ok(unread));
    expect(renewals).toEqual(['expired']);
    expect(sent.map(({ headers }) => headers.get('Authorization'))).toEqual(['Bearer first', 'Bearer second']);
    expect(sent[0]?.headers.get('Idempotency-Key')).toBeTruthy();
    expect(sent[1]?.headers.get('Idempotency-Key')).toBe(sent[0]?.headers.get('Idempotency-Key'));
  });

  it('do not renew for ever', async () => {
    answers = [problem('session_expired'), problem('session_expired')];
    expect(await api.markRead('12', 'v1')).toMatchObject({ ok: false, error: { code: 'session_expired' } });
    expect(renewals).toHaveLength(1);
  });

  it('repeat reading in the new environment, never writing', async () => {
    answers = [problem('environment_changed'), () => Response.json({ accounts: [] })];
    expect(await listAccounts(api)).toEqual(ok([]));
    answers = [problem('environment_changed')];
    expect(await unpair(api)).toMatchObject({ ok: false, error: { code: 'environment_changed' } });
    expect(renewals).toEqual(['environment-changed', 'environment-changed']);
    expect(sent).toHaveLength(3);
  });

  it('give a problem document as a fault with its words and number', async () => {
    answers = [problem('forbidden')];
    expect(await unpair(api)).toMatchObject({
      ok: false,
      error: { code: 'forbidden', status: 403, requestId: 'req-1', displayMessage: expect.stringContaining('right') },
    });
  });

  it.each<[string, () => Response | Promise<Response>, string]>([
    ['no connection', () => Promise.reject(new TypeError('Failed to fetch')), 'offline'],
    ['a proxy’s own page', () => new Response('<h1>Bad gateway</h1>', { status: 502 }), 'offline'],
    ['another shape', () => Response.json({ unread: 'three' }), 'unreadable'],
    ['half a body', () => new Response('{"unread":'), 'unreadable'],
    ['a page in place of an answer', () => new Response('<h1>Hi</h1>', { status: 404 }), 'unreadable'],
  ])('take %s for what it is', async (_, answer, code) => {
    answers = [answer];
    expect(await api.markRead('12', 'v1')).toMatchObject({ ok: false, error: { code } });
  });

  it('give up after 15 s', async () => {
    answers = [() => new Promise<Response>(() => undefined)];
    const call = api.markRead('12', 'v1');
    await vi.advanceTimersByTimeAsync(14_900);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(await call).toMatchObject({ ok: false, error: { code: 'offline', retryable: true } });
  });

  it('end with the element, and answer nothing but that', async () => {
    answers = [() => new Promise<Response>(() => undefined)];
    const call = api.markRead('12', 'v1');
    await vi.advanceTimersByTimeAsync(0);
    leaving.abort();
    const answer = await call;
    expect(!answer.ok && isAborted(answer.error)).toBe(true);
    expect(await api.markRead('12', 'v1')).toMatchObject({ ok: false, error: { code: 'aborted' } });
    expect(sent).toHaveLength(1);
  });

  it('remember the request id of an answer', async () => {
    answers = [() => Response.json(unread, { headers: { 'X-Request-Id': 'req-77' } })];
    const answer = await api.markRead('12', 'v1');
    expect(answer.ok && requestIdOf(answer.value)).toBe('req-77');
  });

  it('make absolute addresses of signed links', () => {
    expect(api.assetUrl('/v1/assets/abc.def')).toBe('https://bff.test/v1/assets/abc.def');
  });
});
