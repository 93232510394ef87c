interface Entry<V> {
  readonly value: V;
  /** Asked for since the last time somebody had to go. */
  used: boolean;
}

/**
 * Keeps what was asked for lately, up to a bound, by second chance: who is to go and was used since stays once more. A use
 * costs a flag, not a move, and it is paid at every hit of a picture.
 */
export class RecentlyUsed<V> {
  readonly #limit: number;
  readonly #sizeOf: (value: V) => number;
  readonly #entries = new Map<string, Entry<V>>();
  #size = 0;

  /** @param limit in the unit of `sizeOf`; entries, where that is absent */
  constructor(limit: number, sizeOf: (value: V) => number = () => 1) {
    this.#limit = limit;
    this.#sizeOf = sizeOf;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.used = true;
    return entry.value;
  }

  set(key: string, value: V): void {
    this.delete(key);
    const size = this.#sizeOf(value);
    if (size > this.#limit) return;
    for (const [oldest, entry] of this.#entries) {
      if (this.#size + size <= this.#limit) break;
      this.#entries.delete(oldest);
      // To the end, where this very loop meets it again if nobody else can go.
      if (entry.used) this.#entries.set(oldest, { value: entry.value, used: false });
      else this.#size -= this.#sizeOf(entry.value);
    }
    this.#entries.set(key, { value, used: false });
    this.#size += size;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#size -= this.#sizeOf(entry.value);
  }

  clear(): void {
    this.#entries.clear();
    this.#size = 0;
  }
}
