/**
 * `npm start`: the simulator of Align's cloud, the BFF and a demo practice system, each a process of its own, wired as
 * a vendor would wire them. Everything is fresh at each start: the simulator forgets, so the BFF's store must too.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const data = join(root, process.env['DEMO_DATA'] ?? 'data/demo');

const ports = {
  ALIGN_PORT: portOf('ALIGN_PORT', 4010),
  // Files behind pre-signed links stand on another host, as they do in a cloud.
  ALIGN_CDN_PORT: portOf('ALIGN_CDN_PORT', portOf('ALIGN_PORT', 4010) + 1),
  BFF_PORT: portOf('BFF_PORT', 4000),
  DPMS_PORT: portOf('DPMS_PORT', 4020),
};
const address = {
  align: `http://127.0.0.1:${ports.ALIGN_PORT}`,
  bff: `http://localhost:${ports.BFF_PORT}`,
  dpms: `http://localhost:${ports.DPMS_PORT}`,
};

function portOf(name: string, standard: number): number {
  const port = Number(process.env[name] ?? standard);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) stopWith(`${name} must be a port number from 1 to 65535.`);
  return port;
}

function stopWith(message: string): never {
  console.error(message);
  process.exit(1);
}

async function assertFree(name: string, port: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      stopWith(
        error.code === 'EADDRINUSE'
          ? `Port ${port} is in use. Stop what listens there, or set ${name} to another port.`
          : `Port ${port} cannot be used (${error.code ?? 'unknown'}). Set ${name} to another port.`,
      );
    });
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
}

/** Writes the BFF's configuration as a deployment would have it: secrets by reference, none in the file. */
function configure(): {
  readonly config: string;
  readonly vendorKey: string;
  readonly secrets: Record<string, string>;
} {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const vendorKey = `vk_demo_${randomBytes(24).toString('base64url')}`;
  const config = join(data, 'itero-embed.config.json');
  const content = {
    publicUrl: address.bff,
    port: ports.BFF_PORT,
    host: '127.0.0.1',
    store: `sqlite:${join(data, 'itero.db')}`,
    dataDir: data,
    encryptionKeys: ['env:ITERO_ENCRYPTION_KEY'],
    vendors: [
      {
        id: 'molar',
        name: 'Molar (demo practice system)',
        apiKeyHashes: [createHash('sha256').update(vendorKey).digest('hex')],
        allowedOrigins: [address.dpms],
      },
    ],
    align: {
      environment: 'simulator',
      environments: {
        simulator: {
          oauthBase: address.align,
          baseUrl: address.align,
          clientId: 'itero-embed-demo',
          clientSecret: 'env:ALIGN_CLIENT_SECRET',
          allowedHosts: [`localhost:${ports.ALIGN_CDN_PORT}`],
          simulated: true,
          // The simulator's clock runs as ours; only the waits are shorter than the real 120, 40 and 80 s.
          timings: { pollFloor: Number(process.env['DEMO_POLL_MS'] ?? 15_000), recheckSteps: [5_000, 10_000] },
        },
      },
    },
  };
  writeFileSync(config, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  return {
    config,
    vendorKey,
    secrets: {
      ITERO_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      ALIGN_CLIENT_SECRET: 'demo-secret-never-in-production',
    },
  };
}

const children: ChildProcess[] = [];
let stopping = false;

function launch(name: string, args: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  child.stdout?.on('data', (chunk: Buffer) => {
    if (process.env['VERBOSE'] !== undefined) process.stdout.write(chunk);
  });
  child.on('exit', (code) => {
    if (stopping) return;
    console.error(`${name} ended (${code ?? 'signal'}). Stopping the demo.`);
    stop(1);
  });
  return child;
}

function stop(code: number): void {
  if (stopping) return;
  stopping = true;
  let left = children.filter((child) => child.exitCode === null && child.signalCode === null);
  if (left.length === 0) process.exit(code);
  for (const child of left) {
    child.once('exit', () => {
      left = left.filter((other) => other !== child);
      if (left.length === 0) process.exit(code);
    });
    child.kill('SIGTERM');
  }
}

async function ready(name: string, url: string): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    const answer = await fetch(url).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${name} did not answer at ${url} within 30 seconds. Run with VERBOSE=1 to see its log.`);
}

function build(): Promise<void> {
  return new Promise((resolve) => {
    const vite = spawn(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'], {
      env: { ...process.env, NODE_ENV: 'production' },
      cwd: root,
      stdio: 'inherit',
    });
    vite.on('exit', (code) => (code === 0 ? resolve() : stopWith('The embed bundle could not be built.')));
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(0));
for (const [name, port] of Object.entries(ports)) await assertFree(name, port);
console.log('Building the embed bundle …');
await build();

const { config, vendorKey, secrets } = configure();
const callback = `${address.bff}/v1/pairing/callback`;
const simulator: Record<string, string> = {
  port: String(ports.ALIGN_PORT),
  'cdn-port': String(ports.ALIGN_CDN_PORT),
  'redirect-uri': callback,
  detail: process.env['DEMO_DETAIL'] ?? 'full',
  'data-dir': join(data, 'align-cloud'),
};
const simulatorOptions = Object.entries(simulator).flatMap(([name, value]) => [`--${name}`, value]);
launch('The Align cloud simulator', ['demo/align-cloud/main.ts', ...simulatorOptions], {});
launch('The BFF', ['bff/main.ts'], { ITERO_CONFIG: config, ...secrets });
launch('The demo practice system', ['demo/dpms/main.ts'], {
  PORT: String(ports.DPMS_PORT),
  DPMS_URL: address.dpms,
  BFF_URL: address.bff,
  ITERO_VENDOR_KEY: vendorKey,
});
const up = Promise.all([
  ready('The Align cloud simulator', `${address.align}/console`),
  ready('The BFF', `${address.bff}/readyz`),
  ready('The demo practice system', `${address.dpms}/sign-in`),
]);
try {
  await up;
  console.log(`
  Demo practice system      ${address.dpms}     sign in as keller@lindenhof.example / demo
  Scanner console           ${address.align}/console     the simulated Align cloud: pick up an RX, press Scan
  BFF                       ${address.bff}     serves /embed/v1/itero.js, /openapi.json

  Everything is invented and starts afresh each time. Stop with Ctrl+C.
`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  stop(1);
}
