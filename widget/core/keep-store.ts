import { createStore, del, delMany, get, keys, set, type UseStore } from 'idb-keyval';
import type { Keep, KeepOwner } from './keep.ts';

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

/** Opening takes longer than all that is read then: begun while the session is still asked for. */
export async function warm(): Promise<void> {
  await quietly(() => theStore()('readonly', () => Promise.resolve()));
}

export function openStore(owner: KeepOwner): Keep {
  const keyOf = (name: string): string[] => [owner.vendor, owner.tenant, owner.sub, name];
  const cleared = quietly(() => clearOthers(owner));
  const after = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    await cleared;
    return quietly(work);
  };
  return {
    // By a key of its own: what others left is not in its way, and a first list does not wait for it.
    get: (name) => quietly<unknown>(() => get(keyOf(name), theStore())),
    set: (name, value) => after(() => set(keyOf(name), value, theStore())),
    delete: (name) => after(() => del(keyOf(name), theStore())),
  };
}

/** Rules.md "Read marks": keys are cleared when the user changes. */
async function clearOthers(owner: KeepOwner): Promise<void> {
  const all = await keys(theStore());
  const others = all.filter((key) => !Array.isArray(key) || key[0] !== owner.vendor || key[2] !== owner.sub);
  if (others.length > 0) await delMany(others, theStore());
}
