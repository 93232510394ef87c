/** Pair → RX → scan → notification → stream → picture, over real HTTP, with the simulator as upstream; then where the patient and the secrets may not be. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../bff/log.ts';
import type { Store } from '../../bff/store/index.ts';
import { createAlignCloud, type AlignCloud } from '../../demo/align-cloud/index.ts';
import type { ScanRequest } from '../../shared/scan-request.ts';
import type { ScanDetail, ScanList } from '../../shared/scan.ts';
import { onPostgres } from '../support/test-store.ts';
import { startBff, VENDOR_KEYS, VENDOR_ORIGINS, type TestBff } from '../support/bff.ts';
import { NOTIFIED_ONLY, pairAndList } from './support/pair-and-list.ts';

const CANARY = { firstName: 'Zzyzx', lastName: 'Canarybird', chartNumber: 'CANARY-77', dateOfBirth: '1987-06-05' };
const folder = mkdtempSync(join(tmpdir(), 'itero-loop-'));
const lines: string[] = [];
let cloud: AlignCloud;
let bff: TestBff;
let token: string;
let answered = '';

beforeAll(async () => {
  cloud = await createAlignCloud({ port: 0, cdnPort: 0, clock: 'manual', seed: 3, startAt: Date.UTC(2026, 10, 23, 9) });
  const log = createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const store = onPostgres ? {} : { store: `sqlite:${join(folder, 'itero.db')}` };
  bff = await startBff({ cloud, log, ...store, dataDir: folder, timings: NOTIFIED_ONLY });
  await pairAndList(bff, 'riverside');
  token = (await bff.mint('riverside')).session_token;
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await bff.call(token, method, path, body);
  const text = await answer.text();
  answered += JSON.stringify([...answer.headers]);
  return JSON.parse(text) as T;
}

/** The stream as an element reads it, from a page of the vendor. */
async function openStream(as: string) {
  const abort = new AbortController();
  const answer = await fetch(`${bff.url}/v1/events`, {
    headers: { authorization: `Bearer ${as}`, origin: VENDOR_ORIGINS.molar },
    signal: abort.signal,
  });
  let text = '';
  let ended = false;
  const reading = (async () => {
    for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString();
  })()
    .catch(() => undefined)
    .finally(() => (ended = true));
  return { answer, text: () => text, ended: () => ended, close: () => abort.abort(), reading };
}

/** Whatever the database holds, as text. */
async function rowsOf(store: Store): Promise<string> {
  const listed = onPostgres
    ? sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`
    : sql<{ name: string }>`select name from sqlite_master where type = 'table'`;
  const tables = await listed.execute(store.db);
  const rows = await Promise.all(
    tables.rows.map(({ name }) => sql`select * from ${sql.table(name)}`.execute(store.db)),
  );
  expect(rows.some((result) => JSON.stringify(result.rows).includes(CANARY.chartNumber))).toBe(true);
  return JSON.stringify(rows.map((result) => result.rows));
}

describe('the loop', () => {
  let stream: Awaited<ReturnType<typeof openStream>>;
  let orderId: string;

  it('opens one stream, that a page of the vendor may read', async () => {
    stream = await openStream(token);
    expect(stream.answer.status).toBe(200);
    expect(stream.answer.headers.get('content-type')).toContain('text/event-stream');
    expect(stream.answer.headers.get('access-control-allow-origin')).toBe(VENDOR_ORIGINS.molar);
    expect(stream.answer.headers.get('x-request-id')).toMatch(/^req_/);
    expect(stream.answer.headers.get('x-accel-buffering')).toBe('no');
  });

  it('sends an RX and shows its scan on the stream', async () => {
    const request = await ask<ScanRequest>('POST', '/v1/scan-requests', {
      patient: CANARY,
      doctorId: '2001',
      procedureId: '1',
      procedureTypeId: '101',
      notes: 'Canarynote',
    });
    expect(request.state).toBe('sent');
    cloud.perform({ do: 'pick-up', rxId: String(request.rxId) });
    const { finished } = cloud.perform({ do: 'scan', rxId: String(request.rxId), captures: true });
    await cloud.clock.advance(1_000);
    await finished;
    await cloud.settled();
    await vi.waitFor(
      async () => {
        await cloud.clock.advance(100);
        expect(stream.text()).toContain('event: scan.received');
      },
      { timeout: 30_000, interval: 50 },
    );
    expect(stream.text()).toContain('event: scan_request.sent');
    const list = await ask<ScanList>('POST', '/v1/scans/search', { chartNumber: CANARY.chartNumber });
    expect(list.items).toMatchObject([
      { requestId: request.id, unread: true, unmatched: false, learntBy: 'notification' },
    ]);
    orderId = list.items[0]?.orderId ?? '';
    const requests = await ask<{ items: ScanRequest[] }>('POST', '/v1/scan-requests/search', {});
    expect(requests.items).toMatchObject([{ id: request.id, state: 'scanned', orderId }]);
  });

  it('serves six pictures, large and small, the zip and the captures, by links alone', async () => {
    const detail = await ask<ScanDetail>('GET', `/v1/scans/${orderId}`);
    expect(detail.thumbnails).toHaveLength(6);
    for (const { small, full } of detail.thumbnails) {
      for (const link of [small, String(full)]) {
        const picture = await fetch(new URL(link, bff.url));
        expect(picture.headers.get('content-type')).toBe('image/jpeg');
        expect(picture.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
        expect(Buffer.from(await picture.arrayBuffer()).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
        answered += link;
      }
    }
    for (const name of ['ide', 'captures'] as const) {
      const zip = await fetch(new URL(String(detail.assets[name].link), bff.url));
      expect(zip.status).toBe(200);
      expect(
        Buffer.from(await zip.arrayBuffer())
          .subarray(0, 2)
          .toString(),
      ).toBe('PK');
      answered += JSON.stringify([...zip.headers]);
    }
  });

  it('names the patient nowhere but in bodies: not in logs, metrics, headers, addresses or events', async () => {
    await bff.call(token, 'POST', '/v1/scan-requests', {
      patient: { ...CANARY, lastName: 'Canarybird2' },
      doctorId: 'x',
    });
    await bff.call(token, 'GET', '/v1/scans/404404');
    for (const text of ['Canarybird', 'Zzyzx Canarybird', CANARY.chartNumber, 'Canarybirdd', 'Canary\u0000bird']) {
      await bff.call(token, 'POST', '/v1/scans/where', { text });
    }
    for (const table of ['ledger', 'audit']) {
      for (const format of ['json', 'csv']) {
        const path = `/v1/${table}?tenant=riverside&format=${format}`;
        const sheet = await bff.call(VENDOR_KEYS.molar, 'GET', path);
        expect(sheet.status).toBe(200);
        answered += await sheet.text();
      }
    }
    // What a sender may put into an address or a message is a name as well.
    for (const path of [
      'callbacks/Canarybird',
      'callbacks/partner/Canarybird',
      'Canarybird',
      'ledger?tenant=Canarybird',
    ]) {
      await bff.call(token, 'POST', `/v1/${path}`, { rxId: 'Canarybird', accountNumber: 'Canarybird' });
      await bff.call(VENDOR_KEYS.molar, 'GET', `/v1/${path}`, undefined, { 'last-event-id': 'Canarybird' });
    }
    const fault = new Error('invalid: "Canarybird"\n    at Canarybird (x.ts:1:1)');
    // All of them meanwhile: work of the background may write first.
    const refused = vi
      .spyOn(bff.bff.store, 'write')
      .mockRejectedValue(Object.assign(fault, { detail: 'Key (chart_number)=(CANARY-77)' }));
    expect((await bff.call(token, 'POST', '/v1/scans/where', { text: 'Canarybird' })).status).toBe(500);
    refused.mockRestore();
    const metrics = await (await fetch(`${bff.url}/metrics`)).text();
    const secret = /Zzyzx|Canary|CANARY|1987-06-05/;
    expect(lines.join('')).not.toMatch(secret);
    expect(metrics).not.toMatch(secret);
    expect(answered).not.toMatch(secret);
    expect(stream.text()).not.toMatch(secret);
    expect(lines.length).toBeGreaterThan(10);
  });

  it('has no token, secret or key in its log, its store or its files', async () => {
    const grants = [...cloud.state.accessTokens.keys(), ...cloud.state.grants.values()].map((grant) =>
      JSON.stringify(grant),
    );
    const tokens = [...new Set(grants.flatMap((text) => text.match(/[\w-]{24,}/g) ?? []))];
    const secrets = [...tokens, cloud.clientSecret, ...Object.values(VENDOR_KEYS), token];
    expect(secrets.length).toBeGreaterThan(4);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    const kept = files.join('\n') + lines.join('') + (await rowsOf(bff.bff.store));
    expect(files.length).toBeGreaterThan(1);
    expect(secrets.filter((one) => kept.includes(one))).toEqual([]);
  });

  it('ends the stream of a session that is revoked', async () => {
    const other = await bff.mint('riverside');
    const own = await openStream(other.session_token);
    await bff.call(VENDOR_KEYS.molar, 'DELETE', `/v1/sessions/${other.id}`);
    await vi.waitFor(() => expect(own.ended()).toBe(true), { timeout: 30_000 });
  });

  it('tells open sessions when the service is switched to another environment', async () => {
    const before = bff.align.current();
    bff.align.change({ ...before, environment: 'other' });
    const answer = await bff.call(token, 'GET', '/v1/pairing');
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([409, 'environment_changed']);
    const fresh = (await bff.mint('riverside')).session_token;
    expect(await (await bff.call(fresh, 'GET', '/v1/pairing')).json()).toMatchObject({
      state: 'unpaired',
      environment: 'other',
    });
    bff.align.change(before);
    expect((await bff.call(token, 'GET', '/v1/pairing')).status).toBe(200);
  });

  it('stops with a stream open: it ends, and nothing hangs', async () => {
    const last = await openStream(token);
    await bff.stop();
    await vi.waitFor(() => expect(last.ended()).toBe(true), { timeout: 30_000 });
    await expect(fetch(`${bff.url}/healthz`)).rejects.toThrow();
    stream.close();
  });
});
