import { createHash } from 'node:crypto';

/** A repeatable stream of numbers in [0, 1): mulberry32 seeded by the SHA-256 of `seed`. */
export class Random {
  #state: number;

  constructor(seed: string) {
    this.#state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Bell-shaped around 0 with standard deviation near `spread`, never beyond 2.4 of it. */
  around(spread: number): number {
    return (this.next() + this.next() + this.next() - 1.5) * 1.6 * spread;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }
}
