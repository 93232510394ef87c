/** The whole BFF on a socket with one paired clinic, asked in raw HTTP/1.1: what a sender may do, and what it gets. */
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { LogFields } from '../../../bff/deps.ts';
import { startBff, type TestBffOptions } from '../../support/bff.ts';
import { connectionRow, handClock, silent } from '../support/fixtures.ts';

export const TOKEN = 't'.repeat(43);
export const PATH = `/v1/callbacks/${TOKEN}`;
export const JSON_TYPE = 'Content-Type: application/json\r\n';

export interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

export async function openCallbackStand(options: TestBffOptions = {}) {
  const clock = handClock();
  const lines: Line[] = [];
  const write = (level: Line['level']) => (fields: LogFields, message: string) =>
    void lines.push({ level, message, fields });
  const log = {
    ...silent,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  };
  const bff = await startBff({ clock, log, ...options });
  const { store } = bff.bff;
  const connection = connectionRow({ environment: 'simulator', account_id: '1017', callback_state: 'registered' });
  await store.write(async (tx) => {
    await tx.insertInto('connections').values(connection).execute();
    const hash = createHash('sha256').update(TOKEN).digest('hex');
    const { vendor, tenant } = connection;
    const row = { vendor, tenant, hash, connection_id: connection.id, created_at: 0, expires_at: null };
    await tx.insertInto('callback_tokens').values(row).execute();
  });
  const port = Number(new URL(bff.url).port);
  const sockets: Socket[] = [];

  function open(): { socket: Socket; said: () => string; closed: Promise<string> } {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    let said = '';
    socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
    // A reset after the answer is one more way to close.
    socket.on('error', () => undefined);
    const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(said)));
    return { socket, said: () => said, closed };
  }

  return {
    ...bff,
    store,
    clock,
    lines,
    connection,
    open,
    /** Sends these bytes and reads until the service closes the connection. */
    async exchange(...bytes: (string | Buffer)[]): Promise<string> {
      const { socket, closed } = open();
      for (const part of bytes) socket.write(part);
      return closed;
    },
    rxIds: async () =>
      (await store.db.selectFrom('hints').select('rx_id').orderBy('id').execute()).map((row) => row.rx_id),
    async close() {
      for (const socket of sockets) socket.destroy();
      await bff.stop();
    },
  };
}

export type CallbackStand = Awaited<ReturnType<typeof openCallbackStand>>;

/** A POST of this body with its length; the connection is kept unless `more` says otherwise. */
export function post(body: string | Buffer, more = JSON_TYPE, path = PATH): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: bff\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

export const CLOSE = 'Connection: close\r\n';
export const rx = (id: string): string => JSON.stringify({ rxId: id, accountNumber: '1017' });

/** Statuses of the answers in what came over a connection. */
export const statuses = (said: string): number[] =>
  [...said.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
export const problemOf = (said: string): string => /"code":"(\w+)"/.exec(said)?.[1] ?? '';
