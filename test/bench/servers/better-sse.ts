import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';
import { answerBroadcasts } from './broadcast.ts';
import { ready } from './reply.ts';

/** The peer of the stream. */
const channel = createChannel();
const server = createServer((request, response) => {
  void createSession(request, response, { keepAlive: null }).then((session) => channel.register(session));
});
answerBroadcasts(
  (text) => {
    channel.broadcast({ orderId: text }, 'scan.updated');
    return Promise.resolve();
  },
  () => channel.sessionCount,
);
server.listen(0, '127.0.0.1', 8192, () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) ready(address.port);
});
