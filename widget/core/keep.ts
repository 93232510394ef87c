import { createStore, del, get, keys, set, delMany, type UseStore } from 'idb-keyval';
import type { SessionClaims } from '../../shared/session.ts';

/**
 * Small things an element keeps in the browser: filters, queued read marks, the last list without names. Never names,
 * birth dates or chart numbers. A browser without a usable IndexedDB (private windows, full disk) keeps nothing; that
 * is no fault.
 */
export interface Keep {
  get(name: string): Promise<unknown>;
  set(name: string, value: unknown): Promise<void>;
  delete(name: string): Promise<void>;
}

type Owner = Pick<SessionClaims, 'vendor' | 'tenant' | 'sub'>;

let store: UseStore | undefined;

function theStore(): UseStore {
  store ??= createStore('itero-embed', 'keep');
  return store;
}

async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    store = undefined;
    return undefined;
  }
}

/** Opens what is kept for this vendor, tenant and user, and clears what other users left in this browser. */
export function openKeep(owner: Owner): Keep {
  const keyOf = (name: string): string[] => [owner.vendor, owner.tenant, owner.sub, name];
  const cleared = quietly(() => clearOthers(owner));
  const after = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    await cleared;
    return quietly(work);
  };
  return {
    get: (name) => after<unknown>(() => get(keyOf(name), theStore())),
    set: (name, value) => after(() => set(keyOf(name), value, theStore())),
    delete: (name) => after(() => del(keyOf(name), theStore())),
  };
}

/** Rules.md "Read marks": keys are cleared when the user changes. */
async function clearOthers(owner: Owner): Promise<void> {
  const all = await keys(theStore());
  const others = all.filter((key) => !Array.isArray(key) || key[0] !== owner.vendor || key[2] !== owner.sub);
  await delMany(others, theStore());
}
