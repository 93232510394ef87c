import { connect } from 'node:net';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { createSystemClock } from '../../../bff/clock.ts';
import { rawEndpoint, sessionEndpoint } from '../../../bff/http/endpoint.ts';
import { listen } from '../../../bff/http/server.ts';
import { createStand, verdict } from './stand.ts';

const endpoints = [
  sessionEndpoint({
    method: 'post',
    path: '/v1/scans/:orderId/read',
    summary: 'Marks',
    scopes: ['scan:read'],
    body: v.object({ version: v.string(), read: v.optional(v.boolean(), true) }),
    answer: v.object({ unread: v.number() }),
    idempotent: true,
    handle: async () => ({ unread: 0 }),
  }),
];

describe('probes', () => {
  it('say that it is up and ready', async () => {
    const stand = await createStand();
    expect((await stand.app.request('/healthz')).status).toBe(200);
    expect((await stand.app.request('/readyz')).status).toBe(200);
    await stand.close();
  });

  it('say that it is not ready without its store, while it is still up', async () => {
    const stand = await createStand();
    await stand.close();
    const answer = await stand.app.request('/readyz');
    expect([answer.status, await answer.json()]).toEqual([503, { state: 'store not writable' }]);
    expect((await stand.app.request('/healthz')).status).toBe(200);
  });
});

describe('a check in HTTP/1.0 that names no host', () => {
  it.each(['/healthz', '/readyz'])('is answered as any other: %s', async (path) => {
    const stand = await createStand();
    const listener = await listen(stand.app, { port: 0, host: '127.0.0.1', clock: createSystemClock() });
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(listener.port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.0\r\n\r\n`));
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.[01] 200 /);
    await listener.close(0);
    await stand.close();
  });
});

describe('a graceful stop', () => {
  it('turns new work away, finishes what runs, and then closes', async () => {
    let finish: (() => void) | null = null;
    const stand = await createStand([
      rawEndpoint({
        method: 'get',
        path: '/v1/slow',
        summary: 'Slow',
        auth: 'open',
        handle: () => new Promise((resolve) => (finish = () => resolve(new Response('done')))),
      }),
    ]);
    const listener = await listen(stand.app, { port: 0, host: '127.0.0.1', clock: createSystemClock() });
    const running = fetch(`http://127.0.0.1:${listener.port}/v1/slow`);
    await expect.poll(() => finish).not.toBeNull();
    stand.draining.active = true;
    expect((await stand.app.request('/readyz')).status).toBe(503);
    expect((await stand.app.request('/healthz')).status).toBe(200);
    expect(await verdict(stand.app.request('/v1/slow'))).toEqual([503, 'shutting_down']);
    let idle = false;
    const drained = stand.draining.idle().then(() => (idle = true));
    const closed = listener.close(5_000);
    expect(idle).toBe(false);
    (finish as (() => void) | null)?.();
    expect(await (await running).text()).toBe('done');
    await drained;
    await closed;
    await expect(fetch(`http://127.0.0.1:${listener.port}/healthz`)).rejects.toThrow();
    await stand.close();
  });

  it('cuts what never ends when the grace is over', async () => {
    const stand = await createStand([
      rawEndpoint({
        method: 'get',
        path: '/v1/endless',
        summary: 'Never ends',
        auth: 'open',
        handle: () =>
          new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) })),
      }),
    ]);
    const listener = await listen(stand.app, { port: 0, host: '127.0.0.1', clock: stand.clock });
    const stream = await fetch(`http://127.0.0.1:${listener.port}/v1/endless`);
    const closed = listener.close(10_000);
    await stand.clock.advance(10_000);
    await closed;
    await expect(stream.text()).rejects.toThrow();
    await stand.close();
  });
});

describe('/openapi.json', () => {
  it('is OpenAPI 3.1 of every endpoint, with its body, answer, scopes and key', async () => {
    const stand = await createStand(endpoints);
    const document = (await (await stand.app.request('/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, Record<string, unknown>>;
      components: { schemas: { Problem: { required: string[] } } };
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(['/v1/sessions', '/v1/sessions/{id}', '/v1/scans/{orderId}/read']);
    expect(document.paths['/v1/scans/{orderId}/read']?.['post']).toMatchObject({
      operationId: 'postScansOrderIdRead',
      security: [{ session: ['scan:read'] }],
      parameters: [
        { name: 'orderId', in: 'path', required: true },
        { name: 'Idempotency-Key', in: 'header' },
      ],
      requestBody: { content: { 'application/json': { schema: { required: ['version'] } } } },
      responses: { 200: { content: { 'application/json': { schema: { required: ['unread'] } } } }, default: {} },
    });
    expect(document.paths['/v1/sessions']?.['post']).toMatchObject({ security: [{ vendor: [] }] });
    expect(document.components.schemas.Problem.required).toContain('displayMessage');
    await stand.close();
  });
});

describe('/metrics', () => {
  it('count by route pattern and status, and name no vendor, tenant, person or object', async () => {
    const stand = await createStand(endpoints);
    const { session_token } = await stand.mint({ tenant: 'canary-tenant', user: { id: 'canary-user' } });
    await stand.app.request('/v1/scans/990011/read', {
      method: 'POST',
      headers: { authorization: `Bearer ${session_token}`, 'content-type': 'application/json' },
      body: '{"version":"v"}',
    });
    await stand.app.request('/v1/canary-path');
    const text = await (await stand.app.request('/metrics')).text();
    expect(text).toContain('itero_http_requests_total{method="POST",route="/v1/scans/:orderId/read",status="200"} 1');
    expect(text).toContain('route="(unknown)",status="404"');
    expect(text).not.toMatch(/canary|molar|990011/);
    await stand.close();
  });
});
