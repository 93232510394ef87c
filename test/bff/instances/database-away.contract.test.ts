/** The database goes away under a running instance, and comes back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startBff, VENDOR_KEYS, type TestBff } from '../../support/bff.ts';
import { startPostgres, type PostgresServer, type TestDatabase } from '../../support/postgres.ts';

const folder = mkdtempSync(join(tmpdir(), 'itero-away-'));
let server: PostgresServer;
let database: TestDatabase;
let bff: TestBff;

beforeAll(async () => {
  server = await startPostgres();
  database = await server.createDatabase();
  bff = await startBff({ store: database.url, dataDir: folder });
});
afterAll(async () => {
  await bff.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ready = async (): Promise<number> => {
  const answer = await fetch(`${bff.url}/readyz`);
  await answer.text();
  return answer.status;
};

it('is told by /readyz and by every answer, and is used again by itself', async () => {
  const { session_token: token } = await bff.mint('riverside');
  expect(await ready()).toBe(200);

  await server.kill();
  expect(await ready()).toBe(503);
  expect((await (await fetch(`${bff.url}/healthz`)).json()) as object).toEqual({ state: 'up' });
  const refused = [
    await bff.call(token, 'GET', '/v1/pairing'),
    await bff.call(VENDOR_KEYS.molar, 'POST', '/v1/sessions', {
      tenant: 'riverside',
      user: { id: 'u' },
      components: {},
    }),
  ];
  for (const answer of refused) {
    const text = await answer.text();
    expect([answer.status, JSON.parse(text)]).toEqual([
      500,
      expect.objectContaining({ code: 'internal', retryable: true }),
    ]);
    expect(text).not.toMatch(/postgres|password|127\.0\.0\.1/i);
  }

  await server.restart();
  await vi.waitFor(async () => expect(await ready()).toBe(200), { timeout: 60_000 });
  const list = await bff.call(token, 'GET', '/v1/pairing');
  expect(list.status).toBe(200);
  await list.text();
  expect(await bff.mint('riverside')).toMatchObject({ livemode: false });
});

it('a start without it ends with a sentence', async () => {
  const nowhere = Object.assign(new URL(database.url), { port: '9' }).href;
  await expect(startBff({ store: nowhere, dataDir: folder })).rejects.toThrow(/nobody answers there/);
});
