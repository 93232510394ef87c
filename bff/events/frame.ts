import { HEARTBEAT_TIMEOUT_MS } from '../../shared/stream-event.ts';

/** One server-sent event. `data` is JSON, which holds no line break. */
export function toFrame(id: number, type: string, data: string): Buffer {
  return Buffer.from(`id: ${id}\nevent: ${type}\ndata: ${data}\n\n`);
}

const heartbeatData = JSON.stringify({ heartbeatTimeout: HEARTBEAT_TIMEOUT_MS });

/** The same bytes for every reader. */
export const HEARTBEAT: Buffer = Buffer.from(`event: heartbeat\ndata: ${heartbeatData}\n\n`);

/** The first frame of a connection carries the id to resume from, for readers that see no event for long. */
export function firstFrame(position: number): Buffer {
  return toFrame(position, 'heartbeat', heartbeatData);
}

/** What the reader missed cannot be told event by event: it loads anew and goes on from `position`. */
export function resetFrame(position: number): Buffer {
  return toFrame(position, 'stream.reset', '{}');
}
