import { AsyncLocalStorage } from 'node:async_hooks';
import type { Activity } from '../../bff/deps.ts';

interface Piece {
  readonly outer: Piece | null;
  /** It only waits for the clock. */
  readonly resting: boolean;
  /** Pieces of it that run. */
  inner: number;
  ended: boolean;
}

/** Counts the pieces of work that run and do not just wait for pieces of their own: none is left when all wait for timers. */
export class RunningWork implements Activity {
  readonly #context = new AsyncLocalStorage<Piece>();
  #busy = 0;
  #changes = 0;

  get busy(): number {
    return this.#busy;
  }

  /** Grows whenever something begins or ends. */
  get changes(): number {
    return this.#changes;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#run(work, false);
  }

  /** A wait that only the clock ends. */
  rest<T>(wait: () => Promise<T>): Promise<T> {
    return this.#run(wait, true);
  }

  async #run<T>(work: () => Promise<T>, resting: boolean): Promise<T> {
    const around = this.#context.getStore();
    const piece: Piece = { outer: around?.ended === false ? around : null, resting, inner: 0, ended: false };
    this.#begin(piece);
    try {
      return await this.#context.run(piece, work);
    } finally {
      this.#end(piece);
    }
  }

  #begin(piece: Piece): void {
    const { outer } = piece;
    this.#changes += 1;
    if (outer !== null) {
      if (counts(outer)) this.#busy -= 1;
      outer.inner += 1;
    }
    if (counts(piece)) this.#busy += 1;
  }

  #end(piece: Piece): void {
    const { outer } = piece;
    this.#changes += 1;
    if (counts(piece)) this.#busy -= 1;
    piece.ended = true;
    if (outer === null) return;
    outer.inner -= 1;
    if (counts(outer)) this.#busy += 1;
  }
}

function counts(piece: Piece): boolean {
  return !piece.ended && !piece.resting && piece.inner === 0;
}
