import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir, platform } from 'node:os';
import { join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge'];

/** Flags for a headless browser as root on a machine without internet. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function answers(path: string): boolean {
  return spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 15_000 }).status === 0;
}

function fromPlaywrightCache(): string | undefined {
  const cache = join(homedir(), '.cache', 'ms-playwright');
  if (!existsSync(cache)) return undefined;
  return readdirSync(cache)
    .filter((name) => name.startsWith('chromium-'))
    .map((name) => join(cache, name, 'chrome-linux', 'chrome'))
    .find((path) => existsSync(path) && answers(path));
}

function installFromDebian(): string | undefined {
  if (platform() !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[] };
  console.error('No Chromium found: installing Debian’s package "chromium" …');
  execFileSync('apt-get', ['update', '-qq'], quiet);
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], {
    ...quiet,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return answers('chromium') ? 'chromium' : undefined;
}

function absolute(name: string): string {
  if (name.includes('/')) return name;
  return execFileSync('which', [name], { encoding: 'utf8' }).trim();
}

/**
 * A Chromium that answers: CHROME_PATH, then names on PATH, then Playwright's cache, then Debian's package (as root).
 * @throws a sentence that says what to install when there is none.
 */
export async function findChromium(): Promise<string> {
  const wanted = process.env['CHROME_PATH'];
  if (wanted !== undefined) {
    if (answers(wanted)) return wanted;
    throw new Error(`CHROME_PATH is ${wanted}, but that program does not answer --version.`);
  }
  const found = NAMES.find(answers) ?? fromPlaywrightCache() ?? installFromDebian();
  if (found === undefined) {
    throw new Error('The browser tests need Chromium or Chrome. Install one, or set CHROME_PATH to its program.');
  }
  return absolute(found);
}
