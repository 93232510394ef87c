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
  /** Id of the last event that was told, `''` when none is known: where another stream goes on from. */
  readonly position: string;
  close(): void;
  /** Opens anew, from where it stopped or from an earlier event. */
  reopen(from?: string): void;
  /** It may be worth a look: ends a pause, and a connection that was silent for too long. */
  hurry(): void;
}

export interface StreamOptions {
  readonly transport: Transport;
  readonly event: (event: StreamEvent | { readonly type: 'stream.reset' }) => void;
  /** The connection stands. `resumed`: nothing was missed since the last event. */
  readonly opened: (resumed: boolean) => void;
  /** The connection that stood has ended; the next try follows. */
  readonly ended?: () => void;
  /** Try number n failed, counted from 1 since the last success. */
  readonly failed: (fault: Fault | undefined, tries: number) => void;
  /** Where to go on from. */
  readonly from?: string;
  /** How many tries have failed before. */
  readonly tries?: number;
  /** Everything up to this event has been told. */
  readonly reached?: (id: string) => void;
  /** Called in place of the next try after one that failed; the stream stands still from then on. */
  readonly handOn?: () => void;
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
  let lastEventId = options.from ?? '';
  let tries = options.tries ?? 0;
  let endPause: (() => void) | undefined;
  let endSilence: (() => void) | undefined;
  const hurry = (): void => {
    endPause?.();
    endSilence?.();
  };
  const stopWaking = onWake(hurry);

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
    let heardAt = Date.now();
    const stop = (): void => void reader.cancel().catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    // Timers are late in a hidden page, and after a computer slept.
    endSilence = () => {
      if (Date.now() - heardAt > silence) stop();
    };
    try {
      for (;;) {
        clearTimeout(watchdog);
        watchdog = setTimeout(stop, silence);
        heardAt = Date.now();
        const chunk = await reader.read();
        if (chunk.done || signal.aborted) return;
        for (const message of parser.push(chunk.value)) {
          if (message.type === 'heartbeat') {
            const told = readJson(heartbeatSchema, message.data);
            if (told) silence = Math.min(Math.max(told.heartbeatTimeout, SILENCE_MS[0]), SILENCE_MS[1]);
          } else dispatch(message);
          if (signal.aborted) return;
          tries = 0;
          if (message.id !== '') options.reached?.(message.id);
        }
        // Kept only after its event was handled: an event is rather seen twice than lost.
        if (parser.lastEventId !== '') lastEventId = parser.lastEventId;
      }
    } catch {
      // The connection broke: the loop in run() goes on.
    } finally {
      clearTimeout(watchdog);
      endSilence = undefined;
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
      if (answer.ok) options.ended?.();
      if (connection.signal.aborted) continue;
      const fault = answer.ok ? undefined : answer.error;
      if (fault && isAborted(fault)) continue;
      // A connection that stood and ended is no failure yet: the server may just have restarted.
      if (fault || tries > 0) options.failed(fault, tries + (fault ? 1 : 0));
      await pause(Math.max(pauseBefore(tries++), (fault?.retryAfterSeconds ?? 0) * 1000));
      if (fault && options.handOn && !closing.signal.aborted) return options.handOn();
    }
  }

  void run();
  return {
    get position() {
      return lastEventId;
    },
    hurry,
    reopen(from = lastEventId) {
      lastEventId = from;
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
