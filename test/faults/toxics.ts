/** What can be wrong with a line. `up` is from the client to the server, `down` the way back. */
export type Direction = 'up' | 'down';

export type ToxicSpec =
  /** Every piece arrives so much later, give or take `jitter` (ms); the order stays. */
  | { readonly kind: 'latency'; readonly ms: number; readonly jitter?: number }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  /** The end of the line is passed on so much later (ms). */
  | { readonly kind: 'slow-close'; readonly ms: number }
  /** Takes everything and passes nothing on, for as long as it is switched on. */
  | { readonly kind: 'timeout' }
  /** RST to both ends, so many ms after the connection was made or this was switched on. */
  | { readonly kind: 'reset'; readonly afterMs?: number }
  /** Tiny pieces with pauses. */
  | { readonly kind: 'slicer'; readonly bytes: number; readonly pauseMs?: number }
  /** Passes so many bytes of each connection, then closes both ends. */
  | { readonly kind: 'limit'; readonly bytes: number };

export interface Toxic {
  readonly spec: ToxicSpec;
  readonly direction: Direction;
  /** Share of connections that it strikes. */
  readonly probability: number;
  /** Pieces, or connections for `reset`, `limit` and `slow-close`, that it struck. */
  readonly struck: number;
  remove(): void;
}

export type Of<K extends ToxicSpec['kind']> = Extract<ToxicSpec, { kind: K }>;

/** Cuts a piece as a slow line does: what is sent at once, and how long the line is busy with it (ms). */
export function slices(
  chunk: Buffer,
  slicer: Of<'slicer'> | undefined,
  bandwidth: Of<'bandwidth'> | undefined,
): { piece: Buffer; busyMs: number }[] {
  // A slow line is shown by pieces of a twentieth of a second, not by one long silence.
  const perTick = bandwidth === undefined ? Infinity : Math.max(1, Math.floor(bandwidth.bytesPerSecond / 20));
  const size = Math.min(slicer?.bytes ?? Infinity, perTick);
  if (chunk.length <= size && bandwidth === undefined) return [{ piece: chunk, busyMs: 0 }];
  const pieces: { piece: Buffer; busyMs: number }[] = [];
  for (let from = 0; from < chunk.length; from += size) {
    const piece = chunk.subarray(from, Math.min(chunk.length, from + size));
    const paced = bandwidth === undefined ? 0 : (piece.length / bandwidth.bytesPerSecond) * 1000;
    const isLast = from + size >= chunk.length;
    pieces.push({ piece, busyMs: Math.max(paced, isLast ? 0 : (slicer?.pauseMs ?? 0)) });
  }
  return pieces;
}
