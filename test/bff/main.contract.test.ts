/** The program itself, as an operator meets it. */
import { execFileSync, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
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
  return watch(spawn(process.execPath, [program], { cwd: folder, env: { ...environment, ITERO_CONFIG: config } }));
}

function watch(child: ChildProcess) {
  children.push(child);
  let said = '';
  let logged = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdout?.on('data', (chunk: Buffer) => (logged += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { child, ended, said: () => said, logged: () => logged };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** 0 where nobody answers. */
const readiness = (port: number): Promise<number> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ status }) => status,
    () => 0,
  );

const FULL = '/dev/full';

describe.skipIf(!existsSync(FULL))('a disk that is full where the log goes', () => {
  it.each([
    ['alone', false],
    ['and where stderr goes, too', true],
  ])('%s: it serves on, and ends when it is told to', async (_name, stderrToo) => {
    const port = await freePort();
    const path = configure({ port });
    const full = openSync(FULL, 'w');
    const bff = watch(
      spawn(process.execPath, [program], {
        cwd: folder,
        env: { ITERO_CONFIG: path },
        stdio: ['ignore', full, stderrToo ? full : 'pipe'],
      }),
    );
    closeSync(full);
    await expect.poll(() => readiness(port), { timeout: 30_000 }).toBe(200);
    const sentence = 'the log cannot be written (ENOSPC); it goes on without\n';
    if (!stderrToo) await expect.poll(() => bff.said()).toContain(sentence);
    // Lines are written four times a second.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await readiness(port)).toBe(200);
    bff.child.kill('SIGTERM');
    expect(await bff.ended).toBe(0);
    if (!stderrToo) expect(bff.said().split(sentence)).toHaveLength(2);
  });
});

describe.skipIf(process.platform === 'win32')('a reader of the log that stands still', () => {
  it('does not keep it from serving, nor from ending', async () => {
    const pipe = join(folder, 'log');
    execFileSync('mkfifo', [pipe]);
    const filler = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    expect(() => {
      for (;;) writeSync(filler, '-'.repeat(4096));
    }).toThrow(/EAGAIN/);
    const port = await freePort();
    const env = { ITERO_CONFIG: configure({ port }) };
    const stalled = openSync(pipe, 'r+');
    const stdio = ['ignore', stalled, 'pipe'] satisfies StdioOptions;
    const bff = watch(spawn(process.execPath, [program], { cwd: folder, env, stdio }));
    await expect.poll(() => readiness(port), { timeout: 30_000 }).toBe(200);
    bff.child.kill('SIGTERM');
    await bff.ended;
    expect(bff.child.signalCode).toBe('SIGKILL');
    for (const descriptor of [filler, stalled]) closeSync(descriptor);
  });
});

describe('the command of operating.md for services and containers', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const guide = readFileSync(join(root, 'docs/operating.md'), 'utf8');
  const command = /`(exec \S+ bff\/main\.ts)`/.exec(guide)?.[1] ?? '';

  it.skipIf(!existsSync(join(root, 'node_modules/.bin/node')))('hands SIGTERM to the BFF itself', async () => {
    const port = await freePort();
    const path = configure({ port });
    const env = { PATH: process.env['PATH'] ?? '', ITERO_CONFIG: path };
    const bff = watch(spawn('sh', ['-c', `cd . && ${command}`], { cwd: root, env }));
    await expect.poll(() => readiness(port), { timeout: 30_000 }).toBe(200);
    bff.child.kill('SIGTERM');
    expect(await bff.ended).toBe(0);
    expect(bff.logged()).toContain('"msg":"stopped"');
  });
});

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
