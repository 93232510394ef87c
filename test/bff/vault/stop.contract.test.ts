/** A whole BFF stops while refreshed tokens are not stored yet. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAlignCloud, type AlignCloud } from '../../../demo/align-cloud/index.ts';
import type { Fetch } from '../../../bff/deps.ts';
import { startBff, type TestBff } from '../../support/bff.ts';
import { pairAndList } from '../support/pair-and-list.ts';
import { onPostgres, openTestDatabase } from '../../support/test-store.ts';

let folder: string;
let cloud: AlignCloud;
let database: Awaited<ReturnType<typeof openTestDatabase>>;
let start: (fetch?: Fetch) => Promise<TestBff>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'itero-vault-stop-'));
  const flags = { rotateRefreshTokens: true, revokeOnReuse: true };
  cloud = await createAlignCloud({ port: 0, cdnPort: 0, clock: 'manual', seed: 5, flags });
  database = await openTestDatabase();
  const store = onPostgres ? database.url : `sqlite:${join(folder, 'itero.db')}`;
  start = (held) => startBff({ cloud, store, dataDir: folder, ...(held && { fetch: held }) });
});
afterEach(async () => {
  await cloud.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function askUpstream(bff: TestBff): Promise<number> {
  const { session_token: token } = await bff.mint('riverside');
  const answer = await bff.call(token, 'GET', '/v1/practice');
  await answer.text();
  return answer.status;
}

it('the stop waits until they are stored, and the next start goes on with them', async () => {
  const first = await start();
  await first.pair('riverside');
  const { store } = first.bff;
  await store.write((tx) => tx.updateTable('align_tokens').set({ expires_at: 1 }).execute());
  const before = cloud.calls('token').length;
  const real = store.write.bind(store);
  const refusing = vi
    .spyOn(store, 'write')
    .mockImplementation((work, tenant) => (tenant === undefined ? real(work) : Promise.reject(new Error('busy'))));
  expect(await askUpstream(first)).toBe(500);
  refusing.mockRestore();
  await first.stop();

  const second = await start();
  expect(await askUpstream(second)).toBe(200);
  await second.stop();
  expect(cloud.calls('token').slice(before)).toMatchObject([{ status: 200 }]);
});

// Later than the grace of sockets and once more, sooner than a call is given up.
it('the stop waits for a refresh that iTero answers after 24 seconds', async () => {
  const answered = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  let holding = false;
  const first = await start(async (input, init) => {
    const answer = await fetch(input, init);
    if (holding && answer.url.endsWith('/token')) {
      asked.resolve();
      await answered.promise;
    }
    return answer;
  });
  // A check that waited for the same refresh would hold the stop up by itself.
  await pairAndList(first, 'riverside');
  const { store } = first.bff;
  await store.write((tx) => tx.updateTable('align_tokens').set({ expires_at: 1 }).execute());
  const before = cloud.calls('token').length;
  holding = true;
  const asking = askUpstream(first);
  await asked.promise;
  const stopped = first.bff.stop();
  // By seconds: the stop does one thing after another.
  for (let second = 0; second < 24; second += 1) {
    await cloud.clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  answered.resolve();
  expect(await asking).toBe(200);
  await stopped;
  await first.stop();

  const second = await start();
  expect(await askUpstream(second)).toBe(200);
  await second.stop();
  expect(cloud.calls('token').slice(before)).toMatchObject([{ status: 200 }]);
});
