import type { SessionClaims } from '../../shared/session.ts';

/**
 * Small things an element keeps in the browser: filters, queued read marks, the last list without names. Never names,
 * birth dates or chart numbers. A browser without a usable IndexedDB (private windows, full disk) keeps nothing; that
 * is no fault.
 */
export interface Keep {
  get(name: string): Promise<unknown>;
  set(name: string, value: unknown): Promise<void>;
  /** Changes what is kept, with no other tab in between; undefined keeps nothing. */
  update(name: string, change: (kept: unknown) => unknown): Promise<void>;
}

export type KeepOwner = Pick<SessionClaims, 'vendor' | 'tenant' | 'sub'>;

/** Fetches the code of the store, a chunk of its own, and opens it, while the session is still asked for. */
export async function fetchKeep(): Promise<void> {
  await import('./keep-store.ts').then(({ warm }) => warm()).catch(() => undefined);
}

/** Opens what is kept for this vendor, tenant and user, and clears what other users left in this browser. */
export function openKeep(owner: KeepOwner): Keep {
  let store: Promise<Keep> | undefined;
  const use = async <T>(work: (keep: Keep) => Promise<T>): Promise<T | undefined> => {
    try {
      store ??= import('./keep-store.ts').then(({ openStore }) => openStore(owner));
      return await work(await store);
    } catch {
      // Without the chunk nothing is kept; the next use asks for it again.
      store = undefined;
      return undefined;
    }
  };
  return {
    get: (name) => use((keep) => keep.get(name)),
    set: (name, value) => use((keep) => keep.set(name, value)),
    update: (name, change) => use((keep) => keep.update(name, change)),
  };
}
