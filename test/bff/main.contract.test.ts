/** The program itself, as an operator meets it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { KEY, sample } from './config/sample.ts';

const program = fileURLToPath(new URL('../../bff/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'itero-main-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function configure(change: object): string {
  const path = join(folder, 'itero-embed.config.json');
  const places = { publicUrl: 'http://localhost:4000', store: `sqlite:${join(folder, 'itero.db')}`, dataDir: folder };
  writeFileSync(path, JSON.stringify(sample({ ...places, host: '127.0.0.1', port: 0, ...change })));
  return path;
}

function run(config: string, environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program], { cwd: folder, env: { ...environment, ITERO_CONFIG: config } });
  children.push(child);
  let said = '';
  let logged = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => (logged += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { child, ended, said: () => said, logged: () => logged };
}

describe('node bff/main.ts', () => {
  it('starts, answers, and ends cleanly when it is told to', async () => {
    const path = configure({ encryptionKeys: ['env:ITERO_KEY'] });
    const bff = run(path, { ITERO_KEY: KEY });
    await expect.poll(() => bff.said(), { timeout: 30_000 }).toMatch(/listening on port \d+/);
    const port = /port (\d+)/.exec(bff.said())?.[1] ?? '';
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    bff.child.kill('SIGTERM');
    expect(await bff.ended).toBe(0);
    const messages = bff
      .logged()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toContain('started');
    expect(messages.slice(-2)).toEqual(['stopping', 'stopped']);
    expect(bff.logged() + bff.said()).not.toContain(KEY);
  });

  it('says every fault of its configuration in sentences, and no stack', async () => {
    const bff = run(configure({ port: 99_999, encryptionKeys: ['env:NOT_SET'] }));
    expect(await bff.ended).toBe(1);
    expect(bff.said()).toMatch(
      /has 2 faults:\n {2}- encryptionKeys\[0\] needs the environment variable NOT_SET.*\n {2}- port must be/,
    );
    expect(bff.said()).not.toContain('    at ');
  });

  it('says that its port is in use, and no stack', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const { port } = squatter.address() as { port: number };
    const bff = run(configure({ port }));
    expect(await bff.ended).toBe(1);
    expect(bff.said()).toBe(
      `Port ${port} is in use. Stop what listens there, or set "port" in the configuration to another one.\n`,
    );
    await new Promise((resolve) => squatter.close(resolve));
  });

  it('says that its store cannot be opened, and no stack', async () => {
    // A file stands where the folder should be.
    const store = `sqlite:${join(folder, 'itero-embed.config.json', 'itero.db')}`;
    const bff = run(configure({ store }));
    expect(await bff.ended).toBe(1);
    expect(bff.said()).toMatch(/^store: the file \S+itero\.db cannot be opened/);
    expect(bff.said()).not.toContain('    at ');
  });
});
