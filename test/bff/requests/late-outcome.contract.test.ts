/** Upstream has answered, and the database does not take what it said. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ScanRequest } from '../../../shared/scan-request.ts';
import { startBff } from '../../support/bff.ts';
import { onPostgres, openTestDatabase } from '../../support/test-store.ts';
import { until } from '../support/until.ts';
import { code, draft, openDesk, type Desk } from './desk.ts';

const HOUR = 3_600_000;
/** Five timeouts and a minute to store: no call takes longer (ms). */
const LONGEST_CALL = 210_000;

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
  await desk.fresh();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await desk.close();
});

/** Requests can be written down, and not changed any more. Returns the mending. */
async function refuseOutcomes(): Promise<() => Promise<void>> {
  const statements = onPostgres
    ? [
        sql`create function no() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '55P03'; end $$`,
        sql`create trigger no before update on scan_requests for each row execute function no()`,
      ]
    : [sql`create trigger no before update on scan_requests begin select raise(abort, 'disk is full'); end`];
  await desk.store.write(async (tx) => {
    for (const statement of statements) await statement.execute(tx);
  });
  const mend = onPostgres ? sql`drop function no cascade` : sql`drop trigger no`;
  return async () => {
    await desk.store.write((tx) => mend.execute(tx));
  };
}

/** From the call upstream on, no write is taken at all. Returns the mending. */
function refuseAllAfterCall(): () => void {
  const before = desk.sendCalls();
  const real = desk.store.write.bind(desk.store);
  const refusing = vi
    .spyOn(desk.store, 'write')
    .mockImplementation((work, tenant) =>
      desk.sendCalls() === before ? real(work, tenant) : Promise.reject(new Error('disk is full')),
    );
  return () => refusing.mockRestore();
}

/** What a send writes names its session; what intake and recovery write does not. */
const isOutcome = (tenant: object | undefined): boolean =>
  desk.sendCalls() > 0 && tenant !== undefined && 'sessionId' in tenant;

async function rowOf(body: ReturnType<typeof draft>) {
  const rows = await desk.rowsOf(body.patient.chartNumber);
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

/** Moves the clock on until the request is not `sending` any more. */
async function settled(body: ReturnType<typeof draft>, step = 500) {
  return until(async () => {
    await desk.cloud.clock.advance(step);
    const row = await rowOf(body);
    return row.state !== 'sending' && row;
  });
}

const told = async (id: string): Promise<string[]> => (await desk.eventsOf(id)).map(({ type }) => type);

const audited = async (id: string): Promise<string[]> => {
  const rows = await desk.store.db.selectFrom('audit').select('outcome').where('subject', '=', id).execute();
  return rows.map(({ outcome }) => outcome);
};

describe('a sent request whose outcome the database does not take', () => {
  it('is unconfirmed to its sender and sent no second time under its key, and is stored as sent when the database takes it', async () => {
    const body = draft();
    const key = { 'idempotency-key': 'press' };
    const mend = await refuseOutcomes();
    const first = await desk.send(body, key);
    expect(first.status).toBe(202);
    const request = (await first.json()) as ScanRequest;
    expect(request).toMatchObject({ state: 'unconfirmed', rxId: null, problem: 'request_unconfirmed' });

    const again = await desk.send(body, key);
    expect([again.status, await again.json()]).toEqual([202, request]);
    expect(await code(await desk.cancel(request.id))).toEqual([409, 'request_running']);
    await mend();
    expect(await settled(body)).toMatchObject({
      state: 'sent',
      rx_id: expect.stringMatching(/^[0-9a-f-]{36}$/i) as string,
      problem: null,
    });
    expect([await told(request.id), await audited(request.id)]).toEqual([['scan_request.sent'], ['ok']]);
    expect(desk.sendCalls()).toBe(1);
    expect((await desk.cancel(request.id)).status).toBe(200);
  });

  it('is not taken for cut off while it is tried again, and is unconfirmed for everybody when that has failed for an hour', async () => {
    const body = draft();
    const real = desk.store.write.bind(desk.store);
    vi.spyOn(desk.store, 'write').mockImplementation((work, tenant) =>
      isOutcome(tenant) ? Promise.reject(new Error('busy')) : real(work, tenant),
    );
    expect((await desk.send(body)).status).toBe(202);
    const sentAt = desk.cloud.clock.now();
    const row = await settled(body, 15_000);
    expect(desk.cloud.clock.now() - sentAt).toBeGreaterThanOrEqual(HOUR);
    expect([row.state, row.rx_id, await told(row.id)]).toEqual(['unconfirmed', null, ['scan_request.unconfirmed']]);
  });

  it('is sent after all where another instance has called it unconfirmed meanwhile', async () => {
    const body = draft();
    const real = desk.store.write.bind(desk.store);
    const refusing = vi
      .spyOn(desk.store, 'write')
      .mockImplementation((work, tenant) =>
        isOutcome(tenant) ? Promise.reject(new Error('busy')) : real(work, tenant),
      );
    const { id } = (await (await desk.send(body)).json()) as ScanRequest;
    const change = { state: 'unconfirmed', problem: 'request_unconfirmed' } as const;
    await real((tx) => tx.updateTable('scan_requests').set(change).where('id', '=', id).execute());
    refusing.mockRestore();
    const row = await until(async () => {
      await desk.cloud.clock.advance(500);
      const now = await rowOf(body);
      return now.state === 'sent' && now;
    });
    expect([row.rx_id === null, row.problem, await told(id)]).toEqual([false, null, ['scan_request.sent']]);
  });

  it('is told and audited once where the commit went through and only its answer was lost', async () => {
    const body = draft();
    const real = desk.store.write.bind(desk.store);
    let writes = 0;
    vi.spyOn(desk.store, 'write').mockImplementation(async (work, tenant) => {
      const result = await real(work, tenant);
      if (isOutcome(tenant)) writes += 1;
      if (isOutcome(tenant) && writes === 1) throw new Error('connection lost in COMMIT');
      return result;
    });
    expect((await desk.send(body)).status).toBe(202);
    await until(async () => {
      await desk.cloud.clock.advance(500);
      return writes === 2;
    });
    const row = await rowOf(body);
    expect(row.state).toBe('sent');
    expect([await told(row.id), await audited(row.id)]).toEqual([['scan_request.sent'], ['ok']]);
  });

  it('is unconfirmed to its sender where the database takes nothing at all, and its key remembers that later', async () => {
    const body = draft();
    const key = { 'idempotency-key': 'press' };
    const mend = refuseAllAfterCall();
    const first = await desk.send(body, key);
    expect(first.status).toBe(202);
    const request = (await first.json()) as ScanRequest;
    expect((await desk.send(body, key)).status).toBe(500);
    mend();
    expect(await code(await desk.send(body, key))).toEqual([409, 'request_running']);
    expect((await settled(body)).state).toBe('sent');
    const again = await until(async () => {
      await desk.cloud.clock.advance(500);
      const answer = await desk.send(body, key);
      return answer.status === 202 && answer;
    });
    expect(await again.json()).toEqual(request);
    expect(desk.sendCalls()).toBe(1);
  });
});

describe('a request that upstream refuses', () => {
  it('is refused to its sender though the database does not take it, and stored as refused later', async () => {
    const body = draft();
    desk.fault({ kind: 'status', status: 429, retryAfter: 9 });
    const mend = await refuseOutcomes();
    expect(await code(await desk.send(body))).toEqual([429, 'rate_limited']);
    expect((await rowOf(body)).state).toBe('sending');
    await mend();
    const row = await settled(body);
    expect([row.state, row.problem, await told(row.id)]).toEqual(['refused', 'rate_limited', []]);
  });
});

describe('a request that cannot be written down', () => {
  it('is not sent, and pressing again sends it once', async () => {
    const body = draft();
    const key = { 'idempotency-key': 'press' };
    const real = desk.store.write.bind(desk.store);
    const refusing = vi
      .spyOn(desk.store, 'write')
      .mockImplementation((work, tenant) => (tenant === undefined ? real(work) : Promise.reject(new Error('busy'))));
    expect(await code(await desk.send(body, key))).toEqual([500, 'internal']);
    expect(desk.sendCalls()).toBe(0);
    refusing.mockRestore();
    expect((await desk.send(body, key)).status).toBe(201);
    expect(desk.sendCalls()).toBe(1);
  });
});

describe('a request that was left without an outcome', () => {
  it('is unconfirmed within a minute after the longest call, without a restart', async () => {
    const body = draft();
    const key = { 'idempotency-key': 'press' };
    const { id } = (await (await desk.send(body, key)).json()) as ScanRequest;
    await desk.store.write(async (tx) => {
      await tx.updateTable('scan_requests').set({ state: 'sending', rx_id: null }).where('id', '=', id).execute();
      await tx.updateTable('idempotency').set({ status: null, response: null }).where('key', '=', 'press').execute();
    });
    const left = desk.cloud.clock.now();
    expect((await settled(body, 1_000)).state).toBe('unconfirmed');
    expect(desk.cloud.clock.now() - left).toBeGreaterThanOrEqual(LONGEST_CALL);
    const again = await until(async () => {
      const answer = await desk.send(body, key);
      const [status, name] = await code(answer);
      return name !== 'request_running' && [status, name];
    });
    expect(again).toEqual([409, 'request_unconfirmed']);
    expect(desk.sendCalls()).toBe(1);
  });
});

describe('a stop', () => {
  it('waits until outcomes are stored, and the next start knows them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'itero-late-outcome-'));
    const database = await openTestDatabase();
    const store = onPostgres ? database.url : `sqlite:${join(folder, 'itero.db')}`;
    const first = await startBff({ cloud: desk.cloud, store, dataDir: folder });
    await first.pair('namesake');
    const body = draft();
    const { session_token: token } = await first.mint('namesake');
    const real = first.bff.store.write.bind(first.bff.store);
    const before = desk.sendCalls();
    const refusing = vi
      .spyOn(first.bff.store, 'write')
      .mockImplementation((work, tenant) =>
        desk.sendCalls() === before ? real(work, tenant) : Promise.reject(new Error('busy')),
      );
    const key = { 'idempotency-key': 'press' };
    const sent = await first.call(token, 'POST', '/v1/scan-requests', body, key);
    const request = (await sent.json()) as ScanRequest;
    expect([sent.status, request.state]).toEqual([202, 'unconfirmed']);
    refusing.mockRestore();
    await first.stop();

    const second = await startBff({ cloud: desk.cloud, store, dataDir: folder });
    const session = (await second.mint('namesake')).session_token;
    const row = await second.bff.store.db.selectFrom('scan_requests').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ state: 'sent', rx_id: expect.any(String) as string });
    const again = await second.call(session, 'POST', '/v1/scan-requests', body, key);
    expect(await again.json()).toEqual(request);
    expect(desk.sendCalls()).toBe(before + 1);
    await second.stop();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });
});
