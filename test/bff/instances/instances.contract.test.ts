/** Three instances of the BFF on one PostgreSQL behind one address: any of them serves any request (product.md). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAlignCloud, type AlignCloud } from '../../../demo/align-cloud/index.ts';
import type { Pairing } from '../../../shared/pairing.ts';
import type { ScanRequest } from '../../../shared/scan-request.ts';
import type { ScanDetail, ScanList } from '../../../shared/scan.ts';
import {
  CLINICS,
  signIn,
  startBff,
  VENDOR_KEYS,
  VENDOR_ORIGINS,
  type Clinic,
  type TestBff,
} from '../../support/bff.ts';
import { openTestDatabase } from '../../support/test-store.ts';
import { NOTIFIED_ONLY } from '../support/pair-and-list.ts';

const folder = mkdtempSync(join(tmpdir(), 'itero-instances-'));
let cloud: AlignCloud;
let database: Awaited<ReturnType<typeof openTestDatabase>>;
let a: TestBff;
let b: TestBff;
let c: TestBff;

const start = (name: string, publicUrl?: string): Promise<TestBff> =>
  startBff({
    cloud,
    store: database.url,
    dataDir: join(folder, name),
    timings: NOTIFIED_ONLY,
    ...(publicUrl !== undefined && { publicUrl }),
  });

beforeAll(async () => {
  cloud = await createAlignCloud({ port: 0, cdnPort: 0, clock: 'manual', seed: 3, startAt: Date.UTC(2026, 10, 23, 9) });
  database = await openTestDatabase();
  a = await start('a');
  // A's address stands for the one that a load balancer would have.
  b = await start('b', a.url);
  c = await start('c', a.url);
});
afterAll(async () => {
  await Promise.all([a.stop(), b.stop(), c.stop()]);
  await cloud.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const DENTIST = { id: 'u-dentist', displayName: 'Dr. Day' };

async function ask<T>(bff: TestBff, token: string, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await bff.call(token, method, path, body);
  expect([answer.status, path]).toEqual([expect.toSatisfy((status: number) => status < 300), path]);
  const text = await answer.text();
  return (text === '' ? null : JSON.parse(text)) as T;
}

const codeOf = async (answer: Response): Promise<unknown> => ((await answer.json()) as { code?: string }).code;

async function signedIn(clinic: Clinic, login: string, on: [TestBff, TestBff]): Promise<string> {
  const { session_token: token } = await on[0].mint(clinic, { user: DENTIST });
  const origin = VENDOR_ORIGINS[CLINICS[clinic].vendor];
  const begun = await on[0].call(token, 'POST', '/v1/pairing/authorizations', {}, { origin });
  const { startUrl } = (await begun.json()) as { startUrl: string };
  await signIn(new URL(new URL(startUrl).pathname, on[0].url), login, on[1].url);
  return token;
}

const DRAFT = {
  patient: { firstName: 'Ada', lastName: 'Moss', chartNumber: 'C-77', dateOfBirth: '1987-06-05' },
  doctorId: '2001',
  procedureId: '1',
  procedureTypeId: '101',
};
const sendOn = (bff: TestBff, token: string, key: string): Promise<Response> =>
  bff.call(token, 'POST', '/v1/scan-requests', DRAFT, { 'idempotency-key': key });

/** Moves the one clock on until it holds: timers are by hand, wake-ups and answers take their time. */
const eventually = (look: () => Promise<void>): Promise<void> =>
  vi.waitFor(
    async () => {
      await cloud.clock.advance(500);
      await look();
    },
    { timeout: 30_000, interval: 20 },
  );

describe('pairing', () => {
  it('begins on one, returns to another, is chosen on the third, and shows on each', async () => {
    const token = await signedIn('riverside', 'adams@riverside.example', [a, b]);
    await ask(c, token, 'PUT', '/v1/pairing', { accountId: '1017' });
    for (const bff of [a, b, c]) {
      const pairing = await ask<Pairing>(bff, token, 'GET', '/v1/pairing');
      expect(pairing).toMatchObject({ state: 'paired', account: { id: '1017' } });
    }
  });

  it('of one account by two clinics at the same moment is one pairing and one refusal, on any two instances', async () => {
    const tokens = [
      await signedIn('lakeview', 'adams@riverside.example', [a, b]),
      await signedIn('namesake', 'adams@riverside.example', [b, c]),
    ];
    const before = cloud.calls('pair').length;
    const answers = await Promise.all(
      tokens.map((token, index) => (index === 0 ? a : b).call(token, 'PUT', '/v1/pairing', { accountId: '1023' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
    expect(await codeOf(answers.find(({ status }) => status === 409) as Response)).toBe('account_in_use');
    expect(cloud.calls('pair').length - before).toBe(1);
  });
});

describe('a session', () => {
  let token: string;
  let id: string;
  beforeEach(async () => {
    ({ session_token: token, id } = await a.mint('riverside'));
  });
  const statusOn = async (bff: TestBff): Promise<number> => {
    const answer = await bff.call(token, 'GET', '/v1/pairing');
    await answer.text();
    return answer.status;
  };

  it('that was revoked on one ends on the others, its streams too', async () => {
    expect([await statusOn(b), await statusOn(c)]).toEqual([200, 200]);
    const stream = await c.call(token, 'GET', '/v1/events');
    const over = stream.text();
    await ask(a, VENDOR_KEYS.molar, 'DELETE', `/v1/sessions/${id}`);
    // By the wake-up alone: the clock stands still.
    await vi.waitFor(async () => expect([await statusOn(b), await statusOn(c)]).toEqual([401, 401]), {
      timeout: 30_000,
    });
    expect(await over).toContain('data');
  });

  it('ends there although the wake-up was lost', async () => {
    expect([await statusOn(b), await statusOn(c)]).toEqual([200, 200]);
    const revokedAt = a.clock.now();
    await a.bff.store.write((tx) =>
      tx.updateTable('sessions').set({ revoked_at: revokedAt }).where('id', '=', id).execute(),
    );
    await cloud.clock.advance(2_000);
    await vi.waitFor(async () => expect([await statusOn(b), await statusOn(c)]).toEqual([401, 401]), {
      timeout: 30_000,
    });
  });
});

describe('a scan request', () => {
  it('is sent on one and cancelled on another', async () => {
    const { session_token: token } = await a.mint('riverside', { user: DENTIST });
    const sent = (await (await sendOn(a, token, 'k-1')).json()) as ScanRequest;
    expect(sent.state).toBe('sent');
    const cancelled = await ask<ScanRequest>(b, token, 'DELETE', `/v1/scan-requests/${sent.id}`);
    expect(cancelled.state).toBe('cancelled');
    const { items } = await ask<{ items: ScanRequest[] }>(c, token, 'POST', '/v1/scan-requests/search', {});
    expect(items.map(({ id, state }) => [id, state])).toEqual([[sent.id, 'cancelled']]);
  });

  it('goes out once under one key, on however many instances it is asked for at once', async () => {
    const { session_token: token } = await b.mint('riverside', { user: DENTIST });
    const before = cloud.calls('scanRequest').length;
    const answers = await Promise.all([a, b, c, a, b, c].map((bff) => sendOn(bff, token, 'k-2')));
    const codes = await Promise.all(answers.map(async (answer) => (answer.ok ? 'sent' : codeOf(answer))));
    expect(codes).toContain('sent');
    expect(codes.filter((code) => code !== 'sent' && code !== 'request_running')).toEqual([]);
    expect(cloud.calls('scanRequest').length - before).toBe(1);
    const again = (await (await sendOn(c, token, 'k-2')).json()) as ScanRequest;
    expect(again.state).toBe('sent');
    const mismatch = await b.call(
      token,
      'POST',
      '/v1/scan-requests',
      { ...DRAFT, notes: 'other' },
      { 'idempotency-key': 'k-2' },
    );
    expect(await codeOf(mismatch)).toBe('idempotency_mismatch');
  });

  it('that runs on one is left alone by another that starts', async () => {
    const { session_token: token } = await a.mint('riverside', { user: DENTIST });
    cloud.faults.add({ on: 'scanRequest', kind: 'slow', ms: 5_000 });
    const sending = sendOn(a, token, 'k-3');
    const statesOn = async (bff: TestBff): Promise<string[]> =>
      (await ask<{ items: ScanRequest[] }>(bff, token, 'POST', '/v1/scan-requests/search', {})).items.map(
        ({ state }) => state,
      );
    await vi.waitFor(async () => expect(await statesOn(b)).toContain('sending'), { timeout: 30_000 });
    const late = await start('late', a.url);
    expect(await statesOn(late)).toContain('sending');
    await eventually(async () => expect(await statesOn(late)).not.toContain('sending'));
    expect(((await (await sending).json()) as ScanRequest).state).toBe('sent');
    await late.stop();
  });
});

describe('a case', () => {
  it('whose notification one took is seen on the others, and its pictures come from each, fetched once by each', async () => {
    const { session_token: token } = await a.mint('riverside', { user: DENTIST });
    const sent = (await (await sendOn(b, token, 'k-4')).json()) as ScanRequest;
    cloud.perform({ do: 'pick-up', rxId: String(sent.rxId) });
    const { finished } = cloud.perform({ do: 'scan', rxId: String(sent.rxId) });
    await cloud.clock.advance(1_000);
    await finished;
    await cloud.settled();
    let orderId = '';
    await eventually(async () => {
      const { items } = await ask<ScanList>(c, token, 'POST', '/v1/scans/search', {});
      expect(items).toMatchObject([{ requestId: sent.id, learntBy: 'notification' }]);
      orderId = items[0]?.orderId ?? '';
    });
    const detail = await ask<ScanDetail>(a, token, 'GET', `/v1/scans/${orderId}`);
    const link = String(detail.thumbnails[0]?.small);
    const full = String(detail.thumbnails[0]?.full);
    const open = async (bff: TestBff, path: string): Promise<number> => {
      const answer = await fetch(new URL(path, bff.url));
      await answer.arrayBuffer();
      return answer.status;
    };
    const galleries = (): number => cloud.calls('asset').length;
    expect([await open(a, link), await open(b, link), await open(c, link)]).toEqual([200, 200, 200]);
    const fetched = galleries();
    for (let round = 0; round < 3; round += 1) {
      expect([await open(a, full), await open(b, full), await open(c, full)]).toEqual([200, 200, 200]);
    }
    expect(galleries()).toBe(fetched);
  });

  it('is read on one and so on all', async () => {
    const { session_token: token } = await a.mint('riverside', { user: DENTIST });
    const { items } = await ask<ScanList>(a, token, 'POST', '/v1/scans/search', {});
    const [scan] = items;
    await ask(b, token, 'POST', `/v1/scans/${scan?.orderId}/read`, { version: scan?.version, read: true });
    for (const bff of [a, b, c])
      expect((await ask<ScanList>(bff, token, 'POST', '/v1/scans/search', {})).items[0]?.unread).toBe(false);
  });
});
