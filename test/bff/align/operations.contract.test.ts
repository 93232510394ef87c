import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AlignFault, type AlignPort } from '../../../bff/align/index.ts';
import type { FaultSpec, FaultPoint } from '../../../demo/align-cloud/index.ts';
import { settle } from '../support/fixtures.ts';
import { CALLBACK_URL, startUpstream, type Upstream } from './upstream.ts';

let upstream: Upstream;
let align: AlignPort;
let token: string;
beforeAll(async () => {
  upstream = await startUpstream();
  ({ align } = upstream);
  token = (await upstream.pair()).accessToken;
});
afterAll(() => upstream.close());
afterEach(() => upstream.cloud.faults.clear());

const draft = {
  patient: { firstName: 'Zoë', lastName: "O'Brien", chartNumber: 'C 7', dateOfBirth: '1980-02-29' },
  doctorId: '2001',
  scannerSerialNumber: 'RC2021W0417',
  procedureId: '4',
  procedureTypeId: '402',
  teeth: [{ adaId: 14, restorationType: 'Crown', materialId: '1', shade: 'A2' }],
  dueDate: '2026-12-01',
  notes: 'urgent',
};

async function scanOne(): Promise<{ rxId: string; orderId: string }> {
  const { rxId } = await align.sendScanRequest(token, draft);
  const done = upstream.cloud.perform({ do: 'scan', rxId });
  await done.finished;
  return { rxId, orderId: String(done.orderId) };
}

describe('operations', () => {
  it('lists the accounts of the person, those that are not configured too', async () => {
    const { accessToken } = await upstream.signIn('adams@riverside.example');
    const accounts = await align.accounts(accessToken);
    expect(accounts).toContainEqual({
      id: '1017',
      name: 'Riverside Dental',
      city: 'Portland',
      country: 'US',
      configured: true,
    });
    expect(accounts.find((account) => account.id === '1058')?.configured).toBe(false);
  });

  it('asks Discovery before each account list, and then not again for other calls', async () => {
    const { accessToken } = await upstream.signIn('adams@riverside.example');
    const before = upstream.cloud.calls('discovery').length;
    await align.accounts(accessToken);
    await align.accounts(accessToken);
    await align.practice(token);
    expect(upstream.cloud.calls('discovery')).toHaveLength(before + 2);
  });

  it('gets the same tokens when an account is paired again', async () => {
    const first = await upstream.pair('lopez@lakeview.example', '1042');
    const { accessToken } = await upstream.signIn('lopez@lakeview.example');
    const again = await align.pair(accessToken, { accountId: '1042', callbackUrl: CALLBACK_URL });
    expect(again.refreshToken).toBe(first.refreshToken);
    expect(upstream.cloud.state.accounts.get(1042)?.callbackUrl).toBe(CALLBACK_URL);
    await align.unpair(again.accessToken, '1042');
    await expect(align.practice(again.accessToken)).rejects.toMatchObject({ kind: 'not_paired' });
  });

  it('reads the practice: only what may be chosen is selectable', async () => {
    const practice = await align.practice(token);
    expect(practice.account).toEqual({ id: '1017', name: 'Riverside Dental' });
    expect(practice.doctors[0]).toEqual({ id: '2001', name: 'Alice Adams', type: 'Dentist', selectable: true });
    expect(practice.scanners.map(({ model, supported }) => [model, supported])).toEqual([
      ['Element 5D', true],
      ['Lumina', true],
      ['iTero HD2.9', false],
    ]);
    expect(practice.procedures.find(({ id }) => id === '4')?.types).toContainEqual({
      id: '402',
      name: 'Lab Restoration',
      needsTeeth: true,
    });
    expect(practice.materials).toContainEqual({ id: '1', name: 'Zirconia: Monolithic' });
    expect(practice.restorationTypes).toContain('Crown');
  });

  it('sends a scan request as it was drafted, and finds it again as RX and as order', async () => {
    const { rxId, orderId } = await scanOne();
    const order = await align.orderByRxId(token, rxId);
    expect(order).toMatchObject({
      orderId,
      rxId,
      accountId: '1017',
      status: 'Completed',
      phase: 'scanned',
      patient: { firstName: 'Zoë', lastName: "O'Brien", chartNumber: 'C 7' },
      doctor: 'Alice Adams',
      procedure: 'Fixed Restorative',
      scanner: 'RC2021W0417',
    });
    expect(order.assets.map(({ name }) => name).sort()).toEqual(['captures', 'gallery', 'ide']);
    const rx = await align.fullRx(token, rxId);
    expect(rx.teeth).toEqual([{ adaId: 14, restoration: 'Crown', material: 'Zirconia: Monolithic', shade: 'A2' }]);
    expect(rx.notes).toBe('urgent');
    expect(rx.rows).toContainEqual({ label: 'Type', value: 'Lab Restoration' });
  });

  it('lists orders by page, by date and by chart number', async () => {
    const { orderId } = await scanOne();
    const from = upstream.cloud.clock.now() - 60_000;
    const page = await align.orders(token, { from, chartNumber: 'C 7', page: 1, pageSize: 1 });
    expect(page.pageSize).toBe(1);
    expect(page.total).toBeGreaterThan(1);
    const all = await align.orders(token, { from, page: 1, pageSize: 100 });
    expect(all.orders.map((order) => order.orderId)).toContain(orderId);
    const none = await align.orders(token, { from, chartNumber: 'c 7', page: 1, pageSize: 100 });
    expect(none.orders).toEqual([]);
    expect((await align.orders(token, { to: 0, page: 1, pageSize: 100 })).total).toBe(0);
  });

  it('deletes an RX once, and not after scanning has begun', async () => {
    const { rxId } = await align.sendScanRequest(token, draft);
    await align.deleteScanRequest(token, rxId);
    await expect(align.deleteScanRequest(token, rxId)).rejects.toMatchObject({ kind: 'not_found' });
    const scanned = await scanOne();
    await expect(align.deleteScanRequest(token, scanned.rxId)).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('corrects a name', async () => {
    await scanOne();
    const { firstName, lastName, chartNumber } = draft.patient;
    await align.correctPatient(token, { firstName, lastName, chartNumber, newFirstName: 'Zoe', newLastName: 'OBrien' });
    const { orders } = await align.orders(token, { chartNumber, page: 1, pageSize: 100 });
    expect(orders.at(-1)?.patient.firstName).toBe('Zoe');
    await align.correctPatient(token, {
      firstName: 'Zoe',
      lastName: 'OBrien',
      chartNumber,
      newFirstName: firstName,
      newLastName: lastName,
    });
  });

  it('does not let an RX id out of a notification choose another operation', async () => {
    const before = upstream.cloud.calls().length;
    await expect(align.orderByRxId(token, '..')).rejects.toMatchObject({ kind: 'not_found' });
    expect(upstream.cloud.calls()).toHaveLength(before);
    await expect(align.orderByRxId(token, '../../orders?x=')).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('follows Discovery to another region’s paths', async () => {
    upstream.cloud.perform({ do: 'region', region: 'eu-central-1' });
    await expect(align.practice(token)).rejects.toMatchObject({ kind: 'not_found' });
    const { accessToken } = await upstream.signIn('adams@riverside.example');
    await align.accounts(accessToken);
    const { rxId } = await align.sendScanRequest(token, draft);
    await align.deleteScanRequest(token, rxId);
    expect((await align.practice(token)).account.id).toBe('1017');
    upstream.cloud.perform({ do: 'region', region: 'us-east-1' });
    await align.accounts(accessToken);
  });

  it('refuses what upstream refuses, naming the fields and nothing else', async () => {
    const fault = await faultOf(align.sendScanRequest(token, { ...draft, doctorId: '9', procedureTypeId: '77' }));
    expect([fault.kind, fault.maybeApplied]).toEqual(['invalid_request', false]);
    expect([...fault.fields].sort()).toEqual(['doctorId', 'procedureTypeId']);
  });

  it.each(['young', 'lab', 'both'])('tells that %s may not use the integration', async (who) => {
    const host = who === 'young' ? 'riverside' : 'cascade';
    const { accessToken } = await upstream.signIn(`${who}@${host}.example`);
    await expect(align.accounts(accessToken)).rejects.toMatchObject({ kind: 'user_not_allowed' });
  });
});

async function faultOf(work: Promise<unknown>): Promise<AlignFault> {
  const met = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(met instanceof AlignFault)) throw new Error(`no fault: ${String(met)}`);
  return met;
}

/** Every operation, with whether it changes something upstream and a property its answer cannot do without. */
const OPERATIONS: Record<string, { on: FaultPoint; write: boolean; needs: string | null; run(): Promise<unknown> }> = {
  accounts: { on: 'getAvailableCompanies', write: false, needs: 'companyName', run: () => align.accounts(token) },
  pair: {
    on: 'pair',
    write: true,
    needs: 'refresh_token',
    run: () => align.pair(token, { accountId: '1017', callbackUrl: CALLBACK_URL }),
  },
  unpair: { on: 'unpair', write: true, needs: null, run: () => align.unpair(token, '1017') },
  practice: { on: 'getPracticeConfiguration', write: false, needs: 'procedures', run: () => align.practice(token) },
  sendScanRequest: {
    on: 'scanRequest',
    write: true,
    needs: 'rxId',
    run: () => align.sendScanRequest(token, draft),
  },
  deleteScanRequest: { on: 'deleteRx', write: true, needs: null, run: () => align.deleteScanRequest(token, 'x') },
  orders: {
    on: 'getOrders',
    write: false,
    needs: 'total',
    run: () => align.orders(token, { page: 1, pageSize: 10 }),
  },
  orderByRxId: { on: 'getOrderByRxId', write: false, needs: 'orderId', run: () => align.orderByRxId(token, known) },
  fullRx: { on: 'getFullRx', write: false, needs: 'rxId', run: () => align.fullRx(token, known) },
  correctPatient: {
    on: 'updatePatient',
    write: true,
    needs: null,
    run: () =>
      align.correctPatient(token, {
        chartNumber: 'C 7',
        firstName: 'a',
        lastName: 'b',
        newFirstName: 'c',
        newLastName: 'd',
      }),
  },
};
let known = '';

interface Expected {
  readonly kind: AlignFault['kind'];
  /** For writes: may it have been done? */
  readonly maybe: boolean;
}

const FAULTS: [name: string, fault: Omit<FaultSpec, 'on'>, expected: Expected][] = [
  ['401', { kind: 'status', status: 401 }, { kind: 'unauthorized', maybe: false }],
  ['401 not paired', { kind: 'status', status: 401, error: 'not_paired' }, { kind: 'not_paired', maybe: false }],
  ['403 not paired', { kind: 'status', status: 403, error: 'not_paired' }, { kind: 'not_paired', maybe: false }],
  ['403 user', { kind: 'status', status: 403 }, { kind: 'user_not_allowed', maybe: false }],
  ['404', { kind: 'status', status: 404 }, { kind: 'not_found', maybe: false }],
  ['409', { kind: 'status', status: 409 }, { kind: 'conflict', maybe: false }],
  ['422', { kind: 'status', status: 422, fields: { notes: 'x' } }, { kind: 'invalid_request', maybe: false }],
  ['429', { kind: 'status', status: 429, retryAfter: 12 }, { kind: 'rate_limited', maybe: false }],
  ['500', { kind: 'status', status: 500 }, { kind: 'unavailable', maybe: true }],
  ['503', { kind: 'status', status: 503, retryAfter: 3 }, { kind: 'unavailable', maybe: true }],
  ['reset', { kind: 'reset' }, { kind: 'unavailable', maybe: true }],
];

describe.each(Object.entries(OPERATIONS))('%s', (name, operation) => {
  beforeAll(async () => {
    // The operation before may have un-paired.
    token = (await upstream.pair()).accessToken;
    known = (await scanOne()).rxId;
  });

  it.each(FAULTS)('decides what %s means', async (_, fault, expected) => {
    upstream.cloud.faults.add({ on: operation.on, ...fault });
    const met = await faultOf(operation.run());
    expect([met.kind, met.operation]).toEqual([expected.kind, name]);
    expect(met.maybeApplied).toBe(expected.maybe && operation.write);
    if (fault.retryAfter !== undefined) expect(met.retryAfterMs).toBe(fault.retryAfter * 1000);
    expect(met.fields).toEqual(fault.fields === undefined ? [] : ['notes']);
  });

  it('gives a silent upstream up after the configured time', async () => {
    upstream.cloud.faults.add({ on: operation.on, kind: 'slow', ms: 3_600_000 });
    const before = upstream.cloud.calls(operation.on).length;
    const work = faultOf(operation.run());
    await upstream.arrived(operation.on, before + 1);
    await upstream.clock.advance(30_000);
    const met = await work;
    expect([met.kind, met.maybeApplied]).toEqual(['timeout', operation.write]);
  });

  it('takes half a body for a broken connection', async () => {
    upstream.cloud.faults.add({ on: operation.on, kind: 'half-body' });
    const met = await faultOf(operation.run());
    expect([met.kind, met.maybeApplied]).toEqual(['unavailable', operation.write]);
  });

  const { needs } = operation;
  if (needs !== null) {
    it(`names ${needs} when the answer lacks it`, async () => {
      upstream.cloud.faults.add({ on: operation.on, kind: 'wrong-shape', without: [needs] });
      const met = await faultOf(operation.run());
      expect([met.kind, met.maybeApplied]).toEqual(['wrong_shape', operation.write]);
      expect(met.property).toContain(needs);
    });

    it('takes a page of somebody else’s for no answer', async () => {
      upstream.cloud.faults.add({ on: operation.on, kind: 'wrong-shape', body: '<h1>Maintenance</h1>' });
      const met = await faultOf(operation.run());
      expect([met.kind, met.property, met.maybeApplied]).toEqual(['wrong_shape', 'body', operation.write]);
    });
  }
});

it('tells a refused connection as never sent', async () => {
  const gone = await startUpstream();
  const { accessToken } = await gone.pair();
  await gone.close();
  // Lets the pool see that its connections are closed: on one that breaks under a request nobody can know.
  await settle();
  const met = await faultOf(gone.align.sendScanRequest(accessToken, draft));
  expect([met.kind, met.maybeApplied]).toEqual(['unavailable', false]);
});
