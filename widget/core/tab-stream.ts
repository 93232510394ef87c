import { onWake, pauseBefore } from './backoff.ts';
import type { Fault } from './fault.ts';
import { openEventStream, type EventStream, type StreamOptions } from './stream.ts';
import { readMessage, REFUSED, type TabMessage } from './tab-message.ts';
import type { Transport } from './transport.ts';

export interface TabStreamOptions extends StreamOptions {
  /** Equal in tabs that may share: BFF and claim `group`. */
  readonly group: string;
}

/** A page that is looked at asks the leader for a sign of life after so much silence (ms) … */
const PROBE_MS = 5_000;
/** … and takes its place when it has not answered after so long (ms). */
const ANSWER_MS = 2_000;
/** The lock goes to the next page that waits for it when a try has no answer after so long (ms), or as a pause, if longer. */
const PATIENCE_MS = 5_000;
/** Pages that are behind ask within this time of each other (ms): one connection serves them all. */
const REWIND_MS = 50;

/**
 * One stream for all tabs of a group. Who holds the lock leads: it has the connection and tells the others what it
 * reads. The lock passes on when its page closes, crashes, freezes, failed to connect, or had no answer for too long; each
 * page knows what it has seen, so the next leader goes on from there and nobody loses or doubles an event. See
 * docs/decisions/0012.
 */
export function openTabStream(options: TabStreamOptions): EventStream {
  // Tabs of different releases do not share: the chunk's own address carries its hash.
  const name = `itero-stream ${import.meta.url} ${options.group}`;
  /** The last event that this page was told. */
  let position = options.from ?? '';
  let tries = options.tries ?? 0;
  let standing = false;
  let channel: BroadcastChannel | undefined;
  let queue = new AbortController();
  let release: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let askedBack = false;

  /** The connection while this page leads, the id it has read up to, and the message that tells how it is. */
  let connection: EventStream | undefined;
  let read = '';
  let status: TabMessage = { kind: 'opening' };
  let rewindTo = '';
  let rewindTimer: ReturnType<typeof setTimeout> | undefined;
  /** When the try that waits for its answer has waited too long. */
  let deadline = Infinity;
  let late: ReturnType<typeof setTimeout> | undefined;

  const visible = (): boolean => document.visibilityState === 'visible';
  const post = (message: TabMessage): void => {
    // A channel has no target origin: it reaches this origin alone.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    channel?.postMessage(message);
  };

  /** `at`: what the leader has read, where this page does not know its place yet. */
  function stand(at = ''): void {
    const resumed = position !== '';
    if (!resumed) position = at;
    tries = 0;
    if (standing) return;
    standing = true;
    options.opened(resumed);
  }

  function fallen(message: TabMessage & { kind: 'down' }, fault = message.refused ? REFUSED : undefined): void {
    standing = false;
    tries = message.tries;
    options.failed(fault, tries);
  }

  const isBehind = (read: string): boolean => position !== '' && Number(read) > Number(position);

  /** Something between `position` and what is told now was missed: the leader is to read it again. */
  function askBack(): void {
    if (!askedBack) post({ kind: 'behind', position });
    askedBack = true;
  }

  /** `after`: what the leader had read before; each page sees by it whether it missed something. */
  function take(after: string, id: string, tell?: () => void): void {
    if (isBehind(after)) return askBack();
    stand(after);
    if (position !== '' && Number(id) <= Number(position)) return;
    try {
      tell?.();
    } finally {
      position = id;
    }
  }

  function apply(message: TabMessage): void {
    if (message.kind === 'event') take(message.after, message.event.id, () => options.event(message.event));
    else if (message.kind === 'reached') take(message.after, message.id);
    else if (message.kind === 'reset') {
      // The id to go on from follows.
      position = '';
      stand();
      options.event({ type: 'stream.reset' });
    }
  }

  function tell(message: TabMessage): void {
    post(message);
    apply(message);
  }

  /** Bounds each try: the transport limits the wait for the BFF, but not the one for the page's own session. */
  const transport: Transport = {
    async send(call, read) {
      const patience = Math.max(
        PATIENCE_MS,
        pauseBefore(tries, () => 1),
      );
      deadline = Date.now() + patience;
      clearTimeout(late);
      late = setTimeout(() => void makeWay(), patience);
      const answer = await options.transport.send(call, read);
      deadline = Infinity;
      return answer;
    },
  };

  /** Tells all that try number `count` failed, or was given up. */
  function sink(count: number, wait: number, fault?: Fault): void {
    status = { kind: 'down', tries: count, wait, refused: fault?.status === REFUSED.status };
    post(status);
    fallen(status, fault);
  }

  /** This page may wait for a person who has to sign in: the others are not to wait with it. */
  async function makeWay(): Promise<void> {
    if (!release || Date.now() < deadline) return;
    const { pending } = await navigator.locks.query();
    // Answered meanwhile; or alone, and a late answer is better than none.
    if (Date.now() < deadline || !pending?.some((one) => one.name === name)) return;
    stopLeading();
    sink(tries + 1, 0);
    release?.();
  }

  function lead(): void {
    stopLeading();
    clearTimeout(timer);
    read = position;
    status = { kind: 'opening' };
    connection = openEventStream({
      transport,
      from: position,
      tries,
      event(event) {
        if (event.type === 'stream.reset') {
          read = '';
          return tell({ kind: 'reset' });
        }
        const after = read;
        read = event.id;
        tell({ kind: 'event', after, event });
      },
      reached(id) {
        const after = read || id;
        read = id;
        tell({ kind: 'reached', after, id });
      },
      opened(resumed) {
        if (!resumed) standing = false;
        status = { kind: 'up', read };
        post(status);
        stand();
      },
      ended() {
        status = { kind: 'opening' };
      },
      failed(fault, count) {
        const wait = Math.max(
          pauseBefore(count, () => 1),
          (fault?.retryAfterSeconds ?? 0) * 1000,
        );
        sink(count, wait, fault);
      },
      // A page whose session or network failed must not keep the others waiting. Alone, it has the lock back at once.
      handOn() {
        if (release) release();
        else lead();
      },
    });
    post(status);
  }

  function stopLeading(): void {
    clearTimeout(rewindTimer);
    rewindTimer = undefined;
    clearTimeout(late);
    deadline = Infinity;
    connection?.close();
    connection = undefined;
  }

  function hearLeading(message: TabMessage): void {
    if (message.kind === 'ask') {
      if (message.now) connection?.hurry();
      post(status.kind === 'up' ? { kind: 'up', read } : status);
      // Timers are late in a hidden page.
      void makeWay();
    } else if (message.kind === 'behind') {
      if (rewindTimer === undefined || Number(message.position) < Number(rewindTo)) rewindTo = message.position;
      rewindTimer ??= setTimeout(() => {
        rewindTimer = undefined;
        read = rewindTo;
        connection?.reopen(rewindTo);
      }, REWIND_MS);
    } else if (message.kind === 'down') {
      // The last word of the leader before, slower than its lock.
      tries = message.tries;
    }
  }

  function hearFollowing(message: TabMessage): void {
    if (message.kind === 'ask' || message.kind === 'behind') return;
    watch(message.kind === 'down' ? message.wait : 0);
    if (message.kind === 'down') fallen(message);
    else if (message.kind === 'up') {
      askedBack = false;
      if (isBehind(message.read)) askBack();
      else stand(message.read);
    } else apply(message);
  }

  /** The leader lives. It is asked again after a time; when it is in a pause, not before that is over. */
  function watch(wait: number): void {
    clearTimeout(timer);
    if (visible()) timer = setTimeout(() => ask(!standing), Math.max(PROBE_MS, wait + PROBE_MS / 5));
  }

  function ask(now: boolean): void {
    clearTimeout(timer);
    post({ kind: 'ask', now });
    // Nobody looks at a hidden page, and its timers are late, so it must not judge.
    if (!visible()) return;
    const at = Date.now();
    timer = setTimeout(() => {
      // This page itself stood still: the answer may wait behind this timer.
      if (Date.now() - at > 2 * ANSWER_MS || !visible()) ask(now);
      else void queueUp(true);
    }, ANSWER_MS);
  }

  /** Waits for the lock and leads while it is held. False: it was never held. */
  async function hold(signal: AbortSignal, steal: boolean): Promise<boolean> {
    let own: (() => void) | undefined;
    try {
      await navigator.locks.request(name, steal ? { steal } : { signal }, () => {
        if (signal.aborted) return undefined;
        return new Promise<void>((resolve) => {
          release = own = resolve;
          lead();
        });
      });
    } catch {
      // Stolen by a page that had no answer, given up by this page, or not allowed here at all.
    }
    // A request that was given up for a steal ends after the steal.
    if (release === own) release = undefined;
    return own !== undefined;
  }

  /** Stands in the queue for the lock, again and again at its end. */
  async function queueUp(steal = false): Promise<void> {
    queue.abort();
    queue = new AbortController();
    const { signal } = queue;
    let held = await hold(signal, steal);
    while (held && !signal.aborted) {
      stopLeading();
      ask(false);
      held = await hold(signal, false);
    }
    // No lock to be had, e.g. in a page without an origin: alone.
    if (!signal.aborted) lead();
  }

  function join(): void {
    if (channel) return;
    channel = new BroadcastChannel(name);
    channel.addEventListener('message', ({ data }) => {
      const message = readMessage(data);
      if (message && channel) (connection ? hearLeading : hearFollowing)(message);
    });
    ask(false);
    void queueUp();
  }

  function part(): void {
    queue.abort();
    stopLeading();
    release?.();
    clearTimeout(timer);
    channel?.close();
    channel = undefined;
    standing = false;
  }

  // A page that freezes, or is kept for the way back, cannot lead; it comes back as any other.
  const pageEvents: [EventTarget, string, () => void][] = [
    [window, 'pagehide', part],
    [window, 'pageshow', join],
    [document, 'freeze', part],
    [document, 'resume', join],
  ];
  for (const [target, type, handler] of pageEvents) target.addEventListener(type, handler);
  const hurry = (): void => {
    if (connection) connection.hurry();
    else if (channel && visible()) ask(true);
  };
  const stopWaking = onWake(hurry);
  join();

  return {
    get position() {
      return position;
    },
    hurry,
    reopen(from) {
      if (connection) connection.reopen(from);
      else hurry();
    },
    close() {
      part();
      stopWaking();
      for (const [target, type, handler] of pageEvents) target.removeEventListener(type, handler);
    },
  };
}
