import { createStore, delMany, entries, get, keys, set, update, type UseStore } from 'idb-keyval';
import type { Keep, KeepOwner } from './keep.ts';

let store: UseStore | undefined;
/** Other tabs may keep other things meanwhile (ms). */
const AHEAD_MS = 2000;

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

/** All that is kept, read ahead; whoever asks first need not wait for the database. It is little. */
let ahead: Promise<ReadonlyMap<string, unknown>> | undefined;

/** Everything that was asked to be kept so far: what is read afterwards holds it. */
let written: Promise<unknown> = Promise.resolve();

/** Opening and reading take longer than a session: begun while that is still asked for, and of use for that alone. */
export async function warm(): Promise<void> {
  if (ahead) return;
  ahead = quietly(() => written.then(() => entries(theStore()))).then(
    (all) => new Map(all?.map(([key, value]) => [JSON.stringify(key), value])),
  );
  setTimeout(() => (ahead = undefined), AHEAD_MS);
  await ahead;
}

export function openStore(owner: KeepOwner): Keep {
  const keyOf = (name: string): string[] => [owner.vendor, owner.tenant, owner.sub, name];
  const cleared = quietly(() => clearOthers(owner));
  const change = async (work: () => Promise<void>): Promise<void> => {
    ahead = undefined;
    written = Promise.all([written, cleared]).then(() => quietly(work));
    await written;
  };
  return {
    // By a key of its own: what others left is not in its way, and a first list does not wait for it.
    get: (name) =>
      ahead
        ? ahead.then((all) => all.get(JSON.stringify(keyOf(name))))
        : quietly<unknown>(() => written.then(() => get(keyOf(name), theStore()))),
    set: (name, value) => change(() => set(keyOf(name), value, theStore())),
    update: (name, alter) => change(() => update(keyOf(name), alter, theStore())),
  };
}

/** Rules.md "Read marks": keys are cleared when the user changes. */
async function clearOthers(owner: KeepOwner): Promise<void> {
  const all = await keys(theStore());
  const others = all.filter((key) => !Array.isArray(key) || key[0] !== owner.vendor || key[2] !== owner.sub);
  if (others.length > 0) await delMany(others, theStore());
}
