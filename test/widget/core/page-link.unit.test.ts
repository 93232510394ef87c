import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toProblem, type ProblemCode } from '../../../shared/problem.ts';
import type { ComponentName, SessionRequest } from '../../../shared/session.ts';
import { joinPageLink, openLinks, type JoinedLink } from '../../../widget/core/page-link.ts';
import { listAccounts } from '../../../widget/itero-pair/pair-calls.ts';
import { aToken, installPage, type FakePage } from './page-globals.ts';

const APIBASE = 'https://bff.test';

function problem(code: ProblemCode): Response {
  const body = toProblem(code, 'req-1');
  return Response.json(body, { status: body.status });
}

describe('a page link', () => {
  let page: FakePage;
  let asked: SessionRequest[];
  let grant: () => Promise<string>;
  let openStream: () => Promise<Response>;
  let answer: () => Response;
  let scope: string;
  let user: string;
  let group: string | undefined;
  let joined: JoinedLink[];
  let streams: ReadableStreamDefaultController<Uint8Array>[];
  let resumedFrom: (string | null)[];
  let practice: () => Promise<Response>;
  const beats = new Set<ReturnType<typeof setInterval>>();

  /** A stream that stands and beats. */
  const standing = (): Response => {
    let beat: ReturnType<typeof setInterval>;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        streams.push(controller);
        beat = setInterval(() => controller.enqueue(new TextEncoder().encode(': beat\n\n')), 10_000);
        beats.add(beat);
      },
      cancel: () => clearInterval(beat),
    });
    return new Response(body);
  };

  const fetchSession = (request: SessionRequest): Promise<string> => {
    asked.push(request);
    return grant();
  };

  function join(component: ComponentName = 'scan_inbox'): { link: JoinedLink; heard: string[] } {
    const source = { kind: 'function', fetchSession } as const;
    const link = joinPageLink({ apiBase: APIBASE, source, chartNumber: 'A-1', component, reason: 'start' });
    const heard: string[] = [];
    link.on((event) => heard.push(event.type === 'link.state' ? link.state.kind : event.type));
    joined.push(link);
    return { link, heard };
  }

  const pass = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    page = installPage();
    [asked, joined, streams, resumedFrom, scope, user, group] = [[], [], [], [], 'scan:read', 'u1', undefined];
    // No locks: each link has a stream of its own.
    vi.stubGlobal('navigator', {});
    grant = () => {
      const iat = Date.now() / 1000;
      const claims = { iat, exp: iat + 900, scope, sub: user, sid: `s${asked.length}`, ...(group && { group }) };
      return Promise.resolve(aToken(claims));
    };
    openStream = () => Promise.resolve(standing());
    answer = () => Response.json({ accounts: [] });
    practice = async () => Response.json({ session_token: await grant() });
    vi.stubGlobal('fetch', (url: URL | string, { signal, headers }: RequestInit) => {
      if (typeof url === 'string') return practice();
      if (url.pathname === '/v1/events') resumedFrom.push(new Headers(headers).get('Last-Event-ID'));
      const stopped = new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError')));
      });
      const work = url.pathname === '/v1/events' ? openStream() : Promise.resolve(answer());
      return Promise.race([work, stopped]);
    });
  });

  afterEach(async () => {
    for (const link of joined) link.leave();
    await pass();
    for (const beat of beats) clearInterval(beat);
    expect(openLinks()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(page.listeners()).toBe(0);
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is ready when the stream stands, so that what is loaded then misses no event', async () => {
    let open: (response: Response) => void = () => undefined;
    openStream = () =>
      new Promise((resolve) => {
        open = resolve;
      });
    const { heard } = join();
    await pass();
    expect(asked).toHaveLength(1);
    expect(heard).toEqual([]);
    open(standing());
    await pass();
    expect(heard).toEqual(['ready']);
  });

  it('does not wait long for the stream, and has everything loaded again when it opens late', async () => {
    let open: (response: Response) => void = () => undefined;
    openStream = () =>
      new Promise((resolve) => {
        open = resolve;
      });
    const { heard } = join();
    await pass(1_500);
    expect(heard).toEqual(['ready']);
    open(standing());
    await pass();
    expect(heard).toEqual(['ready', 'stream.reset']);
  });

  it('says nothing about a plain renewal', async () => {
    const { heard, link } = join();
    await pass(800_000);
    expect(asked.map((one) => one.reason)).toEqual(['start', 'renew']);
    expect(heard).toEqual(['ready']);
    expect(link.state).toMatchObject({ kind: 'ready', claims: { sid: 's2' } });
  });

  it('keeps a later element waiting until its component was asked for', async () => {
    join();
    await pass();
    const later = join('scan_request');
    expect(later.link.state.kind).toBe('starting');
    await pass();
    expect(later.link.state.kind).toBe('ready');
    expect(later.heard).toEqual(['ready']);
    expect(asked.at(-1)?.components).toEqual(['scan_inbox', 'scan_request']);
  });

  it('also asks for an element that joins while a session is under way', async () => {
    const plain = grant;
    grant = () =>
      new Promise((resolve) => {
        setTimeout(() => resolve(plain()), 100);
      });
    join();
    await pass(50);
    const later = join('scan_request');
    await pass(200);
    expect(asked.map((one) => one.components)).toEqual([['scan_inbox'], ['scan_inbox', 'scan_request']]);
    expect(later.link.state.kind).toBe('ready');
  });

  it('goes through starting, where all is dropped, when the session goes to another user', async () => {
    const { heard } = join();
    await pass();
    user = 'u2';
    await pass(800_000);
    expect(heard).toEqual(['ready', 'starting', 'ready']);
  });

  it('goes through starting when only the group is another, and takes nothing from the former one’s stream', async () => {
    group = 'patient A-1';
    const { heard } = join();
    await pass();
    streams[0]?.enqueue(new TextEncoder().encode('id: 7\nevent: scan.received\ndata: {}\n\n'));
    await pass();
    group = 'patient B-2';
    await pass(800_000);
    expect(asked.map((one) => one.reason)).toEqual(['start', 'renew']);
    expect(heard).toEqual(['ready', 'scan.received', 'starting', 'ready']);
    expect(resumedFrom).toEqual([null, null]);
  });

  it('leaves what is typed where an element joins with more rights, which make another group, and has all read anew', async () => {
    group = 'A-1 scan:read';
    const { heard } = join();
    await pass();
    streams[0]?.enqueue(new TextEncoder().encode('id: 7\nevent: scan.received\ndata: {}\n\n'));
    await pass();
    scope = 'scan:read scan-request:read';
    group = `A-1 ${scope}`;
    const later = join('scan_request');
    await pass();
    expect(heard).toEqual(['ready', 'scan.received', 'stream.reset', 'ready']);
    expect(later.link.state.kind).toBe('ready');
    expect(resumedFrom).toEqual([null, null]);
  });

  it('goes on with its calls while a person signs in for the renewal', async () => {
    const { link } = join();
    await pass();
    grant = () => new Promise(() => undefined);
    await pass(800_000);
    expect(asked.map((one) => one.reason)).toEqual(['start', 'renew']);
    expect(await listAccounts(link.api)).toMatchObject({ ok: true });
  });

  it('goes through starting when the environment was switched', async () => {
    const { heard, link } = join();
    await pass();
    answer = () => {
      answer = () => Response.json({ accounts: [] });
      return problem('environment_changed');
    };
    expect(await listAccounts(link.api)).toMatchObject({ ok: true });
    await pass();
    expect(asked.at(-1)?.reason).toBe('environment-changed');
    expect(heard).toEqual(['ready', 'starting', 'ready']);
  });

  it('is offline after two failures, keeps its claims, and is ready when the stream stands again', async () => {
    const { heard, link } = join();
    await pass();
    openStream = () => Promise.reject(new TypeError('no network'));
    for (const beat of beats) clearInterval(beat);
    streams[0]?.error(new TypeError('network changed'));
    await pass(1_000);
    expect(link.state).toMatchObject({ kind: 'offline', claims: { scope: 'scan:read' } });
    openStream = () => Promise.resolve(standing());
    page.wake();
    await pass();
    expect(heard.filter((kind) => kind !== 'stream.reset')).toEqual(['ready', 'offline', 'ready']);
  });

  it('is ready without a stream when the session may hear no event', async () => {
    openStream = () => Promise.resolve(problem('forbidden'));
    const { heard, link } = join();
    await pass(60_000);
    expect(link.state.kind).toBe('ready');
    expect(heard).toEqual(['ready']);
  });

  it('is expired when the practice system refuses, closes the stream, and starts anew when asked', async () => {
    const { heard, link } = join();
    await pass();
    const plain = grant;
    grant = () => Promise.reject(new Error('signed out'));
    await pass(800_000);
    expect(heard).toEqual(['ready', 'expired']);
    grant = plain;
    link.retry();
    await pass();
    // Nothing was told yet, so that what was missed meanwhile is not known.
    expect(heard).toEqual(['ready', 'expired', 'stream.reset', 'ready']);
  });

  it('is told what came between the practice system’s refusal and the next sign-in', async () => {
    const { heard, link } = join();
    await pass();
    streams[0]?.enqueue(new TextEncoder().encode('id: 7\nevent: scan.received\ndata: {}\n\n'));
    const plain = grant;
    grant = () => Promise.reject(new Error('signed out'));
    await pass(800_000);
    grant = plain;
    link.retry();
    await pass();
    expect(resumedFrom).toEqual([null, '7']);
    expect(heard).toEqual(['ready', 'scan.received', 'expired', 'ready']);
  });

  for (const [who, change] of [
    ['another user', () => (user = 'u2')],
    ['the same user for another patient', () => (group = 'patient B-2')],
  ] as const) {
    it(`takes nothing from the former one’s stream when ${who} signs in after a refusal`, async () => {
      group = 'patient A-1';
      const { heard, link } = join();
      await pass();
      streams[0]?.enqueue(new TextEncoder().encode('id: 7\nevent: scan.received\ndata: {}\n\n'));
      const plain = grant;
      grant = () => Promise.reject(new Error('signed out'));
      await pass(800_000);
      grant = plain;
      change();
      link.retry();
      await pass();
      expect(resumedFrom).toEqual([null, null]);
      expect(heard).toEqual(['ready', 'scan.received', 'expired', 'starting', 'ready']);
    });
  }

  it('does not become ready by itself when the practice system refuses while the stream is still being opened', async () => {
    openStream = () => new Promise(() => undefined);
    const { heard, link } = join();
    await pass();
    grant = () => Promise.reject(new Error('signed out'));
    answer = () => problem('session_expired');
    await listAccounts(link.api);
    await pass(10_000);
    expect(heard).toEqual(['expired']);
  });

  it('renews the session when the server ended the stream because it was over, and goes on', async () => {
    const { link } = join();
    await pass();
    let refused = 0;
    openStream = () => Promise.resolve(refused++ === 0 ? problem('session_expired') : standing());
    for (const beat of beats) clearInterval(beat);
    streams[0]?.close();
    await pass(1_000);
    expect(asked.map((one) => one.reason)).toEqual(['start', 'expired']);
    expect(streams).toHaveLength(2);
    expect(link.state.kind).toBe('ready');
  });

  it('hears nothing while its session is over and the practice system is away, and then misses nothing', async () => {
    const source = { kind: 'url', url: '/session' } as const;
    const link = joinPageLink({
      apiBase: APIBASE,
      source,
      chartNumber: 'A-1',
      component: 'scan_inbox',
      reason: 'start',
    });
    joined.push(link);
    await pass();
    streams[0]?.enqueue(new TextEncoder().encode('id: 7\nevent: scan.received\ndata: {}\n\n'));
    const granted = practice;
    practice = () => Promise.reject(new TypeError('no network'));
    await pass(890_000);
    expect(link.state.kind).toBe('ready');
    // The token is over: at its next try, the page leaves its stream.
    await pass(40_000);
    expect(link.state).toMatchObject({ kind: 'offline' });
    const before = resumedFrom.length;
    await pass(120_000);
    expect(resumedFrom).toHaveLength(before);
    practice = granted;
    await pass(31_000);
    expect(link.state.kind).toBe('ready');
    expect(resumedFrom.at(-1)).toBe('7');
  });

  it('leaves its stream for another one, from where it stopped, when a renewed session may hear other events', async () => {
    const { heard } = join();
    await pass();
    streams[0]?.enqueue(new TextEncoder().encode('id: 7\nevent: scan.received\ndata: {}\n\n'));
    await pass();
    scope = 'pair:read scan:read';
    await pass(800_000);
    expect(resumedFrom).toEqual([null, '7']);
    expect(heard).toEqual(['ready', 'scan.received', 'ready']);
  });

  it('lets one element leave without disturbing the others', async () => {
    const first = join();
    const second = join();
    await pass();
    first.link.leave();
    expect(await listAccounts(first.link.api)).toMatchObject({ ok: false, error: { code: 'aborted' } });
    expect(await listAccounts(second.link.api)).toMatchObject({ ok: true });
    expect(openLinks()).toBe(1);
  });
});
