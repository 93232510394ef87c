import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';
import { answer, ready, residentBytes } from './reply.ts';

/** The peer of the stream. */
const channel = createChannel();
const server = createServer((request, response) => {
  void createSession(request, response, { keepAlive: null }).then((session) => channel.register(session));
});
server.listen(0, '127.0.0.1', 8192, () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) ready(address.port);
});
answer({
  broadcast({ count, size }) {
    const text = 'x'.repeat(Number(size));
    for (let index = 0; index < Number(count); index += 1) channel.broadcast({ orderId: text }, 'scan.updated');
    return channel.sessionCount;
  },
  memory: () => residentBytes(),
});
