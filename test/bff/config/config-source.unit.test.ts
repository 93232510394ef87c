import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../bff/config.ts';
import { watchAlignSource, type WatchedAlignSource } from '../../../bff/config-source.ts';
import type { Log } from '../../../bff/deps.ts';
import { handClock } from '../support/fixtures.ts';
import { sample } from './sample.ts';

let folder: string;
let path: string;
let source: WatchedAlignSource;
let said: string[];
let clock: ReturnType<typeof handClock>;
const changed: string[] = [];

function save(change: object = {}, environment: object = {}): void {
  const config = sample(change);
  Object.assign(config.align.environments.sandbox, environment);
  // As editors do: a new file takes the place of the old one.
  writeFileSync(`${path}.new`, JSON.stringify(config));
  renameSync(`${path}.new`, path);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'itero-watch-'));
  path = join(folder, 'itero-embed.config.json');
  said = [];
  changed.length = 0;
  clock = handClock();
  save();
  const log: Log = {
    debug: () => undefined,
    info: (fields, message) => void said.push(`${message} ${JSON.stringify(fields)}`),
    warn: (fields, message) => void said.push(`${message} ${JSON.stringify(fields)}`),
    error: (fields, message) => void said.push(`${message} ${JSON.stringify(fields)}`),
    child: () => log,
  };
  source = watchAlignSource({ path, environment: {}, config: loadConfig(path, {}), clock, log });
  source.onChange((settings) => changed.push(settings.environment));
});
afterEach(() => {
  source.stop();
  rmSync(folder, { recursive: true, force: true });
});

const clientId = (): string | undefined => source.current().environments['sandbox']?.clientId;

describe('Align settings while running', () => {
  it('are in force soon after the file changed, without a restart', async () => {
    save({}, { clientId: 'another' });
    await clock.advance(5_000);
    expect(clientId()).toBe('another');
    expect(changed).toEqual(['sandbox']);
  });

  it('are noticed at once where the file system tells, after the editor is done', async () => {
    save({}, { clientId: 'another' });
    // fs.watch is the machine's own; only the 200 ms after it are ours.
    await expect
      .poll(
        async () => {
          // Slowly, so that the regular look at the file stays away.
          await clock.advance(2);
          return clientId();
        },
        { interval: 10, timeout: 20_000 },
      )
      .toBe('another');
    expect(clock.now() % 5_000).not.toBe(0);
  });

  it('stay as they were when the new file is bad, and the log says why without a value, once', async () => {
    save({ encryptionKeys: ['Canary'] }, { clientId: 'another', oauthBase: 'Canary' });
    await clock.advance(20_000);
    expect(clientId()).toBe('client');
    expect(changed).toEqual([]);
    const refusals = said.filter((line) => line.includes('refused'));
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toContain('align.environments.sandbox.oauthBase');
    expect(said.join()).not.toContain('Canary');
    save({}, { clientId: 'good-again' });
    await clock.advance(5_000);
    expect(clientId()).toBe('good-again');
  });

  it('stay when the file is half written or gone', async () => {
    writeFileSync(path, '{"publicUrl": "https://b');
    await clock.advance(5_000);
    rmSync(path);
    await clock.advance(5_000);
    expect(clientId()).toBe('client');
  });

  it('alone change: what is read at start is ignored with a line in the log', async () => {
    save({ port: 4999, publicUrl: 'https://other.example' }, { clientId: 'another' });
    await clock.advance(10_000);
    expect(clientId()).toBe('another');
    expect(said.filter((line) => line.includes('restart'))).toEqual([
      'these settings changed; they need a restart {"settings":"publicUrl, port"}',
    ]);
  });

  it('tell nobody when nothing in them changed', async () => {
    save();
    await clock.advance(10_000);
    expect(changed).toEqual([]);
  });
});
