/** A client that leaves in the middle of its body: no fault of ours, and nobody is to be woken by it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import * as v from 'valibot';
import { expect, it } from 'vitest';
import { createSystemClock } from '../../../bff/clock.ts';
import type { Log, LogFields } from '../../../bff/deps.ts';
import { vendorEndpoint } from '../../../bff/http/endpoint.ts';
import { listen } from '../../../bff/http/server.ts';
import { createStand, KEYS } from './stand.ts';

const endpoint = vendorEndpoint({
  method: 'post',
  path: '/v1/notes',
  summary: 'Takes a note',
  body: v.object({ text: v.string() }),
  answer: v.object({}),
  handle: async () => ({}),
});

it.each([
  ['of a declared length', 'Content-Length: 1000\r\n\r\n{"text":'],
  ['by chunks', 'Transfer-Encoding: chunked\r\n\r\n8\r\n{"text":\r\n'],
])('a body %s that is broken off is a 408 at info', async (_name, rest) => {
  const lines: { level: string; fields: LogFields; message: string }[] = [];
  const at = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, fields, message });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  const stand = await createStand([endpoint], { log });
  const listener = await listen(stand.app, { port: 0, host: '127.0.0.1', clock: createSystemClock() });
  const socket = connect(listener.port, '127.0.0.1');
  await once(socket, 'connect');
  const head = `POST /v1/notes HTTP/1.1\r\nHost: bff.example\r\nAuthorization: Bearer ${KEYS.molar}\r\nContent-Type: application/json`;
  await new Promise((resolve) => socket.write(`${head}\r\n${rest}`, resolve));
  // Until the body is being read.
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  await expect.poll(() => lines.map(({ message }) => message)).toContain('answered');
  expect(lines.map(({ level }) => level)).toEqual(['info', 'info']);
  expect(lines[0]).toMatchObject({ message: 'refused', fields: { error: { code: 'request_timeout' } } });
  expect(lines[1]?.fields).toMatchObject({ route: '/v1/notes', status: 408 });
  await listener.close(0);
  await stand.close();
});
