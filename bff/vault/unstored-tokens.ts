import type { AlignTokens } from '../align/index.ts';
import type { Clock, Log } from '../deps.ts';
import { tryUntilDone } from '../growing-pauses.ts';
import type { TenantRef } from '../tenancy.ts';

const PAUSES = { first: 1_000, longest: 30_000 };

/** What a refresh brought. */
export interface Refreshed {
  /** The refresh token that is used up. */
  readonly from: string;
  readonly tokens: AlignTokens;
  /** In whose turn they are stored. */
  readonly clinic: TenantRef;
}

/**
 * Refreshed tokens that the database did not take. The former refresh token is used up (RFC 9700 §4.14: rotate), so they are all that
 * is left of the login: each set is tried again until it is stored, whether or not anybody asks for it here.
 */
export class UnstoredTokens {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #store: (id: string) => Promise<void>;
  readonly #kept = new Map<string, Refreshed>();
  readonly #trying = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  /** @param store stores what is kept under this id, if there is something still, and says `stored`; may reject */
  constructor(parts: { clock: Clock; log: Log; store: (id: string) => Promise<void> }) {
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#store = parts.store;
  }

  get(id: string): Refreshed | undefined {
    return this.#kept.get(id);
  }

  keep(id: string, refreshed: Refreshed): void {
    this.#kept.set(id, refreshed);
    if (!this.#trying.has(id)) this.#trying.set(id, this.#tryUntilStored(id));
  }

  stored(id: string): void {
    this.#kept.delete(id);
  }

  /** One last try for each, at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#trying.values());
    for (const id of this.#kept.keys()) {
      this.#log.error(
        { tokenSet: id },
        'refreshed tokens are lost with this process: whose they are must sign in again',
      );
    }
  }

  async #tryUntilStored(id: string): Promise<void> {
    await tryUntilDone({ clock: this.#clock, pauses: PAUSES, stop: this.#stopping.signal }, async () => {
      // Why it failed was logged by whoever tried.
      await this.#store(id).catch(() => undefined);
      return !this.#kept.has(id);
    });
    this.#trying.delete(id);
  }
}
