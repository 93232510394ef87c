import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const CHUNK = 200;

/**
 * Removes files that nobody knows any more: their row was pruned by another instance, or a crash came between file and row. The
 * folder holds folders of two hex digits with the files in them.
 * @param untouchedSince only files last written before then (ms since the epoch)
 * @param findUnknown of these names, those without a row
 */
export async function sweepOrphans(
  directory: string,
  untouchedSince: number,
  findUnknown: (names: readonly string[]) => Promise<readonly string[]>,
): Promise<void> {
  for (const folder of await namesIn(directory)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    const names = await namesIn(join(directory, folder));
    for (let start = 0; start < names.length; start += CHUNK) {
      for (const name of await findUnknown(names.slice(start, start + CHUNK))) {
        const path = join(directory, folder, name);
        if (await isOlder(path, untouchedSince)) await rm(path, { force: true });
      }
    }
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function isOlder(path: string, than: number): Promise<boolean> {
  try {
    return (await stat(path)).mtimeMs < than;
  } catch (error) {
    // Another one swept it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
