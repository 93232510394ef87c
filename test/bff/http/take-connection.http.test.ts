/** What is left of a connection after HTTP let go of it. The parts of Node that this rests on are not promised: here they are held to it. */
import { Hono } from 'hono';
import { connect, type Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSystemClock } from '../../../bff/clock.ts';
import type { Env } from '../../../bff/http/env.ts';
import { alreadySent } from '../../../bff/http/node-response.ts';
import { listen, type Listener } from '../../../bff/http/server.ts';
import { takeConnection } from '../../../bff/http/take-connection.ts';
import { until } from '../support/until.ts';

let listener: Listener;
let taken: Writable[] = [];
let sockets: Socket[] = [];
beforeEach(async () => {
  taken = [];
  sockets = [];
  const app = new Hono<Env>();
  app.get('/stream', async (context) => {
    context.env.outgoing.setHeader('X-Before', 'kept');
    taken.push(await takeConnection(context, { 'Content-Type': 'text/event-stream' }));
    return alreadySent;
  });
  app.get('/other', (context) => context.text('here'));
  listener = await listen(app, { port: 0, host: '127.0.0.1', clock: createSystemClock() });
});
afterEach(async () => {
  for (const connection of taken) connection.destroy();
  for (const socket of sockets) socket.destroy();
  await listener.close(0);
});

interface Peer {
  readonly socket: Socket;
  readonly text: () => string;
  readonly ended: () => boolean;
}

function send(request: string): Peer {
  const socket = connect(listener.port, '127.0.0.1', () => socket.write(request));
  sockets.push(socket);
  let text = '';
  let ended = false;
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('end', () => (ended = true));
  socket.on('error', () => undefined);
  return { socket, text: () => text, ended: () => ended };
}

const GET = 'GET /stream HTTP/1.1\r\nHost: here\r\n\r\n';
const first = (): Promise<Writable> => until(() => Promise.resolve(taken[0]));

it('has sent its head, with what stood on it before, and no chunking', async () => {
  const peer = send(GET);
  (await first()).write('hello');
  await until(() => Promise.resolve(peer.text().endsWith('\r\n\r\nhello')));
  expect(peer.text()).toContain('HTTP/1.1 200 OK\r\n');
  expect(peer.text()).toContain('X-Before: kept\r\n');
  expect(peer.text()).toContain('Content-Type: text/event-stream\r\n');
  expect(peer.text()).toContain('Connection: close\r\n');
  expect(peer.text().toLowerCase()).not.toContain('transfer-encoding');
});

it('is a bare socket: its parser, request and response are gone', async () => {
  send(GET);
  const socket = (await first()) as Socket & { parser: unknown; _httpMessage: unknown };
  expect(socket).toBeInstanceOf(connect(listener.port).destroy().constructor);
  expect([socket.parser, socket._httpMessage]).toEqual([null, null]);
  expect(new Set(socket.eventNames())).toEqual(new Set(['end', 'error']));
});

it('is over when the client ends or breaks it', async () => {
  const ends = send(GET);
  const one = await first();
  ends.socket.end();
  await until(() => Promise.resolve(one.destroyed));
  const breaks = send(GET);
  const other = await until(() => Promise.resolve(taken[1]));
  breaks.socket.resetAndDestroy();
  await until(() => Promise.resolve(other.destroyed));
});

it('takes nothing more for a request, however much comes', async () => {
  const peer = send(GET);
  const connection = await first();
  peer.socket.write('GET /other HTTP/1.1\r\nHost: here\r\n\r\n'.repeat(2000));
  peer.socket.write(Buffer.alloc(4 << 20));
  await until(() => Promise.resolve(peer.socket.writableLength === 0));
  connection.end('last');
  await until(() => Promise.resolve(peer.ended()));
  expect(peer.text().match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(peer.text().endsWith('\r\n\r\nlast')).toBe(true);
});

it('serves a request on a kept connection before it, and a request with a body all the same', async () => {
  const kept = send('GET /other HTTP/1.1\r\nHost: here\r\n\r\n');
  await until(() => Promise.resolve(kept.text().endsWith('here')));
  kept.socket.write(GET);
  (await first()).write('after');
  await until(() => Promise.resolve(kept.text().endsWith('after')));

  const body = send('GET /stream HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nhalf');
  (await until(() => Promise.resolve(taken[1]))).write('hello');
  await until(() => Promise.resolve(body.text().endsWith('hello')));
  body.socket.destroy();
  const connection = taken[1];
  await until(() => Promise.resolve(connection?.destroyed));
});

it('does not hold up the stop of the server once it is ended', async () => {
  const peer = send(GET);
  const connection = await first();
  let closed = false;
  const closing = listener.close(60_000).then(() => (closed = true));
  connection.end();
  await closing;
  expect([closed, peer.ended()]).toEqual([true, true]);
});
