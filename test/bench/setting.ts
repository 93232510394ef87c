import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How thoroughly is measured. */
export interface Effort {
  /** Turns of each side; the median counts. */
  readonly rounds: number;
  /** One turn under load (s). */
  readonly seconds: number;
  /** A fraction of the full size where size costs time. */
  readonly quick: boolean;
}

const directories: string[] = [];

/** A folder for one server or build, removed at the end. */
export function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'itero-bench-'));
  directories.push(directory);
  return directory;
}

export function removeDirectories(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
}
