import { uncounted, type Activity, type Clock, type Fetch } from '../deps.ts';
import { toNetworkFault, toStatusFault, type CallKind, type RawAnswer } from './errors.ts';
import { AlignFault } from './port.ts';

/** A page of a hundred orders or a whole practice configuration stays far below. */
const JSON_LIMIT = 16 * 1024 * 1024;

export interface JsonCall extends CallKind {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Checked against the allow-list by the caller. */
  readonly url: URL;
  readonly accessToken?: string;
  readonly body?: unknown;
}

export interface Client {
  /** Sends one request and reads the answer whatever its status. Rejects with `timeout`, `unavailable` or `wrong_shape`. */
  send(call: CallKind, url: URL, init: RequestInit): Promise<RawAnswer>;
  /** JSON there and back. Any status but 2xx rejects with its fault. */
  json(call: JsonCall): Promise<unknown>;
  /** For answers that say nothing but that it was done: whatever body comes is left alone. */
  done(call: JsonCall): Promise<void>;
}

/** The one way to upstream but for files, which `assets` streams. */
export function createClient(parts: {
  fetch: Fetch;
  clock: Clock;
  timeout: () => number;
  activity?: Activity | undefined;
}): Client {
  const { fetch, clock, activity = uncounted } = parts;

  const send = (call: CallKind, url: URL, init: RequestInit): Promise<RawAnswer> =>
    activity.run(() => sendOne(call, url, init));

  async function sendOne(call: CallKind, url: URL, init: RequestInit): Promise<RawAnswer> {
    const abort = new AbortController();
    let timedOut = false;
    // Over the body too: an answer that trickles is as bad as none.
    const cancel = clock.after(parts.timeout(), () => {
      timedOut = true;
      abort.abort();
    });
    try {
      const response = await fetch(url, { ...init, redirect: 'manual', signal: abort.signal });
      return { status: response.status, headers: response.headers, text: await readText(call, response) };
    } catch (error) {
      throw toNetworkFault(call, error, timedOut);
    } finally {
      cancel();
      // Frees the socket of an answer that was left unread.
      abort.abort();
    }
  }

  async function succeed(call: JsonCall): Promise<RawAnswer> {
    const answer = await send(call, call.url, {
      method: call.method,
      headers: {
        accept: 'application/json',
        ...(call.accessToken === undefined ? {} : { authorization: `Bearer ${call.accessToken}` }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    if (answer.status < 200 || answer.status > 299) throw toStatusFault(call, answer, clock.now());
    return answer;
  }

  return {
    send,
    async done(call) {
      await succeed(call);
    },
    async json(call) {
      const { status, text } = await succeed(call);
      try {
        return JSON.parse(text);
      } catch {
        // The parser's message quotes the body, which may hold patient data: it is not passed on.
        throw new AlignFault('wrong_shape', call.operation, { property: 'body', status, maybeApplied: call.write });
      }
    },
  };
}

async function readText(call: CallKind, response: Response): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let size = 0;
  let text = '';
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > JSON_LIMIT) {
      throw new AlignFault('wrong_shape', call.operation, { property: 'body (size)', maybeApplied: call.write });
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
