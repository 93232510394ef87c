import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../bff/deps.ts';
import { openStore, type Store } from '../../../bff/store/index.ts';
import { silent } from '../../support/silent.ts';

/** A store on a file whose process may die at any turn of the event loop: what SIGKILL leaves is the files as they are. */
export interface MortalStore {
  readonly store: Store;
  /** The files at this moment become another process's; the former one's unfinished work is nobody's any more. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

export async function openMortalStore(clock: Clock): Promise<MortalStore> {
  const folder = mkdtempSync(join(tmpdir(), 'itero-mortal-'));
  let life = 0;
  const path = (): string => join(folder, `${life}.db`);
  const open = (): Promise<Store> => openStore({ url: `sqlite:${path()}`, clock, log: silent });
  let store = await open();
  const dying: Promise<void>[] = [];
  return {
    get store() {
      return store;
    },
    async crash() {
      const [dead, from] = [store, path()];
      life += 1;
      // In one go: no statement of this thread can run in between, as none does after a SIGKILL.
      for (const suffix of ['', '-wal']) if (existsSync(from + suffix)) copyFileSync(from + suffix, path() + suffix);
      dying.push(dead.close());
      store = await open();
    },
    async close() {
      await Promise.all(dying);
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
