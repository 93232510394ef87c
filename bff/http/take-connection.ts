import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { HttpContext } from './env.ts';

/**
 * For an answer that goes on for hours: its head is sent, then the connection is the caller's alone. Node keeps a parser, a
 * request and a response for each HTTP connection, 7 KB beside the socket's 2; they are let go as they are at an upgrade.
 * What the client still sends is not read as a request any more; when it ends its side, the connection is over. CORS,
 * request-id and security headers stand on the answer already.
 *
 * The caller writes bytes and ends or destroys it; there is no chunking, the end of the connection is the end of the answer.
 */
export async function takeConnection(
  context: HttpContext,
  headers: Readonly<Record<string, string>>,
): Promise<Writable> {
  const { incoming, outgoing } = context.env;
  incoming.resume();
  outgoing.removeHeader('Transfer-Encoding');
  outgoing.writeHead(200, { ...headers, Connection: 'close' });
  outgoing.flushHeaders();
  // The parser is not let go in the middle of its own work.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  const socket = outgoing.socket;
  // A request whose body is still on its way keeps its parser, and the connection stays Node's.
  if (socket === null || !(incoming.complete && incoming.readableEnded)) return outgoing;
  return detach(socket, outgoing);
}

function detach(socket: Socket, outgoing: ServerResponse): Socket {
  outgoing.detachSocket(socket);
  // What is left to listen for the end of the connection are Node's own steps to give its parser back.
  const givesBack = socket.listeners('close') as (() => void)[];
  socket.removeAllListeners();
  for (const step of givesBack) step.call(socket);
  socket.on('error', ignore);
  socket.on('end', over);
  socket.resume();
  return socket;
}

/** `close` follows. */
function ignore(): void {}

function over(this: Socket): void {
  this.destroy();
}
