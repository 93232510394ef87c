import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fail, type Result } from '../../../shared/result.ts';
import { clientFault, type Fault } from '../../../widget/core/fault.ts';
import { openEventStream, type EventStream } from '../../../widget/core/stream.ts';
import type { Call, Transport } from '../../../widget/core/transport.ts';
import { installPage, type FakePage } from './page-globals.ts';

/** A server whose connections the test opens, feeds and ends. */
class FakeServer implements Transport {
  readonly calls: Call[] = [];
  down: Fault | undefined;
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  open = 0;

  async send<T>(call: Call, read: (response: Response) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> {
    this.calls.push(call);
    if (this.down) return fail(this.down);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#body = controller;
        this.open++;
      },
      cancel: () => {
        this.open--;
      },
    });
    return read(new Response(body));
  }

  say(text: string): Promise<void> {
    this.#body?.enqueue(new TextEncoder().encode(text));
    return settle();
  }

  end(): Promise<void> {
    this.#body?.close();
    this.open--;
    return settle();
  }

  get resumedFrom(): (string | undefined)[] {
    return this.calls.map((call) => call.headers?.['Last-Event-ID']);
  }
}

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

describe('the event stream', () => {
  let page: FakePage;
  let server: FakeServer;
  let stream: EventStream;
  let heard: string[];

  beforeEach(async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(1);
    page = installPage();
    server = new FakeServer();
    heard = [];
    stream = openEventStream({
      transport: server,
      event: (event) =>
        heard.push('id' in event ? `${event.type} ${event.id} ${event.data.orderId ?? ''}` : event.type),
      opened: (resumed) => heard.push(resumed ? 'resumed' : 'opened'),
      failed: (_, tries) => heard.push(`failed ${tries}`),
    });
    await settle();
  });

  afterEach(async () => {
    stream.close();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    expect(page.listeners()).toBe(0);
    expect(server.open).toBe(0);
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  it('tells typed events and skips what it does not know', async () => {
    await server.say('id: 1\nevent: scan.received\ndata: {"orderId":"42"}\n\n');
    await server.say('id: 2\nevent: scan.invented\ndata: {}\n\nid: 3\nevent: scan.updated\ndata: not json\n\n');
    await server.say('event: stream.reset\ndata: {}\n\n');
    expect(heard).toEqual(['opened', 'scan.received 1 42', 'stream.reset']);
  });

  it('resumes from the last event after the server ended the stream', async () => {
    await server.say('id: 9\nevent: scan.received\ndata: {}\n\n');
    await server.end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.resumedFrom).toEqual([undefined, '9']);
    expect(heard.at(-1)).toBe('resumed');
    expect(heard).not.toContain('failed 1');
  });

  it('remembers the id of an event that it skipped, since it is not to come again', async () => {
    await server.say('id: 5\nevent: scan.invented\ndata: {}\n\n');
    await server.end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.resumedFrom.at(-1)).toBe('5');
  });

  it('tries again with pauses that grow from 1 s to 30 s', async () => {
    server.down = clientFault('offline');
    await server.end();
    const tries: number[] = [];
    for (let second = 1; second <= 130; second++) {
      const before = server.calls.length;
      await vi.advanceTimersByTimeAsync(1_000);
      if (server.calls.length > before) tries.push(second);
    }
    expect(tries).toEqual([1, 3, 7, 15, 31, 61, 91, 121]);
  });

  it('begins again with short pauses after a success', async () => {
    server.down = clientFault('offline');
    await server.end();
    await vi.advanceTimersByTimeAsync(31_000);
    server.down = undefined;
    await vi.advanceTimersByTimeAsync(30_000);
    await server.say('event: heartbeat\ndata: {"heartbeatTimeout":20000}\n\n');
    const calls = server.calls.length;
    await server.end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.calls).toHaveLength(calls + 1);
  });

  it('waits as long as the server asks', async () => {
    server.down = { ...clientFault('offline'), retryAfterSeconds: 20 };
    await server.end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(19_000);
    expect(server.calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.calls).toHaveLength(3);
  });

  it('tries at once when the network comes back', async () => {
    server.down = clientFault('offline');
    await server.end();
    await vi.advanceTimersByTimeAsync(20_000);
    const calls = server.calls.length;
    server.down = undefined;
    page.wake();
    await settle();
    expect(server.calls).toHaveLength(calls + 1);
    expect(heard.at(-1)).toBe('opened');
  });

  it('takes 20 s of silence for a dead connection', async () => {
    await vi.advanceTimersByTimeAsync(19_000);
    await server.say(': anything counts as a sign of life\n\n');
    await vi.advanceTimersByTimeAsync(19_900);
    expect(server.calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_200);
    expect(server.calls).toHaveLength(2);
  });

  it('takes the silence that the heartbeat names', async () => {
    await server.say('event: heartbeat\ndata: {"heartbeatTimeout":5000}\n\n');
    await vi.advanceTimersByTimeAsync(6_100);
    expect(server.calls).toHaveLength(2);
  });

  it('opens anew at once, from where it stopped, when the session may see more', async () => {
    await server.say('id: 4\nevent: scan.received\ndata: {}\n\n');
    stream.reopen();
    await settle();
    expect(server.resumedFrom).toEqual([undefined, '4']);
    expect(server.open).toBe(1);
  });
});
