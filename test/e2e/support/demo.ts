import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `npm start` as a person runs it, on free ports and with small cases. */
export interface Demo {
  readonly dpms: string;
  readonly align: string;
  readonly bff: string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

export async function startDemo(env: Record<string, string> = {}): Promise<Demo> {
  const ports = {
    ALIGN_PORT: await freePort(),
    ALIGN_CDN_PORT: await freePort(),
    BFF_PORT: await freePort(),
    DPMS_PORT: await freePort(),
  };
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const data = env['DEMO_DATA'] ?? `data/e2e-${ports.BFF_PORT}`;
  const child = spawn(process.execPath, ['demo/start.ts'], {
    cwd: root,
    env: {
      ...process.env,
      ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
      DEMO_DETAIL: 'small',
      DEMO_POLL_MS: '3000',
      ...env,
      DEMO_DATA: data,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('Stop with Ctrl+C')) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`The demo ended with ${code ?? 'a signal'}:\n${output}`)));
  });
  return {
    dpms: `http://localhost:${ports.DPMS_PORT}`,
    align: `http://127.0.0.1:${ports.ALIGN_PORT}`,
    bff: `http://localhost:${ports.BFF_PORT}`,
    async stop() {
      await new Promise<void>((resolve) => {
        child.removeAllListeners('exit');
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      });
      rmSync(join(root, data), { recursive: true, force: true });
    },
  };
}
