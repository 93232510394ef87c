import { RecentlyUsed } from '../recently-used.ts';
import type { StoredSession } from './session.ts';

const LARGEST = 20_000;

/** Sessions in memory, those used lately. A revocation removes its entry before it is answered. */
export class SessionCache {
  readonly #entries = new RecentlyUsed<StoredSession>(LARGEST);
  /** Grows with every removal: a read that began before one must not be kept. */
  generation = 0;

  get(id: string): StoredSession | undefined {
    return this.#entries.get(id);
  }

  set(id: string, session: StoredSession): void {
    this.#entries.set(id, session);
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
