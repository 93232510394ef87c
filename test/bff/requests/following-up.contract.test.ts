import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PatientCheck, ScanRequest, ScanRequestList } from '../../../shared/scan-request.ts';
import { code, draft, openDesk, patient, type Desk } from './desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());
beforeEach(() => desk.fresh());

describe('a patient-bound session', () => {
  const bound = { chartNumber: 'B-1', firstName: 'Bo', lastName: 'Bjørk' };
  const mint = async (): Promise<string> => (await desk.bff.mint('riverside', { patient: bound })).session_token;

  it('sends for its patient', async () => {
    expect((await desk.send(draft({ patient: bound }), {}, await mint())).status).toBe(201);
  });

  it.each([
    ['another chart', { ...bound, chartNumber: 'B-2' }],
    ['the chart in another spelling', { ...bound, chartNumber: 'b-1' }],
    ['the chart with a space', { ...bound, chartNumber: 'B-1 ' }],
    ['another first name', { ...bound, firstName: 'Boo' }],
    ['a name without its accent', { ...bound, lastName: 'Bjork' }],
  ])('does not send for %s', async (_name, other) => {
    expect(await code(await desk.send(draft({ patient: other }), {}, await mint()))).toEqual([403, 'wrong_patient']);
  });

  it('sees and cancels the requests of its chart alone', async () => {
    const other = await desk.sent(draft());
    const session = await mint();
    const list = (await (
      await desk.bff.call(session, 'POST', '/v1/scan-requests/search', {})
    ).json()) as ScanRequestList;
    expect(new Set(list.items.map((item) => item.patient.chartNumber))).toEqual(new Set(['B-1']));
    expect(
      await code(
        await desk.bff.call(session, 'POST', '/v1/scan-requests/search', { chartNumber: other.patient.chartNumber }),
      ),
    ).toEqual([403, 'wrong_patient']);
    expect(await code(await desk.bff.call(session, 'DELETE', `/v1/scan-requests/${other.id}`))).toEqual([
      404,
      'not_found',
    ]);
  });

  it('is told by the guard of its own chart alone', async () => {
    const twin = { firstName: bound.firstName, lastName: bound.lastName, chartNumber: 'B-9' };
    await desk.sent(draft({ patient: twin }));
    const session = await mint();
    const check = (await (
      await desk.bff.call(session, 'POST', '/v1/scan-requests/check', { patient: bound })
    ).json()) as PatientCheck;
    expect(check).toMatchObject({ verdict: 'same', otherCharts: [] });
    expect(await code(await desk.bff.call(session, 'POST', '/v1/scan-requests/check', { patient: twin }))).toEqual([
      403,
      'wrong_patient',
    ]);
  });
});

describe('the patient guard', () => {
  const check = async (who: object): Promise<PatientCheck> => (await desk.check(who)).json() as Promise<PatientCheck>;

  it('says no more than it knows', async () => {
    const known = patient();
    expect(await check(known)).toEqual({ verdict: 'unknown', known: null, otherCharts: [], openRequests: [] });
    const request = await desk.sent(draft({ patient: known }));
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
    await desk.sent(draft({ patient: known }));
    const { session_token } = await desk.bff.mint('lakeview');
    const answer = await desk.bff.call(session_token, 'POST', '/v1/scan-requests/check', { patient: known });
    expect(await answer.json()).toMatchObject({ verdict: 'unknown', otherCharts: [] });
  });

  it('does not count a refused request as a patient that Align has', async () => {
    const nobody = patient();
    desk.fault({ kind: 'status', status: 422, error: 'invalid_request' });
    await desk.send(draft({ patient: nobody }));
    expect(await check(nobody)).toMatchObject({ verdict: 'unknown', openRequests: [] });
  });
});

describe('cancelling', () => {
  const cancel = (id: string): Promise<Response> => desk.cancel(id);

  it('takes the RX off the scanner, says so as an event, and may be asked again', async () => {
    const { id, rxId } = await desk.sent(draft());
    const answer = await cancel(id);
    expect([answer.status, ((await answer.json()) as ScanRequest).state]).toEqual([200, 'cancelled']);
    expect(desk.cloud.state.rxs.has(String(rxId).toLowerCase())).toBe(false);
    expect((await cancel(id)).status).toBe(200);
    expect((await desk.eventsOf(id)).map((event) => event.type)).toEqual([
      'scan_request.sent',
      'scan_request.cancelled',
    ]);
  });

  it('counts as done when upstream does not know the RX any more', async () => {
    const { id } = await desk.sent(draft());
    desk.fault({ kind: 'status', status: 404 }, 'deleteRx');
    expect((await cancel(id)).status).toBe(200);
  });

  it('is too late when scanning has begun', async () => {
    const { id, rxId } = await desk.sent(draft());
    desk.cloud.perform({ do: 'pick-up', rxId: String(rxId) });
    expect(await code(await cancel(id))).toEqual([409, 'scanning_has_begun']);
    const list = (await (
      await desk.call('POST', '/v1/scan-requests/search', { open: true })
    ).json()) as ScanRequestList;
    expect(list.items.map((item) => item.id)).toContain(id);
  });

  it('leaves the request open when upstream is away', async () => {
    const { id } = await desk.sent(draft());
    desk.fault({ kind: 'status', status: 503 }, 'deleteRx');
    expect(await code(await cancel(id))).toEqual([503, 'upstream_unavailable']);
    expect((await cancel(id)).status).toBe(200);
  });

  it('of an unconfirmed request is told to look at the scanner', async () => {
    desk.fault({ kind: 'reset' });
    const { id } = await desk.sent(draft());
    expect(await code(await cancel(id))).toEqual([409, 'request_unconfirmed']);
  });

  it.each(['rq_unknown', '%20', 'x'.repeat(300)])('of an unknown id "%s" is not found', async (id) => {
    expect(await code(await cancel(id))).toEqual([404, 'not_found']);
  });
});

describe('the list', () => {
  const search = (body: object): Promise<Response> => desk.search(body);

  it('pages newest first without a hole or a double', async () => {
    for (let count = 0; count < 5; count += 1) await desk.sent(draft());
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
    await desk.sent(draft({ patient: known }));
    const correction = { ...known, newFirstName: 'Anna', newLastName: 'Canary' };
    expect((await desk.call('PATCH', '/v1/patients', correction)).status).toBe(204);
    expect(JSON.stringify([...desk.cloud.state.patients.values()])).toContain('Canary');
    const rows = await desk.store.db
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'patient.corrected')
      .execute();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toMatch(/Canary|O'Neil/);
  });

  it('of a patient that Align does not have is not found', async () => {
    const nobody = { ...patient(), newFirstName: 'A', newLastName: 'B' };
    expect(await code(await desk.call('PATCH', '/v1/patients', nobody))).toEqual([404, 'not_found']);
  });

  it('in a patient-bound session only towards its patient’s name', async () => {
    const patientOf = { chartNumber: 'N-1', firstName: 'New', lastName: 'Name' };
    const { session_token } = await desk.bff.mint('riverside', { patient: patientOf });
    const correction = {
      chartNumber: 'N-1',
      firstName: 'Old',
      lastName: 'Name',
      newFirstName: 'Other',
      newLastName: 'Name',
    };
    expect(await code(await desk.bff.call(session_token, 'PATCH', '/v1/patients', correction))).toEqual([
      403,
      'wrong_patient',
    ]);
  });
});
