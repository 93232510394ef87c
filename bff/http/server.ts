import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Clock } from '../deps.ts';
import type { AtOnce } from './at-once.ts';
import type { Env } from './env.ts';

/** Counts what runs, so that a stop can wait for it. */
export class Draining {
  active = false;
  #running = 0;
  #waiting: (() => void)[] = [];

  /** Returns the end of this run. */
  begin(): () => void {
    this.#running += 1;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#running -= 1;
      if (this.#running === 0) for (const wake of this.#waiting.splice(0)) wake();
    };
  }

  /** Resolves when nothing runs any more. */
  idle(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** A port that cannot be had. The message is a sentence for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface ListenOptions {
  readonly port: number;
  /** Every address of the machine where absent. */
  readonly host: string | undefined;
  readonly clock: Clock;
}

export interface Listener {
  readonly port: number;
  /** Stops accepting at once, then waits for running answers, `graceMs` at most, then cuts every connection. */
  close(graceMs: number): Promise<void>;
}

/** Load balancers keep idle connections for 60 s; closing first would race with their next request (ms). */
const KEEP_ALIVE_MS = 72_000;

/** HTTP/1.0 needs no Host, and some load balancers' checks send none. No answer depends on it: `publicUrl` names this service. */
const HOST_WHERE_NONE = 'localhost';

const SERVER = { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 20_000, requestTimeout: 60_000 };

/** @param atOnce answers in front of the app what needs no wait */
export function listen(app: Pick<Hono<Env>, 'fetch'>, options: ListenOptions, atOnce?: AtOnce): Promise<Listener> {
  const handle = getRequestListener(app.fetch, { hostname: HOST_WHERE_NONE });
  const server = createServer(SERVER, (request, response) => {
    // The listener of the app answers its own faults.
    if (atOnce?.(request, response) !== true) void handle(request, response);
  });
  return start(server, options);
}

/** Metrics on a port of their own, which is not to be reached from outside. */
export function listenPlain(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  options: ListenOptions,
): Promise<Listener> {
  return start(createServer(handle), options);
}

function start(server: Server, options: ListenOptions): Promise<Listener> {
  const { port, host, clock } = options;
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new ListenError(explain(cause, port, host), { cause }));
    });
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      resolve({ port: (server.address() as AddressInfo).port, close: (graceMs) => close(server, graceMs, clock) });
    });
  });
}

function close(server: Server, graceMs: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    // `close` alone waits for ever on open streams (toolchain.md, trap 4).
    const cancel = clock.after(graceMs, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}

function explain(cause: NodeJS.ErrnoException, port: number, host: string | undefined): string {
  if (cause.code === 'EADDRINUSE') {
    return `Port ${port} is in use. Stop what listens there, or set "port" in the configuration to another one.`;
  }
  if (cause.code === 'EACCES') return `Port ${port} may not be used by this user. Set "port" to one above 1023.`;
  if (cause.code === 'EADDRNOTAVAIL')
    return `The address ${host ?? ''} is not one of this machine. Set "host" to another one.`;
  return `Port ${port}${host === undefined ? '' : ` on ${host}`} cannot be used (${cause.code ?? 'unknown fault'}).`;
}
