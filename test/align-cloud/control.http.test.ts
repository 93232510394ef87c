import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ADAMS, call, orderOf, pairAs, read, sendRx, startAlign } from './support/practice-system.ts';
import type { Answer, Json, Simulated } from './support/practice-system.ts';
import type { AlignCloud } from '../../demo/align-cloud/index.ts';
import { shippedScenarios } from '../../demo/align-cloud/scenario.ts';

let simulated: Simulated;
let align: AlignCloud;
let token: string;
beforeAll(async () => {
  simulated = await startAlign();
  align = simulated.align;
});
afterAll(() => align.close());
beforeEach(async () => {
  align.reset();
  token = await pairAs(align, ADAMS, 1017);
});

async function control(method: string, path: string, body?: unknown): Promise<Answer> {
  return read(
    await fetch(`${align.url}/control${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
}
const state = async (): Promise<Record<string, Json[]>> =>
  (await control('GET', '/state')).body as Record<string, Json[]>;

test('a case from pick-up to export settings, by HTTP alone', async () => {
  const rxId = await sendRx(align, token);
  expect((await control('POST', `/rx/${rxId}/pick-up`)).status).toBe(200);
  expect((await state())['rxs']?.[0]).toMatchObject({ rxId, state: 'scanning' });
  const scanned = await control('POST', `/rx/${rxId}/scan?wait=true`, {
    captures: false,
    identity: { lastName: 'Nor' },
  });
  expect(scanned.status).toBe(200);
  const orderId = scanned.body['orderId'] as number;
  expect((await orderOf(align, token, rxId)).patient['lastName']).toBe('Nor');
  expect((await control('POST', `/orders/${orderId}/move`, { event: 'sent-to-modeling' })).status).toBe(200);
  expect((await control('POST', `/orders/${orderId}/move?wait=true`, { event: 'modeling-completed' })).status).toBe(
    200,
  );
  const changed = await control('POST', `/orders/${orderId}/export-settings`, { format: 'ply' });
  expect(changed.body['seconds']).toBeGreaterThanOrEqual(40);
  expect((await control('POST', '/clock/advance', { seconds: 80 })).status).toBe(200);
  expect((await state())['orders']?.[0]).toMatchObject({
    orderId,
    status: 'Lab Review',
    assets: ['IMAGE_GALLERY', 'IDE'],
  });
  expect((await control('POST', '/accounts/1017/scan?wait=true', {})).status).toBe(200);
  expect((await state())['orders']).toHaveLength(2);
  expect((await control('POST', '/accounts/1017/unpair')).status).toBe(200);
  expect((await call(align, 'getOrders', { token })).body['error']).toBe('not_paired');
});

test('faults are set, listed and cleared', async () => {
  const made = await control('POST', '/faults', { on: 'getOrders', kind: 'status', status: 503, times: 'always' });
  expect(made.status).toBe(201);
  expect((await call(align, 'getOrders', { token })).status).toBe(503);
  const listed = (await control('GET', '/faults')).body['faults'] as Json[];
  expect(listed).toEqual([expect.objectContaining({ id: made.body['id'], struck: 1, left: 'always' })]);
  expect((await control('DELETE', `/faults/${made.body['id'] as string}`)).status).toBe(200);
  expect((await call(align, 'getOrders', { token })).status).toBe(200);
  await control('POST', '/faults', { on: 'scan', kind: 'mistyped' });
  await control('DELETE', '/faults');
  expect((await state())['faults']).toEqual([]);
});

test.each<[string, string, unknown, number]>([
  ['POST', '/faults', { on: 'nowhere', kind: 'status' }, 422],
  ['POST', '/faults', { on: 'getOrders', kind: 'drop' }, 422],
  ['POST', '/faults', { on: 'getOrders', kind: 'status', status: 'bad' }, 422],
  ['POST', '/faults', { on: 'getOrders', kind: 'status', probability: 2 }, 422],
  ['POST', '/faults', { on: 'getOrders', kind: 'status', colour: 'red' }, 422],
  ['POST', '/faults', [], 400],
  ['DELETE', '/faults/none', undefined, 404],
  ['PATCH', '/flags', { strict: 'yes' }, 422],
  ['PATCH', '/flags', { colour: 'red' }, 422],
  ['POST', '/rx/none/scan', {}, 404],
  ['POST', '/orders/1/move', { event: 'sent-to-modeling' }, 404],
  ['POST', '/orders/1/move', { event: 'eaten' }, 422],
  ['POST', '/orders/x/move', { event: 'sent-to-modeling' }, 422],
  ['POST', '/accounts/1/unpair', undefined, 404],
  ['POST', '/accounts/1017/scan', { procedureId: 99 }, 422],
  ['POST', '/accounts/1058/scan', {}, 422],
  ['POST', '/clock/advance', { seconds: -1 }, 422],
  ['POST', '/region', { region: 'moon' }, 422],
  ['POST', '/scenarios/none', undefined, 404],
  ['POST', '/scenarios', { name: 'x', steps: [{ atSeconds: 1, action: { do: 'dance' } }] }, 422],
  ['POST', '/actions', { do: 'constructor' }, 422],
  ['GET', '/nowhere', undefined, 404],
])('%s %s %j is answered %i with a sentence', async (method, path, body, status) => {
  const answer = await control(method, path, body);
  expect(answer.status).toBe(status);
  expect(answer.body['message']).toMatch(/\.$/);
});

test('a foreign page cannot write: a form’s content type is refused', async () => {
  const response = await fetch(`${align.url}/control/reset`, { method: 'POST', body: new URLSearchParams({ a: '1' }) });
  expect(response.status).toBe(415);
});

test('the state holds neither tokens nor passwords', async () => {
  const text = JSON.stringify(await state());
  for (const grant of align.state.grants.values()) {
    expect(text).not.toContain(grant.accessToken);
    expect(text).not.toContain(grant.refreshToken);
  }
  expect(text).not.toContain('smile');
});

test('reset brings back the beginning', async () => {
  await sendRx(align, token);
  await control('PATCH', '/flags', { strict: true });
  await control('POST', '/faults', { on: 'scan', kind: 'mistyped' });
  await control('POST', '/reset');
  expect(await state()).toMatchObject({ rxs: [], patients: [], faults: [], flags: { strict: false } });
  expect((await call(align, 'getOrders', { token })).status).toBe(401);
});

test('one more address to return to can be allowed', async () => {
  await control('POST', '/redirect-uris', { redirectUri: 'http://127.0.0.1:5000/back' });
  expect((await state())['redirectUris']).toContain('http://127.0.0.1:5000/back');
});

describe('scenarios', () => {
  const names = shippedScenarios().map(({ name }) => name);

  test('about ten are shipped, each with a title and a description', async () => {
    expect(names.length).toBeGreaterThanOrEqual(10);
    const listed = (await control('GET', '/scenarios')).body['scenarios'] as Json[];
    for (const scenario of listed) {
      expect((scenario['title'] as string).length).toBeGreaterThan(5);
      expect((scenario['description'] as string).length).toBeGreaterThan(20);
    }
  });

  test.each(names)('%s loads and does something', async (name) => {
    // Some go on from an RX that is open on the scanner.
    await sendRx(align, token);
    const before = await state();
    expect((await control('POST', `/scenarios/${name}`)).status).toBe(200);
    await control('POST', '/clock/advance', { seconds: 300 });
    const { clock: _was, ...then } = before;
    const { clock: _is, ...now } = await state();
    expect(now).not.toEqual(then);
  });

  test('busy-clinic walks a case through the whole flow', async () => {
    align.play('busy-clinic');
    const seen: unknown[] = [];
    for (let step = 0; step < 8; step += 1) {
      await control('POST', '/clock/advance', { seconds: 15 });
      seen.push((await state())['orders']?.[0]?.['status']);
    }
    expect(seen).toEqual([
      'iTero Modeling',
      'Lab Review',
      'Scanning',
      'Completed',
      'iTero Milling',
      'Lab Review',
      'Lab Review',
      'Lab Review',
    ]);
  });

  test('one’s own is taken as JSON', async () => {
    const answer = await control('POST', '/scenarios', {
      name: 'mine',
      flags: { maxPageSize: 2 },
      faults: [{ on: 'notification', kind: 'drop' }],
      steps: [{ atSeconds: 3, action: { do: 'scan-without-rx', companyId: 1042 } }],
    });
    expect(answer.status).toBe(200);
    await control('POST', '/clock/advance', { seconds: 3 });
    expect(await state()).toMatchObject({
      flags: { maxPageSize: 2 },
      orders: [{ companyId: 1042 }],
      notifications: [{ outcome: 'dropped' }],
    });
  });
});

describe('pages', () => {
  test('the root leads to the console', async () => {
    const response = await fetch(align.url, { redirect: 'manual' });
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('/console');
  });

  test.each(['/console', '/pages/console.js', '/pages/console.css', '/pages/simulator.css'])(
    '%s is there',
    async (path) => {
      const response = await fetch(align.url + path);
      expect(response.status).toBe(200);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    },
  );

  test.each(['/pages/nothing.js', '/pages/constructor', '/pages/..%2fmain.ts', '/myitero/orders/1'])(
    '%s is not',
    async (path) => {
      expect((await fetch(align.url + path)).status).toBe(404);
    },
  );
});

test('closes at once, an open keep-alive connection or not, and frees its ports', async () => {
  const one = await startAlign();
  await fetch(one.align.url);
  const { port } = one.align;
  await one.align.close();
  const again = await startAlign({ port, cdnPort: 0 });
  expect(again.align.port).toBe(port);
  await again.align.close();
});

describe('the command', () => {
  const node = (args: string[]): Promise<{ code: number | null; text: string }> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, ['demo/align-cloud/main.ts', ...args]);
      let text = '';
      child.stdout.on('data', (part: Buffer) => {
        text += part.toString();
        if (text.includes('password')) child.kill('SIGTERM');
      });
      child.stderr.on('data', (part: Buffer) => (text += part.toString()));
      child.on('close', (code) => resolve({ code, text }));
    });

  test('starts, says where it is, and stops on a signal', async () => {
    const { code, text } = await node([
      '--port',
      '0',
      '--detail',
      'small',
      '--strict',
      '--scenario',
      'lost-notifications',
    ]);
    expect(text).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
    expect(code).toBe(0);
  });

  test('says which port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, text } = await node(['--port', String(port)]);
    server.close();
    expect(code).toBe(2);
    expect(text.trim()).toBe(`Port ${port} is in use. Set PORT to a free one, or stop the program that holds it.`);
  });

  test.each([
    [['--port', 'abc'], 'The port is “abc”'],
    [['--detail', 'huge'], '--detail is “huge”'],
    [['--scenario', 'none'], '--scenario is “none”'],
    [['--scenario', '/nowhere.json'], 'cannot be read'],
    [['--colour'], 'Unknown option'],
  ])('%j is told in a sentence', async (args, sentence) => {
    const { code, text } = await node(args);
    expect(code).toBe(2);
    expect(text).toContain(sentence);
  });
});
