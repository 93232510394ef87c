import * as v from 'valibot';
import { ok } from '../../shared/result.ts';
import { routes } from '../../shared/routes.ts';
import { EVENT_TYPES, eventDataSchema, HEARTBEAT_TIMEOUT_MS, type StreamEvent } from '../../shared/stream-event.ts';
import { readJson } from './answer.ts';
import { onWake, pauseBefore } from './backoff.ts';
import { isAborted, type Fault } from './fault.ts';
import { createSseParser, type SseMessage } from './sse.ts';
import type { Transport } from './transport.ts';

export interface EventStream {
  close(): void;
  /** Opens anew from where it stopped, e.g. because the session may see more now. */
  reopen(): void;
}

export interface StreamOptions {
  readonly transport: Transport;
  readonly event: (event: StreamEvent | { readonly type: 'stream.reset' }) => void;
  /** The connection stands. `resumed`: nothing was missed since the last event. */
  readonly opened: (resumed: boolean) => void;
  /** Try number n failed, counted from 1 since the last success. */
  readonly failed: (fault: Fault | undefined, tries: number) => void;
}

const heartbeatSchema = v.object({ heartbeatTimeout: v.number() });
const SILENCE_MS = [1_000, 300_000] as const;

/**
 * The one event stream of a page link: reads by `fetch` (an EventSource cannot carry the token), resumes by
 * `Last-Event-ID`, takes silence for a dead connection, and tries again with growing pauses for as long as it is open.
 */
export function openEventStream(options: StreamOptions): EventStream {
  const closing = new AbortController();
  let connection = new AbortController();
  let lastEventId = '';
  let tries = 0;
  let endPause: (() => void) | undefined;
  const stopWaking = onWake(() => endPause?.());

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => endPause?.(), ms);
      endPause = () => {
        clearTimeout(timer);
        endPause = undefined;
        resolve();
      };
    });
  }

  /** What is not understood is skipped: an older element may meet a newer BFF. */
  function dispatch(message: SseMessage): void {
    if (message.type === 'stream.reset') return options.event({ type: 'stream.reset' });
    const type = EVENT_TYPES.find((known) => known === message.type);
    const data = readJson(eventDataSchema, message.data);
    if (type && data) options.event({ id: message.id, type, data });
  }

  async function read(body: ReadableStream<Uint8Array>): Promise<void> {
    const parser = createSseParser();
    const reader = body.getReader();
    const { signal } = connection;
    let silence = HEARTBEAT_TIMEOUT_MS;
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const stop = (): void => void reader.cancel().catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (;;) {
        clearTimeout(watchdog);
        watchdog = setTimeout(stop, silence);
        const chunk = await reader.read();
        if (chunk.done || signal.aborted) return;
        for (const message of parser.push(chunk.value)) {
          if (message.type === 'heartbeat') {
            const told = readJson(heartbeatSchema, message.data);
            if (told) silence = Math.min(Math.max(told.heartbeatTimeout, SILENCE_MS[0]), SILENCE_MS[1]);
          } else dispatch(message);
          if (signal.aborted) return;
          tries = 0;
        }
        // Kept only after its event was handled: an event is rather seen twice than lost.
        if (parser.lastEventId !== '') lastEventId = parser.lastEventId;
      }
    } catch {
      // The connection broke: the loop in run() goes on.
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      connection = new AbortController();
      const signal = AbortSignal.any([closing.signal, connection.signal]);
      const resuming = lastEventId !== '';
      const answer = await options.transport.send(
        {
          method: 'GET',
          path: routes.events,
          headers: { Accept: 'text/event-stream', ...(resuming && { 'Last-Event-ID': lastEventId }) },
          signal,
        },
        async (response) => ok(response.body),
      );
      if (answer.ok && answer.value) {
        options.opened(resuming);
        await read(answer.value);
      }
      if (closing.signal.aborted) return;
      if (connection.signal.aborted) continue;
      const fault = answer.ok ? undefined : answer.error;
      if (fault && isAborted(fault)) continue;
      // A connection that stood and ended is no failure yet: the server may just have restarted.
      if (fault || tries > 0) options.failed(fault, tries + (fault ? 1 : 0));
      await pause(Math.max(pauseBefore(tries++), (fault?.retryAfterSeconds ?? 0) * 1000));
    }
  }

  void run();
  return {
    reopen() {
      tries = 0;
      connection.abort();
      endPause?.();
    },
    close() {
      closing.abort();
      connection.abort();
      stopWaking();
      endPause?.();
    },
  };
}
