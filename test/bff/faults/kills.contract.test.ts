/** The program itself, killed at random moments while notifications come in: what it acknowledged becomes visible. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAlignCloud, type AlignCloud } from '../../../demo/align-cloud/index.ts';
import { configOf, startBff } from '../../support/bff.ts';
import { createQuickCases } from './support/quick-cases.ts';
import { DENTIST, RIVERSIDE } from './support/stand.ts';

const KILLS = 15;
const program = fileURLToPath(new URL('../../../bff/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'itero-kills-'));
const path = join(folder, 'itero-embed.config.json');
let cloud: AlignCloud;
let door: Server;
let url: string;
let child: ChildProcess | null = null;
/** Port of the process that runs now. */
let port: number | null = null;

/** One address in front of all the processes, as a load balancer has it; 502 while none is there. */
async function openDoor(): Promise<void> {
  door = createServer((from, to) => {
    const fail = (): void => void (to.headersSent ? to.destroy() : to.writeHead(502).end());
    if (port === null) return fail();
    const forward = request({ host: '127.0.0.1', port, path: from.url, method: from.method, headers: from.headers });
    forward.on('response', (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', fail);
      answer.pipe(to);
    });
    forward.on('error', fail);
    from.pipe(forward);
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
}

function start(): Promise<void> {
  const made = spawn(process.execPath, [program], { cwd: folder, env: { ITERO_CONFIG: path, LOG_LEVEL: 'warn' } });
  child = made;
  let said = '';
  return new Promise((resolve, reject) => {
    made.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /listening on port (\d+)/.exec(said)?.[1];
      if (found === undefined) return;
      port = Number(found);
      resolve();
    });
    made.stdout.resume();
    made.once('exit', (code, signal) => {
      if (signal !== null) resolve();
      else reject(new Error(`the program ended with ${code}: ${said}`));
    });
  });
}

async function kill(): Promise<void> {
  const dying = child;
  port = null;
  if (dying === null || dying.exitCode !== null || dying.signalCode !== null) return;
  const gone = new Promise((resolve) => dying.once('exit', resolve));
  dying.kill('SIGKILL');
  await gone;
}

beforeAll(async () => {
  await openDoor();
  // The listing is an hour away: what becomes visible was told by a notification.
  const timings = { pollFloor: 3_600_000 };
  cloud = await createAlignCloud({ port: 0, cdnPort: 0, cases: createQuickCases(), seed: 'kills' });
  cloud.allowRedirect(`${url}/v1/pairing/callback`);
  const store = `sqlite:${join(folder, 'itero.db')}`;
  const options = { cloud, store, dataDir: folder, timings };
  const config = { ...configOf(url, folder, options), host: '127.0.0.1', port: 0 };
  writeFileSync(path, JSON.stringify(config));
  // Signed in by one process, worked by the next ones.
  const first = await startBff({ ...options, publicUrl: url });
  port = Number(new URL(first.url).port);
  await first.pair('riverside', DENTIST);
  await first.stop();
  port = null;
}, 30_000);

afterAll(async () => {
  await kill();
  await new Promise((resolve) => door.close(resolve));
  door.closeAllConnections();
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Read from the store itself, beside the process that works on it. */
function rows(query: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(folder, 'itero.db'), { readOnly: true });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
}

it(`over ${KILLS} SIGKILLs loses no acknowledged notification and shows none twice`, async () => {
  cloud.faults.add({ on: 'notification', kind: 'double', times: 'always', probability: 0.3 });
  const evening = new AbortController();
  const scans = (async () => {
    while (!evening.signal.aborted) {
      await cloud.perform({ do: 'scan-without-rx', companyId: RIVERSIDE }).finished;
      // Only while somebody may acknowledge it, or nothing would be tested.
      await pause(port === null ? 60 : 12);
    }
  })();
  const acknowledgedIds = (): Set<string> =>
    new Set(cloud.state.notifications.filter(({ outcome }) => outcome === 'delivered').map(({ rxId }) => rxId));
  // On a busy machine a life may be too short to acknowledge anything.
  for (let times = 0; times < KILLS || (acknowledgedIds().size <= KILLS && times < 5 * KILLS); times += 1) {
    const started = start();
    // Now and then before it listens at all, else somewhere in its first moments of work.
    if (times % 5 === 4) await pause(Math.random() * 300);
    else {
      await started;
      await pause(Math.random() * 300);
    }
    await kill();
    await started;
  }
  evening.abort();
  await scans;
  await cloud.settled();
  const acknowledged = acknowledgedIds();
  expect(acknowledged.size).toBeGreaterThan(KILLS);

  await start();
  await expect
    .poll(
      () => {
        const shown = new Set(rows('SELECT rx_id FROM scans').map((row) => row['rx_id']));
        return [...acknowledged].filter((rxId) => !shown.has(rxId));
      },
      { timeout: 60_000, interval: 200 },
    )
    .toEqual([]);
  await expect.poll(() => rows("SELECT id FROM hints WHERE state = 'waiting'"), { timeout: 60_000 }).toEqual([]);
  const told = rows("SELECT order_id, type FROM events WHERE type LIKE 'scan.%' ORDER BY order_id");
  expect(new Set(told.map((row) => row['type']))).toEqual(new Set(['scan.received']));
  const kept = rows('SELECT order_id FROM scans ORDER BY order_id');
  expect(told.map((row) => row['order_id'])).toEqual(kept.map((row) => row['order_id']));
}, 240_000);
