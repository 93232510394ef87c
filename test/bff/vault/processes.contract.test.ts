/** bars.md: "3 processes × 50 calls with an expired access token, rotating refresh tokens: exactly 1 refresh request, 0 invalid_grant". */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAlignCloud, type AlignCloud } from '../../../demo/align-cloud/index.ts';
import { configOf, startBff, type TestBff } from '../../support/bff.ts';
import { onPostgres, openTestDatabase } from '../../support/test-store.ts';

const PROCESSES = 3;
const CALLS = 50;

let folder: string;
let cloud: AlignCloud;
let database: Awaited<ReturnType<typeof openTestDatabase>>;
let bff: TestBff;
let store: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'itero-processes-'));
  const flags = { rotateRefreshTokens: true, revokeOnReuse: true };
  cloud = await createAlignCloud({ port: 0, cdnPort: 0, clock: 'real', seed: 5, flags });
  database = await openTestDatabase();
  store = onPostgres ? database.url : `sqlite:${join(folder, 'itero.db')}`;
  bff = await startBff({ cloud, store, dataDir: folder });
  await bff.pair('riverside');
});
afterEach(async () => {
  await bff.stop();
  await cloud.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function startProcess(): Promise<ChildProcess> {
  const config = JSON.stringify(configOf('http://127.0.0.1:1', folder, { cloud, store }));
  const child = fork(join(import.meta.dirname, 'refresh-process.ts'), [config, String(CALLS)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

it('one refresh for many calls in several processes, and none is refused', async () => {
  const children = await Promise.all(Array.from({ length: PROCESSES }, startProcess));
  await bff.bff.store.write((tx) => tx.updateTable('align_tokens').set({ expires_at: 1 }).execute());
  const before = cloud.calls('token').length;
  const answers = children.map(async (child) => {
    const [answer] = (await once(child, 'message')) as [{ outcomes: string[]; refused: string[] }];
    return answer;
  });
  for (const child of children) child.send('go');
  const all = await Promise.all(answers);
  const outcomes = all.flatMap((answer) => answer.outcomes);
  expect([outcomes.length, new Set(outcomes)]).toEqual([PROCESSES * CALLS, new Set(['ok'])]);
  expect(all.flatMap((answer) => answer.refused)).toEqual([]);
  const refreshes = cloud.calls('token').slice(before);
  expect(refreshes.map(({ status }) => status)).toEqual([200]);
});
