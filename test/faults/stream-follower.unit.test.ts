import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { until } from '../bff/support/until.ts';
import { follow, type Follower } from './stream-follower.ts';

const frame = (id: number, event: string): string => `id: ${id}\nevent: ${event}\ndata: {}\n\n`;

let follower: Follower | undefined;
afterEach(() => follower?.stop());

it('keeps of each loss it was told of what it had and where it was sent on to', async () => {
  const frames = [
    frame(4, 'heartbeat'),
    frame(5, 'scan.received'),
    frame(9, 'stream.reset'),
    frame(10, 'scan.received'),
  ];
  const server = createServer((_request, response) => response.writeHead(200).write(frames.join('')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const here = follow({
    name: 'reader',
    clinic: 'north',
    url: `http://127.0.0.1:${port}`,
    token: () => Promise.resolve('token'),
  });
  follower = here;
  await until(async () => here.position === 10);
  expect(here.from).toBe(4);
  expect(here.events.map(({ id }) => id)).toEqual([5, 10]);
  expect(here.resets).toEqual([{ after: 5, upTo: 9 }]);
  here.stop();
  await new Promise((resolve) => server.close(resolve));
});
