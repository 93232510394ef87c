import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ScanRequest, ScanRequestList } from '../../../shared/scan-request.ts';
import { startBff } from '../../support/bff.ts';
import { code, draft, openDesk, type Desk } from './desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());
beforeEach(() => desk.fresh());

describe('the practice configuration', () => {
  it('lists what a request can be made of, and old scanners as unsupported', async () => {
    const practice = (await (await desk.call('GET', '/v1/practice')).json()) as { scanners: object[] };
    expect(practice).toMatchObject({ account: { id: '1017', name: 'Riverside Dental' } });
    expect(practice.scanners).toContainEqual(
      expect.objectContaining({ serialNumber: 'HD2012A0093', supported: false }) as object,
    );
  });

  it('is asked for once in ten minutes, and the former one serves while upstream is away', async () => {
    await desk.call('GET', '/v1/practice');
    const before = desk.cloud.calls('getPracticeConfiguration').length;
    await desk.call('GET', '/v1/practice');
    expect(desk.cloud.calls('getPracticeConfiguration')).toHaveLength(before);
    await desk.cloud.clock.advance(601_000);
    const { session_token } = await desk.bff.mint('riverside');
    desk.fault({ kind: 'status', status: 503, times: 'always' }, 'getPracticeConfiguration');
    const answer = await desk.bff.call(session_token, 'GET', '/v1/practice');
    expect(answer.status).toBe(200);
    const { fetchedAt } = (await answer.json()) as { fetchedAt: string };
    expect(desk.cloud.clock.now() - Date.parse(fetchedAt)).toBeGreaterThan(600_000);
  });
});

describe('a scan request', () => {
  it('is sent, stored with its RX id, told as an event for its chart, and audited', async () => {
    const body = draft();
    const answer = await desk.send(body);
    expect(answer.status).toBe(201);
    const request = (await answer.json()) as ScanRequest;
    expect(request).toMatchObject({
      state: 'sent',
      rxId: expect.stringMatching(/^[0-9a-f-]{36}$/i) as string,
      patient: body.patient,
      procedure: 'Fixed Restorative',
      procedureType: 'Chair Side Milling',
      doctor: 'Alice Adams',
      teeth: [14],
      createdBy: 'Dr. Day',
      sentThrough: null,
    });
    expect(await desk.eventsOf(request.id)).toEqual([
      {
        type: 'scan_request.sent',
        charts: JSON.stringify([body.patient.chartNumber]),
        data: JSON.stringify({ requestId: request.id }),
      },
    ]);
    const audited = await desk.store.db.selectFrom('audit').selectAll().where('subject', '=', request.id).execute();
    expect(audited).toMatchObject([{ action: 'scan_request.sent', outcome: 'ok', user_id: 'u-dentist' }]);
    expect(JSON.stringify(audited)).not.toContain("O'Neil");
  });

  it('of an assistant without an Align login goes through the dentist’s, and says so', async () => {
    const assistant = await desk.bff.mint('riverside', { user: { id: 'u-assistant', displayName: 'Assistant Kim' } });
    const request = (await (await desk.send(draft(), {}, assistant.session_token)).json()) as ScanRequest;
    expect(request).toMatchObject({ state: 'sent', createdBy: 'Assistant Kim', sentThrough: 'Dr. Day' });
  });

  it('under one Idempotency-Key reaches the scanner once', async () => {
    const body = draft();
    const before = desk.sendCalls();
    const first = (await (await desk.send(body, { 'idempotency-key': 'press-1' })).json()) as ScanRequest;
    const second = (await (await desk.send(body, { 'idempotency-key': 'press-1' })).json()) as ScanRequest;
    expect(second).toEqual(first);
    expect(desk.sendCalls()).toBe(before + 1);
    expect(await code(await desk.send(draft(), { 'idempotency-key': 'press-1' }))).toEqual([
      422,
      'idempotency_mismatch',
    ]);
  });

  it.each([
    ['an unknown doctor', { doctorId: '9' }, ['doctorId']],
    ['an unknown procedure', { procedureId: '9' }, ['procedureId']],
    ['a type of another procedure', { procedureTypeId: '101' }, ['procedureTypeId']],
    ['no type', { procedureTypeId: undefined }, ['procedureTypeId']],
    ['no teeth where the type needs them', { teeth: [] }, ['teeth']],
    ['one tooth twice', { teeth: [{ adaId: 3 }, { adaId: 3 }] }, ['teeth']],
    ['a primary tooth', { teeth: [{ adaId: 51 }] }, ['teeth.0.adaId']],
    ['an unknown material', { teeth: [{ adaId: 3, materialId: 'x' }] }, ['teeth.0.materialId']],
    ['a scanner before Element 1', { scannerSerialNumber: 'HD2012A0093' }, ['scannerSerialNumber']],
    ['an unknown lab', { labId: '9' }, ['labId']],
    ['a day that is over', { dueDate: '2026-11-20' }, ['dueDate']],
    ['an empty chart number', { patient: { firstName: 'A', lastName: 'B', chartNumber: '' } }, ['patient.chartNumber']],
    [
      'a blank chart number',
      { patient: { firstName: 'A', lastName: 'B', chartNumber: '  ' } },
      ['patient.chartNumber'],
    ],
    ['no last name', { patient: { firstName: 'A', lastName: ' ', chartNumber: 'C' } }, ['patient.lastName']],
  ])('with %s is refused with its field, before anything is sent', async (_name, change, paths) => {
    const before = desk.sendCalls();
    const answer = await desk.send(draft(change));
    const problem = (await answer.json()) as { code: string; errors: { path: string }[] };
    expect([answer.status, problem.code]).toEqual([400, 'invalid_request']);
    expect(problem.errors.map((error) => error.path)).toEqual(paths);
    expect(desk.sendCalls()).toBe(before);
  });

  it.each([
    ['a reset before it was carried out', { kind: 'reset' }],
    ['a reset after it was carried out', { kind: 'reset', processed: true }],
    ['a 502', { kind: 'status', status: 502 }],
    ['a 503 after it was carried out', { kind: 'status', status: 503, processed: true }],
    ['half a body', { kind: 'half-body' }],
    ['an answer without an RX id', { kind: 'wrong-shape', body: {} }],
  ] as const)('that meets %s is unconfirmed, and is never sent again by itself', async (_name, spec) => {
    const body = draft();
    desk.fault(spec);
    const before = desk.sendCalls();
    const answer = await desk.send(body, { 'idempotency-key': body.patient.chartNumber });
    expect(answer.status).toBe(202);
    const request = (await answer.json()) as ScanRequest;
    expect(request).toMatchObject({ state: 'unconfirmed', rxId: null, problem: 'request_unconfirmed' });
    expect((await desk.eventsOf(request.id)).map((event) => event.type)).toEqual(['scan_request.unconfirmed']);
    const again = await desk.send(body, { 'idempotency-key': body.patient.chartNumber });
    expect(await again.json()).toEqual(request);
    await desk.cloud.clock.advance(300_000);
    expect(desk.sendCalls()).toBe(before + 1);
  });

  it('that gets no answer in time is unconfirmed', async () => {
    desk.fault({ kind: 'slow', ms: 3_600_000 });
    const pending = desk.send(draft());
    await expect.poll(() => desk.cloud.calls('scanRequest').at(-1)?.at).toBe(desk.cloud.clock.now());
    await desk.cloud.clock.advance(31_000);
    const answer = await pending;
    expect([answer.status, ((await answer.json()) as ScanRequest).state]).toEqual([202, 'unconfirmed']);
  });

  it.each([
    [
      '422',
      { kind: 'status', status: 422, error: 'invalid_request', fields: { doctorId: 'x' } },
      422,
      'upstream_refused',
    ],
    ['429', { kind: 'status', status: 429, retryAfter: 9 }, 429, 'rate_limited'],
    ['403 for its user', { kind: 'status', status: 403, error: 'user_not_allowed' }, 403, 'user_not_allowed'],
    ['409', { kind: 'status', status: 409 }, 422, 'upstream_refused'],
    ['404', { kind: 'status', status: 404 }, 422, 'upstream_refused'],
  ] as const)('that is clearly refused by %s is stored as refused', async (_name, spec, status, problem) => {
    const body = draft();
    desk.fault(spec);
    expect(await code(await desk.send(body))).toEqual([status, problem]);
    expect(await desk.rowsOf(body.patient.chartNumber)).toMatchObject([{ state: 'refused', problem, rx_id: null }]);
    // A clear no may be corrected and sent again.
    expect((await desk.send(body)).status).toBe(201);
  });

  it('that is refused says which fields, never upstream’s words', async () => {
    desk.fault({
      kind: 'status',
      status: 422,
      error: 'invalid_request',
      message: 'Canary says no',
      fields: { notes: 'Canary' },
    });
    const text = await (await desk.send(draft())).text();
    expect(JSON.parse(text)).toMatchObject({ code: 'upstream_refused', errors: [{ path: 'notes' }] });
    expect(text).not.toContain('Canary');
  });

  it('whose token just died is sent once, with a fresh one', async () => {
    desk.cloud.perform({ do: 'expire-tokens', companyId: 1017 });
    expect((await desk.send(draft())).status).toBe(201);
  });

  it('of a clinic that is not connected is told so', async () => {
    const { session_token } = await desk.bff.mint('namesake');
    expect(await code(await desk.send(draft(), {}, session_token))).toEqual([409, 'unpaired']);
  });
});

describe('a crash in mid-call', () => {
  it('leaves the request unconfirmed: told once, never sent again, also not under its key', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'itero-crash-'));
    const store = `sqlite:${join(folder, 'itero.db')}`;
    const first = await startBff({ cloud: desk.cloud, store });
    await first.pair('namesake');
    const before = desk.sendCalls();
    desk.fault({ kind: 'slow', ms: 3_600_000 });
    const body = draft();
    const { session_token } = await first.mint('namesake');
    const key = { 'idempotency-key': 'cut-off' };
    const cut = first.call(session_token, 'POST', '/v1/scan-requests', body, key).then((answer) => answer.status);
    await expect.poll(() => desk.sendCalls()).toBe(before + 1);

    // As after a SIGKILL: another process on what the first one left on disk.
    const second = await startBff({ cloud: desk.cloud, store });
    const session = (await second.mint('namesake')).session_token;
    const list = (await (await second.call(session, 'POST', '/v1/scan-requests/search', {})).json()) as ScanRequestList;
    expect(list.items).toMatchObject([{ state: 'unconfirmed', patient: body.patient, rxId: null }]);
    expect(await code(await second.call(session, 'POST', '/v1/scan-requests', body, key))).toEqual([
      409,
      'request_unconfirmed',
    ]);
    const told = await second.bff.store.db
      .selectFrom('events')
      .select('type')
      .where('request_id', 'is not', null)
      .execute();
    expect(told).toEqual([{ type: 'scan_request.unconfirmed' }]);
    expect(desk.sendCalls()).toBe(before + 1);

    await desk.cloud.clock.advance(31_000);
    expect(await cut).toBe(202);
    await Promise.all([first.stop(), second.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });
});
