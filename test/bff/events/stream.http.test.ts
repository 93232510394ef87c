import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KEEP_EVENTS_MS, pruneEvents } from '../../../bff/events/retention.ts';
import fc from '../../support/fast-check.ts';
import { openStream, type StreamClient } from '../support/stream-client.ts';
import { startStreamServer } from '../support/stream-server.ts';
import { until } from '../support/until.ts';

let server: Awaited<ReturnType<typeof startStreamServer>>;
let clients: StreamClient[] = [];
beforeEach(async () => {
  server = await startStreamServer();
});
afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  await server.close();
});

async function read(who: object = {}, headers: Record<string, string> = {}): Promise<StreamClient> {
  const client = await openStream(server.url, JSON.stringify(who), headers);
  clients.push(client);
  await until(async () => client.heartbeats.length + client.events.length > 0);
  return client;
}
const ids = (client: StreamClient) => client.events.map((event) => Number(event.id));
const appendMany = async (count: number, change: object = {}) => {
  await Promise.all(Array.from({ length: count }, () => server.append(change)));
};

describe('a reader', () => {
  it('gets headers that keep proxies from holding frames back, and an id to resume from', async () => {
    await appendMany(3);
    const client = await read();
    expect({ ...client.response.headers }).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'access-control-allow-origin': 'https://dpms.example',
      connection: 'close',
    });
    // Each frame is one write of bytes that all readers share.
    expect(client.response.headers['transfer-encoding']).toBeUndefined();
    expect(client.heartbeats[0]).toEqual({ id: '3', type: 'heartbeat', data: { heartbeatTimeout: 20_000 } });
    await server.append();
    await until(async () => client.events.length === 1);
    expect(client.events[0]).toEqual({ id: '4', type: 'scan.received', data: { orderId: '1' } });
  });

  it('hears a heartbeat every ten seconds', async () => {
    const client = await read();
    await server.clock.advance(30_000);
    await until(async () => client.heartbeats.length >= 4);
    expect(client.heartbeats[1]?.data).toEqual({ heartbeatTimeout: 20_000 });
  });

  it('sees what its session could read, and nothing of others', async () => {
    const whole = await read();
    const pairOnly = await read({ scopes: ['pair:read'] });
    const requestOnly = await read({ scopes: ['scan-request:read'] });
    const patient = await read({ patient: { chartNumber: 'C-1' } });
    const otherTenant = await read({ tenant: 'other' });
    const otherVendor = await read({ vendor: 'other' });
    await server.append({ charts: ['C-1'] }); // 1
    await server.append({ charts: ['C-2'], requestId: 'r', data: { requestId: 'r' } }); // 2
    await server.append({ type: 'pairing.removed', data: {} }); // 3
    await server.append({ type: 'scan.removed', charts: ['C-1'] }); // 4
    await server.append({ type: 'scan.updated', environment: 'production' }); // 5
    await server.append({ type: 'scan_request.sent', data: { requestId: 'r' }, charts: ['C-1'] }); // 6
    await until(async () => ids(whole).includes(6));
    expect(ids(whole)).toEqual([1, 2, 3, 6]);
    expect(ids(pairOnly)).toEqual([3]);
    expect(ids(requestOnly)).toEqual([2, 6]);
    expect(ids(patient)).toEqual([1, 3, 4, 6]);
    expect([ids(otherTenant), ids(otherVendor)]).toEqual([[], []]);
  });

  it('is sent away when its session ends, is revoked, or the environment is switched', async () => {
    const revoked = await read({ sessionId: 'gone' });
    const ending = await read({ expiresAt: server.clock.now() + 5000 });
    const staying = await read();
    server.revoke('gone');
    await revoked.closed;
    await server.clock.advance(8000);
    await ending.closed;
    expect(server.stream.size).toBe(1);
    server.environment.name = 'production';
    await server.clock.advance(4000);
    await staying.closed;
    expect(server.stream.size).toBe(0);
  });

  it.each([
    ['its session is revoked', 'gone'],
    ['no session can be vouched for any more', null],
  ])('has no stream when %s while that is opened', async (_name, told) => {
    const bounds = server.events.bounds.bind(server.events);
    vi.spyOn(server.events, 'bounds').mockImplementationOnce(async (tenant) => {
      const found = await bounds(tenant);
      server.revoke(told as string);
      return found;
    });
    const revoked = await openStream(server.url, JSON.stringify({ sessionId: 'gone' }));
    clients.push(revoked);
    await revoked.closed;
    expect([revoked.heartbeats, server.stream.size]).toEqual([[], 0]);
  });

  it('is sent away gracefully when the service stops', async () => {
    const client = await read();
    server.stream.stop();
    await client.closed;
    expect(client.response.complete).toBe(true);
  });
});

describe('a client that never closes its side', () => {
  async function halfOpen(who: object) {
    const { port, hostname } = new URL(server.url);
    const client = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    client.on('error', () => undefined);
    client.resume();
    const { size } = server.stream;
    client.write(`GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${JSON.stringify(who)}\r\n\r\n`);
    await until(async () => server.stream.size > size);
    return client;
  }

  const HAPPENS: [string, () => Promise<void>][] = [
    ['is revoked', async () => server.revoke('gone')],
    ['is over', () => server.clock.advance(5000)],
    ['is of another environment now', async () => void (server.environment.name = 'production')],
  ];
  it.each(HAPPENS)('is let go some seconds after its session %s', async (_name, happens) => {
    const client = await halfOpen({ sessionId: 'gone', expiresAt: server.clock.now() + 5000 });
    const ended = once(client, 'end');
    await happens();
    await server.clock.advance(1000);
    await ended;
    // What was on its way gets its time.
    await server.clock.advance(1000);
    expect(server.stream.size).toBe(1);
    await server.clock.advance(3000);
    await until(async () => server.stream.size === 0);
    // Nobody is at the other end: what it says is answered by a reset.
    await until(async () => {
      client.write('still here');
      return client.errored;
    });
  });

  it('keeps nobody else from staying', async () => {
    const staying = await read();
    const client = await halfOpen({ sessionId: 'gone' });
    server.revoke('gone');
    await server.clock.advance(2000);
    // Told again, it gets no more time.
    server.revoke('gone');
    await server.clock.advance(2000);
    await until(async () => server.stream.size === 1);
    client.destroy();
    await server.append();
    await until(async () => staying.events.length === 1);
  });
});

describe('resuming', () => {
  it('brings what was missed exactly once, wherever the connection broke', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(40), { minLength: 1, maxLength: 6 }), fc.nat(500), async (bursts, early) => {
        const tenant = `clinic-${Math.random()}`;
        let last = '';
        const seen: number[] = [];
        let expected = 0;
        await appendMany(early, { tenant });
        expected += early;
        last = '0';
        for (const burst of bursts) {
          // Appended while the reader connects, and after: the replay and the live events must meet without a gap.
          const appending = appendMany(burst, { tenant });
          const client = await openStream(server.url, JSON.stringify({ tenant }), { 'last-event-id': last });
          expected += burst;
          await appending;
          await until(async () => Number(client.events.at(-1)?.id ?? last) >= expected);
          seen.push(...ids(client));
          last = client.events.at(-1)?.id ?? last;
          client.close();
        }
        expect(seen).toEqual(Array.from({ length: expected }, (_, index) => index + 1));
      }),
      { numRuns: 8 },
    );
  });

  it.each([
    ['no number', 'abc'],
    ['an id of the future', '99'],
    ['a number with a tail', '1; DROP'],
    ['a huge number', '9'.repeat(40)],
  ])('starts anew from %s, and says so', async (_name, lastEventId) => {
    await appendMany(5);
    const client = await read({}, { 'last-event-id': lastEventId });
    expect(client.events).toEqual([{ id: '5', type: 'stream.reset', data: {} }]);
    await server.append();
    await until(async () => client.events.length === 2);
    expect(client.events[1]?.id).toBe('6');
  });

  it('tells of loss when retention removed what was missed, and of none when it did not', async () => {
    await appendMany(5);
    server.clock.set(server.clock.now() + KEEP_EVENTS_MS + 1);
    await appendMany(2);
    await pruneEvents(server);
    const expiresAt = server.clock.now() + 60_000;
    const late = await read({ expiresAt }, { 'last-event-id': '4' });
    expect(late.events[0]?.type).toBe('stream.reset');
    const inTime = await read({ expiresAt }, { 'last-event-id': '5' });
    await until(async () => inTime.events.length === 2);
    expect(ids(inTime)).toEqual([6, 7]);
  });
});

describe('a reader that does not read', () => {
  it('costs no growing memory, is cut off within ten seconds, and resumes exactly', async () => {
    const data = { orderId: 'x'.repeat(1000) };
    const client = await read();
    client.response.pause();
    for (let round = 0; round < 60; round += 1) await appendMany(200, { data });
    const before = process.memoryUsage();
    for (let round = 0; round < 40; round += 1) await appendMany(200, { data });
    const grown = process.memoryUsage().external - before.external;
    expect(grown).toBeLessThan(4 << 20);
    await server.clock.advance(10_000);
    expect(server.stream.size).toBe(0);
    client.response.resume();
    await client.closed;
    const last = client.events.at(-1)?.id ?? '0';
    expect(Number(last)).toBeLessThan(20_000);
    const again = await read({}, { 'last-event-id': last });
    await until(async () => again.events.at(-1)?.id === '20000');
    expect([...ids(client), ...ids(again)]).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
  });

  it('catches up by itself when it reads again in time', async () => {
    const client = await read();
    client.response.pause();
    for (let round = 0; round < 40; round += 1) await appendMany(200, { data: { orderId: 'x'.repeat(1000) } });
    client.response.resume();
    await until(async () => client.events.at(-1)?.id === '8000');
    expect(ids(client)).toEqual(Array.from({ length: 8000 }, (_, index) => index + 1));
  });
});
