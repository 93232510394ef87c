/** Signed links live five minutes at most (rules.md "Assets"); one that is older than this is renewed before use (ms). */
export const LINK_LIFE_MS = 240_000;

const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 300_000;

interface Trouble {
  readonly tries: number;
  readonly notBefore: number;
}

/** Decides when pictures whose links failed are asked for again: at once the first time, then with growing pauses. */
export class LinkRenewal {
  readonly #troubles = new Map<string, Trouble>();

  /** Whether to read the case again now, because a link of it failed. */
  mayRenew(orderId: string, now: number): boolean {
    const trouble = this.#troubles.get(orderId);
    if (trouble && now < trouble.notBefore) return false;
    // A case that was well for a link's whole life starts afresh.
    const tries = trouble && now - trouble.notBefore < LINK_LIFE_MS ? trouble.tries + 1 : 1;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
    this.#troubles.set(orderId, { tries, notBefore: now + pause });
    return true;
  }

  clear(): void {
    this.#troubles.clear();
  }
}
