import { CaseCache } from './cache.ts';
import type { CaseFile, CaseSpec, Detail } from './case-spec.ts';
import { zipName, type FileKind } from './names.ts';
import { CasePool } from './pool.ts';

export type { CaseFile, CaseSpec, CaseTooth, Detail } from './case-spec.ts';

/** Makes the files of scans, in threads of its own; every answer is a finished file on disk. */
export interface CaseFactory {
  ide(spec: CaseSpec): Promise<CaseFile>;
  gallery(spec: CaseSpec): Promise<CaseFile>;
  screenCaptures(spec: CaseSpec): Promise<CaseFile | null>;
  close(): Promise<void>;
}

const CACHE_BYTES = 1024 ** 3;

/** `cacheDir` is made when missing and kept below a gigabyte, the least recently used files going first. */
export function createCaseFactory(options: { detail: Detail; cacheDir: string; workers?: number }): CaseFactory {
  const { detail, cacheDir, workers = 1 } = options;
  const cache = new CaseCache(cacheDir, CACHE_BYTES);
  const pool = new CasePool(workers);
  /** By path: every request for the same file shares one making. */
  const making = new Map<string, Promise<number>>();

  async function file(kind: FileKind, spec: CaseSpec): Promise<CaseFile> {
    const path = cache.pathOf(kind, spec, detail);
    if (!making.has(path)) start(spec);
    const sizeBytes = await making.get(path)!;
    return { fileName: zipName(kind, spec), contentType: 'application/zip', sizeBytes, path };
  }

  /** One job makes all files of a case that are not there, so that the arches are modelled once. */
  function start(spec: CaseSpec): void {
    const kinds: FileKind[] = spec.captures ? ['gallery', 'ide', 'captures'] : ['gallery', 'ide'];
    const wanted = kinds
      .map((kind) => ({ kind, path: cache.pathOf(kind, spec, detail), ...Promise.withResolvers<number>() }))
      .filter(({ path }) => !making.has(path));
    for (const { path, promise } of wanted) {
      making.set(path, promise);
      const forget = (): boolean => making.delete(path);
      // Whoever asked awaits the same promise and is told; a file nobody asked for may fail unheard.
      promise.then(forget, forget);
    }
    const fail = (error: unknown): void => wanted.forEach(({ reject }) => reject(error));
    make(spec, wanted).catch(fail);
  }

  async function make(
    spec: CaseSpec,
    wanted: readonly { kind: FileKind; path: string; resolve: (size: number) => void }[],
  ): Promise<void> {
    await cache.prepare();
    const open = new Map<string, (size: number) => void>();
    const files: { kind: FileKind; path: string }[] = [];
    for (const { kind, path, resolve } of wanted) {
      const size = await cache.find(path);
      if (size !== undefined) {
        resolve(size);
        continue;
      }
      open.set(path, resolve);
      files.push({ kind, path });
    }
    if (files.length === 0) return;
    await pool.run({ spec, detail, files }, (path, size) => open.get(path)?.(size));
    await cache.prune();
  }

  return {
    ide: (spec) => file('ide', spec),
    gallery: (spec) => file('gallery', spec),
    screenCaptures: async (spec) => (spec.captures ? await file('captures', spec) : null),
    close: () => pool.close(),
  };
}
