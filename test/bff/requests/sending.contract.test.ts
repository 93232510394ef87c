import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAlignCloud, type AlignCloud, type FaultSpec } from '../../../demo/align-cloud/index.ts';
import type { PatientCheck, ScanRequest, ScanRequestList } from '../../../shared/scan-request.ts';
import { startBff, type TestBff } from '../../support/bff.ts';

let cloud: AlignCloud;
let bff: TestBff;
let token: string;
beforeAll(async () => {
  cloud = await createAlignCloud({ port: 0, cdnPort: 0, clock: 'manual', seed: 7, startAt: Date.UTC(2026, 10, 23, 9) });
  bff = await startBff({ cloud });
  await bff.pair('riverside');
  await bff.pair('lakeview');
});
afterAll(async () => {
  await bff.stop();
  await cloud.close();
});
beforeEach(async () => {
  cloud.faults.clear();
  token = (await bff.mint('riverside')).session_token;
});

let serial = 0;
const patient = () => {
  serial += 1;
  return { firstName: 'Ana', lastName: `O'Neil ${serial}`, chartNumber: `C-${serial}` };
};
const draft = (change: object = {}) => ({
  patient: patient(),
  doctorId: '2001',
  procedureId: '4',
  procedureTypeId: '401',
  teeth: [{ adaId: 14, restorationType: 'Crown' }],
  ...change,
});
const send = (body: unknown, headers = {}, as = token): Promise<Response> =>
  bff.call(as, 'POST', '/v1/scan-requests', body, headers);
const sent = async (body: unknown): Promise<ScanRequest> => (await send(body)).json() as Promise<ScanRequest>;
const code = async (answer: Response): Promise<unknown[]> => [
  answer.status,
  ((await answer.json()) as { code: string }).code,
];
const fault = (spec: Omit<FaultSpec, 'on'>, on: FaultSpec['on'] = 'scanRequest'): void =>
  void cloud.faults.add({ on, ...spec });
const rowsOf = (chart: string) =>
  bff.bff.store.db.selectFrom('scan_requests').selectAll().where('chart_number', '=', chart).execute();
const eventsOf = (id: string) =>
  bff.bff.store.db.selectFrom('events').select(['type', 'charts', 'data']).where('request_id', '=', id).execute();

describe('the practice configuration', () => {
  it('lists what a request can be made of, and old scanners as unsupported', async () => {
    const practice = (await (await bff.call(token, 'GET', '/v1/practice')).json()) as { scanners: object[] };
    expect(practice).toMatchObject({ account: { id: '1017', name: 'Riverside Dental' } });
    expect(practice.scanners).toContainEqual(
      expect.objectContaining({ serialNumber: 'HD2012A0093', supported: false }) as object,
    );
  });

  it('is asked for once in ten minutes, and the former one serves while upstream is away', async () => {
    await bff.call(token, 'GET', '/v1/practice');
    const before = cloud.calls('getPracticeConfiguration').length;
    await bff.call(token, 'GET', '/v1/practice');
    expect(cloud.calls('getPracticeConfiguration')).toHaveLength(before);
    await cloud.clock.advance(601_000);
    const { session_token } = await bff.mint('riverside');
    fault({ kind: 'status', status: 503, times: 'always' }, 'getPracticeConfiguration');
    const answer = await bff.call(session_token, 'GET', '/v1/practice');
    expect(answer.status).toBe(200);
    const { fetchedAt } = (await answer.json()) as { fetchedAt: string };
    expect(cloud.clock.now() - Date.parse(fetchedAt)).toBeGreaterThan(600_000);
  });
});

describe('a scan request', () => {
  it('is sent, stored with its RX id, told as an event for its chart, and audited', async () => {
    const body = draft();
    const answer = await send(body);
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
    expect(await eventsOf(request.id)).toEqual([
      {
        type: 'scan_request.sent',
        charts: JSON.stringify([body.patient.chartNumber]),
        data: JSON.stringify({ requestId: request.id }),
      },
    ]);
    const audited = await bff.bff.store.db.selectFrom('audit').selectAll().where('subject', '=', request.id).execute();
    expect(audited).toMatchObject([{ action: 'scan_request.sent', outcome: 'ok', user_id: 'u-dentist' }]);
    expect(JSON.stringify(audited)).not.toContain("O'Neil");
  });

  it('of an assistant without an Align login goes through the dentist’s, and says so', async () => {
    const assistant = await bff.mint('riverside', { user: { id: 'u-assistant', displayName: 'Assistant Kim' } });
    const request = (await (await send(draft(), {}, assistant.session_token)).json()) as ScanRequest;
    expect(request).toMatchObject({ state: 'sent', createdBy: 'Assistant Kim', sentThrough: 'Dr. Day' });
  });

  it('under one Idempotency-Key reaches the scanner once', async () => {
    const body = draft();
    const before = cloud.calls('scanRequest').length;
    const first = (await (await send(body, { 'idempotency-key': 'press-1' })).json()) as ScanRequest;
    const second = (await (await send(body, { 'idempotency-key': 'press-1' })).json()) as ScanRequest;
    expect(second).toEqual(first);
    expect(cloud.calls('scanRequest')).toHaveLength(before + 1);
    expect(await code(await send(draft(), { 'idempotency-key': 'press-1' }))).toEqual([422, 'idempotency_mismatch']);
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
    const before = cloud.calls('scanRequest').length;
    const answer = await send(draft(change));
    const problem = (await answer.json()) as { code: string; errors: { path: string }[] };
    expect([answer.status, problem.code]).toEqual([400, 'invalid_request']);
    expect(problem.errors.map((error) => error.path)).toEqual(paths);
    expect(cloud.calls('scanRequest')).toHaveLength(before);
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
    fault(spec);
    const before = cloud.calls('scanRequest').length;
    const answer = await send(body, { 'idempotency-key': body.patient.chartNumber });
    expect(answer.status).toBe(202);
    const request = (await answer.json()) as ScanRequest;
    expect(request).toMatchObject({ state: 'unconfirmed', rxId: null, problem: 'request_unconfirmed' });
    expect((await eventsOf(request.id)).map((event) => event.type)).toEqual(['scan_request.unconfirmed']);
    const again = await send(body, { 'idempotency-key': body.patient.chartNumber });
    expect(await again.json()).toEqual(request);
    await cloud.clock.advance(300_000);
    expect(cloud.calls('scanRequest')).toHaveLength(before + 1);
  });

  it('that gets no answer in time is unconfirmed', async () => {
    fault({ kind: 'slow', ms: 3_600_000 });
    const pending = send(draft());
    await expect.poll(() => cloud.calls('scanRequest').at(-1)?.at).toBe(cloud.clock.now());
    await cloud.clock.advance(31_000);
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
    ['404', { kind: 'status', status: 404 }, 404, 'not_found'],
  ] as const)('that is clearly refused by %s is stored as refused', async (_name, spec, status, problem) => {
    const body = draft();
    fault(spec);
    expect(await code(await send(body))).toEqual([status, problem]);
    expect(await rowsOf(body.patient.chartNumber)).toMatchObject([{ state: 'refused', problem, rx_id: null }]);
    // A clear no may be corrected and sent again.
    expect((await send(body)).status).toBe(201);
  });

  it('that is refused says which fields, never upstream’s words', async () => {
    fault({
      kind: 'status',
      status: 422,
      error: 'invalid_request',
      message: 'Canary says no',
      fields: { notes: 'Canary' },
    });
    const text = await (await send(draft())).text();
    expect(JSON.parse(text)).toMatchObject({ code: 'upstream_refused', errors: [{ path: 'notes' }] });
    expect(text).not.toContain('Canary');
  });

  it('whose token just died is sent once, with a fresh one', async () => {
    cloud.perform({ do: 'expire-tokens', companyId: 1017 });
    expect((await send(draft())).status).toBe(201);
  });

  it('of a clinic that is not connected is told so', async () => {
    const { session_token } = await bff.mint('namesake');
    expect(await code(await send(draft(), {}, session_token))).toEqual([409, 'unpaired']);
  });
});

describe('a patient-bound session', () => {
  const bound = { chartNumber: 'B-1', firstName: 'Bo', lastName: 'Bjørk' };
  const mint = async (): Promise<string> => (await bff.mint('riverside', { patient: bound })).session_token;

  it('sends for its patient', async () => {
    expect((await send(draft({ patient: bound }), {}, await mint())).status).toBe(201);
  });

  it.each([
    ['another chart', { ...bound, chartNumber: 'B-2' }],
    ['the chart in another spelling', { ...bound, chartNumber: 'b-1' }],
    ['the chart with a space', { ...bound, chartNumber: 'B-1 ' }],
    ['another first name', { ...bound, firstName: 'Boo' }],
    ['a name without its accent', { ...bound, lastName: 'Bjork' }],
  ])('does not send for %s', async (_name, other) => {
    expect(await code(await send(draft({ patient: other }), {}, await mint()))).toEqual([403, 'wrong_patient']);
  });

  it('sees and cancels the requests of its chart alone', async () => {
    const other = await sent(draft());
    const session = await mint();
    const list = (await (await bff.call(session, 'POST', '/v1/scan-requests/search', {})).json()) as ScanRequestList;
    expect(new Set(list.items.map((item) => item.patient.chartNumber))).toEqual(new Set(['B-1']));
    expect(
      await code(
        await bff.call(session, 'POST', '/v1/scan-requests/search', { chartNumber: other.patient.chartNumber }),
      ),
    ).toEqual([403, 'wrong_patient']);
    expect(await code(await bff.call(session, 'DELETE', `/v1/scan-requests/${other.id}`))).toEqual([404, 'not_found']);
  });

  it('is told by the guard of its own chart alone', async () => {
    const twin = { firstName: bound.firstName, lastName: bound.lastName, chartNumber: 'B-9' };
    await sent(draft({ patient: twin }));
    const session = await mint();
    const check = (await (
      await bff.call(session, 'POST', '/v1/scan-requests/check', { patient: bound })
    ).json()) as PatientCheck;
    expect(check).toMatchObject({ verdict: 'same', otherCharts: [] });
    expect(await code(await bff.call(session, 'POST', '/v1/scan-requests/check', { patient: twin }))).toEqual([
      403,
      'wrong_patient',
    ]);
  });
});

describe('the patient guard', () => {
  const check = async (who: object): Promise<PatientCheck> =>
    (await bff.call(token, 'POST', '/v1/scan-requests/check', { patient: who })).json() as Promise<PatientCheck>;

  it('says no more than it knows', async () => {
    const known = patient();
    expect(await check(known)).toEqual({ verdict: 'unknown', known: null, otherCharts: [], openRequests: [] });
    const request = await sent(draft({ patient: known }));
    expect(await check(known)).toMatchObject({
      verdict: 'same',
      known,
      openRequests: [{ id: request.id, state: 'sent' }],
    });
    expect(await check({ ...known, firstName: 'Anna' })).toMatchObject({ verdict: 'different', known });
    expect(await check({ ...known, lastName: known.lastName.toUpperCase() })).toMatchObject({ verdict: 'different' });
    expect((await check({ ...known, chartNumber: 'elsewhere' })).otherCharts).toContain(known.chartNumber);
  });

  it('knows nothing of another clinic', async () => {
    const known = patient();
    await sent(draft({ patient: known }));
    const { session_token } = await bff.mint('lakeview');
    const answer = await bff.call(session_token, 'POST', '/v1/scan-requests/check', { patient: known });
    expect(await answer.json()).toMatchObject({ verdict: 'unknown', otherCharts: [] });
  });

  it('does not count a refused request as a patient that Align has', async () => {
    const nobody = patient();
    fault({ kind: 'status', status: 422, error: 'invalid_request' });
    await send(draft({ patient: nobody }));
    expect(await check(nobody)).toMatchObject({ verdict: 'unknown', openRequests: [] });
  });
});

describe('cancelling', () => {
  const cancel = (id: string): Promise<Response> => bff.call(token, 'DELETE', `/v1/scan-requests/${id}`);

  it('takes the RX off the scanner, says so as an event, and may be asked again', async () => {
    const { id, rxId } = await sent(draft());
    const answer = await cancel(id);
    expect([answer.status, ((await answer.json()) as ScanRequest).state]).toEqual([200, 'cancelled']);
    expect(cloud.state.rxs.has(String(rxId).toLowerCase())).toBe(false);
    expect((await cancel(id)).status).toBe(200);
    expect((await eventsOf(id)).map((event) => event.type)).toEqual(['scan_request.sent', 'scan_request.cancelled']);
  });

  it('counts as done when upstream does not know the RX any more', async () => {
    const { id } = await sent(draft());
    fault({ kind: 'status', status: 404 }, 'deleteRx');
    expect((await cancel(id)).status).toBe(200);
  });

  it('is too late when scanning has begun', async () => {
    const { id, rxId } = await sent(draft());
    cloud.perform({ do: 'pick-up', rxId: String(rxId) });
    expect(await code(await cancel(id))).toEqual([409, 'scanning_has_begun']);
    const list = (await (
      await bff.call(token, 'POST', '/v1/scan-requests/search', { open: true })
    ).json()) as ScanRequestList;
    expect(list.items.map((item) => item.id)).toContain(id);
  });

  it('leaves the request open when upstream is away', async () => {
    const { id } = await sent(draft());
    fault({ kind: 'status', status: 503 }, 'deleteRx');
    expect(await code(await cancel(id))).toEqual([503, 'upstream_unavailable']);
    expect((await cancel(id)).status).toBe(200);
  });

  it('of an unconfirmed request is told to look at the scanner', async () => {
    fault({ kind: 'reset' });
    const { id } = await sent(draft());
    expect(await code(await cancel(id))).toEqual([409, 'request_unconfirmed']);
  });

  it.each(['rq_unknown', '%20', 'x'.repeat(300)])('of an unknown id "%s" is not found', async (id) => {
    expect(await code(await cancel(id))).toEqual([404, 'not_found']);
  });
});

describe('the list', () => {
  const search = (body: object): Promise<Response> => bff.call(token, 'POST', '/v1/scan-requests/search', body);

  it('pages newest first without a hole or a double', async () => {
    for (let count = 0; count < 5; count += 1) await sent(draft());
    const all = ((await (await search({ limit: 200 })).json()) as ScanRequestList).items.map((item) => item.id);
    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const page = (await (
        await search({ limit: 2, ...(cursor === null ? {} : { cursor }) })
      ).json()) as ScanRequestList;
      paged.push(...page.items.map((item) => item.id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(paged).toEqual(all);
    expect(new Set(all).size).toBe(all.length);
  });

  it.each(['x', Buffer.from('[1]').toString('base64url'), Buffer.from('{"a":1}').toString('base64url')])(
    'refuses the cursor "%s"',
    async (cursor) => {
      expect(await code(await search({ cursor }))).toEqual([400, 'invalid_cursor']);
    },
  );
});

describe('correcting a name', () => {
  it('goes to Align and is audited without the name', async () => {
    const known = patient();
    await sent(draft({ patient: known }));
    const correction = { ...known, newFirstName: 'Anna', newLastName: 'Canary' };
    expect((await bff.call(token, 'PATCH', '/v1/patients', correction)).status).toBe(204);
    expect(JSON.stringify([...cloud.state.patients.values()])).toContain('Canary');
    const rows = await bff.bff.store.db
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'patient.corrected')
      .execute();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toMatch(/Canary|O'Neil/);
  });

  it('of a patient that Align does not have is not found', async () => {
    const nobody = { ...patient(), newFirstName: 'A', newLastName: 'B' };
    expect(await code(await bff.call(token, 'PATCH', '/v1/patients', nobody))).toEqual([404, 'not_found']);
  });

  it('in a patient-bound session only towards its patient’s name', async () => {
    const patientOf = { chartNumber: 'N-1', firstName: 'New', lastName: 'Name' };
    const { session_token } = await bff.mint('riverside', { patient: patientOf });
    const correction = {
      chartNumber: 'N-1',
      firstName: 'Old',
      lastName: 'Name',
      newFirstName: 'Other',
      newLastName: 'Name',
    };
    expect(await code(await bff.call(session_token, 'PATCH', '/v1/patients', correction))).toEqual([
      403,
      'wrong_patient',
    ]);
  });
});

describe('a crash in mid-call', () => {
  it('leaves the request unconfirmed: told once, never sent again, also not under its key', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'itero-crash-'));
    const store = `sqlite:${join(folder, 'itero.db')}`;
    const first = await startBff({ cloud, store });
    await first.pair('namesake');
    const before = cloud.calls('scanRequest').length;
    fault({ kind: 'slow', ms: 3_600_000 });
    const body = draft();
    const { session_token } = await first.mint('namesake');
    const key = { 'idempotency-key': 'cut-off' };
    const cut = first.call(session_token, 'POST', '/v1/scan-requests', body, key).then((answer) => answer.status);
    await expect.poll(() => cloud.calls('scanRequest').length).toBe(before + 1);

    // As after a SIGKILL: another process on what the first one left on disk.
    const second = await startBff({ cloud, store });
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
    expect(cloud.calls('scanRequest')).toHaveLength(before + 1);

    await cloud.clock.advance(31_000);
    expect(await cut).toBe(202);
    await Promise.all([first.stop(), second.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });
});
