import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADAMS, LOPEZ, PASSWORD, orderOf, pairAs, read, sendRx, startAlign } from './support/practice-system.ts';
import type { Answer, Json, Simulated } from './support/practice-system.ts';
import type { AlignCloud } from '../../demo/align-cloud/index.ts';

let simulated: Simulated;
let align: AlignCloud;
beforeAll(async () => {
  simulated = await startAlign();
  align = simulated.align;
});
afterAll(() => align.close());

const login = (user: string, password = PASSWORD): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

async function post(path: string, body: unknown, authorization = login(ADAMS)): Promise<Answer> {
  return read(
    await fetch(`${align.url}/api/v1/order/${path}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );
}

const BODY = {
  companyId: 1017,
  scannerSerialNumber: 'RC2021W0417',
  procedureMapId: 401,
  patient: { firstName: 'Tilda', lastName: 'Fox', chartNumber: 'T-1' },
};

test('lists its presets to everybody', async () => {
  const presets = (await (await fetch(`${align.url}/api/v1/presets/availableprocedure-maps`)).json()) as Json[];
  expect(presets).toContainEqual({
    procedureMapId: 401,
    procedureId: 4,
    procedure: 'Fixed Restorative',
    procedureTypeId: 401,
    procedureType: 'Chair Side Milling',
  });
});

test.each(['create-new-order', 'create-neworder'])('%s makes a scan without a scanner', async (spelling) => {
  const answer = await post(spelling, { ...BODY, anythingElse: true });
  expect(answer.status).toBe(200);
  await align.settled();
  const order = await orderOf(align, await pairAs(align, ADAMS, 1017), answer.body['rxId'] as string);
  expect(order).toMatchObject({
    orderId: answer.body['orderId'],
    patient: BODY.patient,
    procedure: 'Fixed Restorative',
    scannerSerialNumber: 'RC2021W0417',
  });
});

describe('create-neworder-by-rx', () => {
  const byRx = (rxId: string, change: Json = {}) =>
    post('create-neworder-by-rx', { companyId: 1017, scannerSerialNumber: 'RC2021W0417', rxId, ...change });

  test('scans an RX that was sent, once', async () => {
    const token = await pairAs(align, ADAMS, 1017);
    const rxId = await sendRx(align, token);
    const answer = await byRx(rxId);
    expect(answer).toMatchObject({ status: 200, body: { rxId } });
    await align.settled();
    expect((await orderOf(align, token, rxId)).status).toBe('Completed');
    expect((await byRx(rxId)).status).toBe(400);
  });

  test('refuses an RX it does not know', async () => {
    expect((await byRx('00000000-0000-4000-8000-000000000000')).status).toBe(400);
    expect((await byRx('')).status).toBe(400);
  });
});

test.each<[string, unknown]>([
  ['no company', { ...BODY, companyId: undefined }],
  ['a company as text', { ...BODY, companyId: '1017' }],
  ['an unknown scanner', { ...BODY, scannerSerialNumber: 'X' }],
  ['an unknown procedure', { ...BODY, procedureMapId: 1 }],
  ['no patient', { ...BODY, patient: undefined }],
  ['a patient that is text', { ...BODY, patient: 'Tilda Fox' }],
  ['a nameless patient', { ...BODY, patient: { firstName: '', lastName: 'Fox' } }],
  ['a list', [BODY]],
])('answers 400 to %s', async (_, body) => {
  expect((await post('create-new-order', body)).status).toBe(400);
});

test.each([
  ['nobody', ''],
  ['a wrong password', login(ADAMS, 'wrong')],
  ['a password with letters of other alphabets', login(ADAMS, 'пароль')],
  ['a lab person', login('lab@cascade.example')],
  ['a doctor of another clinic', login(LOPEZ)],
  ['a bearer token', 'Bearer abc'],
])('answers 401 to %s', async (_, authorization) => {
  expect((await post('create-new-order', BODY, authorization)).status).toBe(401);
});

test('answers 500 when a fault wants it', async () => {
  align.faults.add({ on: 'scanningTool', kind: 'status', status: 500 });
  expect((await post('create-new-order', BODY)).status).toBe(500);
});
