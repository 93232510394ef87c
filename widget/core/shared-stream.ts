import { openEventStream, type EventStream, type StreamOptions } from './stream.ts';

/** An own stream is opened when the part that shares one is not there by then (ms). */
const PART_WAIT_MS = 1_000;

const fetchTabStream = () => import('./tab-stream.ts');

/** Locks exist on securely served pages only. */
const canShare = (): boolean => !!navigator.locks && !!globalThis.BroadcastChannel;

/** Fetches the part that shares a stream, a chunk of its own, while the session is still asked for. */
export function fetchSharing(): void {
  if (canShare()) void fetchTabStream().catch(() => undefined);
}

/**
 * A stream that the tabs of this group share; an own one without a group, in a browser that cannot share, and as long
 * as the part that shares is not to be had.
 */
export function openSharedStream(
  options: StreamOptions,
  group: string | undefined,
  fetchPart = fetchTabStream,
): EventStream {
  if (!group || !canShare()) return openEventStream(options);
  let stream: EventStream | undefined;
  let closed = false;
  const position = (): string => stream?.position ?? options.from ?? '';
  const openOwn = (): void => {
    if (!closed) stream ??= openEventStream(options);
  };
  const late = setTimeout(openOwn, PART_WAIT_MS);

  async function share(name: string): Promise<void> {
    try {
      const { openTabStream } = await fetchPart();
      if (closed) return;
      const from = position();
      stream?.close();
      stream = openTabStream({ ...options, from, group: name });
    } catch {
      // Offline, or a new release took the chunk away.
      openOwn();
    }
    clearTimeout(late);
  }

  void share(group);
  return {
    get position() {
      return position();
    },
    hurry: () => stream?.hurry(),
    reopen: (from) => stream?.reopen(from),
    close() {
      closed = true;
      clearTimeout(late);
      stream?.close();
    },
  };
}
