/** One of two instances loses its database without a word: packets are swallowed, nothing is refused. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createAlignCloud, type AlignCloud } from '../../../demo/align-cloud/index.ts';
import { openFaultProxy, type FaultProxy } from '../../faults/fault-proxy.ts';
import { createSeeded } from '../../faults/seeded.ts';
import { startBff, VENDOR_KEYS, type TestBff } from '../../support/bff.ts';
import { openDatabase, type TestDatabase } from '../../support/postgres.ts';
import { openStream } from '../support/stream-client.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'itero-cut-off-'));
let cloud: AlignCloud;
let database: TestDatabase;
let line: FaultProxy;
let well: TestBff;
let cutOff: TestBff;

beforeAll(async () => {
  cloud = await createAlignCloud({ port: 0, cdnPort: 0, clock: 'manual', seed: 3 });
  database = await openDatabase();
  line = await openFaultProxy(createSeeded('cut-off'));
  const { hostname, port } = new URL(database.url);
  line.route = () => ({ host: hostname, port: Number(port) });
  const through = Object.assign(new URL(database.url), { host: `127.0.0.1:${line.port}` }).href;
  well = await startBff({ cloud, store: database.url, dataDir: join(folder, 'well') });
  cutOff = await startBff({ cloud, store: through, dataDir: join(folder, 'cut-off'), publicUrl: well.url });
});
afterAll(async () => {
  await Promise.all([well.stop(), cutOff.stop()]);
  await line.close();
  await cloud.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

it('it ends its streams, and who was revoked meanwhile stays out when it is back, all others go on', async () => {
  const [revoked, staying] = [await well.mint('riverside'), await well.mint('riverside')];
  const streams = [
    await openStream(cutOff.url, revoked.session_token),
    await openStream(cutOff.url, staying.session_token),
  ] as const;
  await until(async () => streams.every(({ heartbeats }) => heartbeats.length > 0));
  const position = streams[1].heartbeats[0]?.id ?? '';

  line.add('up', { kind: 'timeout' });
  line.add('down', { kind: 'timeout' });
  expect((await well.call(VENDOR_KEYS.molar, 'DELETE', `/v1/sessions/${revoked.id}`)).status).toBe(204);
  await cloud.clock.advance(8_000);
  await Promise.all(streams.map(({ closed }) => closed));
  await cloud.clock.advance(120_000);

  // What was on its way is lost, the wake-up too.
  line.cutAll();
  line.heal();
  const statusOf = async (token: string): Promise<number> => {
    const answer = await cutOff.call(token, 'GET', '/v1/pairing');
    await answer.text();
    return answer.status;
  };
  await vi.waitFor(
    async () => {
      await cloud.clock.advance(500);
      expect([await statusOf(staying.session_token), await statusOf(revoked.session_token)]).toEqual([200, 401]);
    },
    { timeout: 60_000, interval: 20 },
  );
  const again = await openStream(cutOff.url, staying.session_token, { 'last-event-id': position });
  await until(async () => again.heartbeats.length > 0);
  expect([again.heartbeats[0]?.id, again.events]).toEqual([position, []]);
  again.close();
});
