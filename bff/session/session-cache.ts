import type { StoredSession } from './session.ts';

const LARGEST = 20_000;

/** Sessions in memory, least recently used out first. A revocation removes its entry before it is answered. */
export class SessionCache {
  readonly #entries = new Map<string, StoredSession>();
  /** Grows with every removal: a read that began before one must not be kept. */
  generation = 0;

  get(id: string): StoredSession | undefined {
    const found = this.#entries.get(id);
    if (found === undefined) return undefined;
    this.#entries.delete(id);
    this.#entries.set(id, found);
    return found;
  }

  set(id: string, session: StoredSession): void {
    this.#entries.set(id, session);
    if (this.#entries.size <= LARGEST) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }

  clear(): void {
    this.generation += 1;
    this.#entries.clear();
  }

  delete(id: string): void {
    this.generation += 1;
    this.#entries.delete(id);
  }
}
