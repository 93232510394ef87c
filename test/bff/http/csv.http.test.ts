import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { sendCsv, toCsvLine, type Cell } from '../../../bff/http/csv.ts';
import type { HttpContext } from '../../../bff/http/env.ts';
import { silent } from '../support/fixtures.ts';

describe('a record of CSV', () => {
  it.each([
    [['a', 1, null, 0.5], 'a,1,,0.5'],
    [['a,b', 'c"d', 'e\r\nf'], '"a,b","c""d","e\r\nf"'],
    [['=1+1', '+1', '-1', '@x', '\tx'], "'=1+1,'+1,'-1,'@x,'\tx"],
    [['=a,b'], `"'=a,b"`],
    [[' =1+1', '\n=1', '\u{ff1d}1'], `' =1+1,"'\n'=1",'\u{ff1d}1`],
    [['a;=1+1', 'a; @x', 'a;b'], "a;'=1+1,a;' @x,a;b"],
    [[-5], '-5'],
    [['', 'a-b', 'x=1'], ',a-b,x=1'],
  ])('%j is %j', (cells, line) => {
    expect(toCsvLine(cells)).toBe(`${line}\r\n`);
  });
});

describe('a table on its way', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function serve(
    pages: () => AsyncGenerator<readonly (readonly Cell[])[]>,
  ): Promise<{ url: string; refused: Promise<unknown> }> {
    let refuse: (error: unknown) => void = () => undefined;
    const refused = new Promise((resolve) => {
      refuse = resolve;
    });
    server = createServer((_, response) => {
      const context = { env: { outgoing: response }, get: () => silent } as unknown as HttpContext;
      sendCsv(context, 'table.csv', ['id'], pages()).catch((error: unknown) => {
        refuse(error);
        response.writeHead(503).end();
      });
    });
    await new Promise<void>((resolve) => void server?.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, refused };
  }

  it('is a header alone when there are no rows', async () => {
    const { url } = await serve(async function* () {
      await Promise.resolve();
      yield [];
    });
    expect(await (await fetch(url)).text()).toBe('id\r\n');
  });

  it('breaks off when the store fails in the middle: half of it never looks whole', async () => {
    const { url } = await serve(async function* () {
      yield [['1']];
      await Promise.resolve();
      throw new Error('disk');
    });
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
  });

  it('is a fault and no answer yet when the store fails at once', async () => {
    const { url, refused } = await serve(async function* () {
      await Promise.reject(new Error('disk'));
      yield [];
    });
    expect((await fetch(url)).status).toBe(503);
    expect(await refused).toMatchObject({ message: 'disk' });
  });

  it('reads no further than its reader does, and stops when the reader leaves', async () => {
    let pages = 0;
    let left: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => {
      left = resolve;
    });
    const { url } = await serve(async function* () {
      try {
        for (; pages < 1_000_000; pages += 1) {
          await Promise.resolve();
          yield Array.from({ length: 1000 }, () => ['x'.repeat(100)]);
        }
      } finally {
        left();
      }
    });
    const abort = new AbortController();
    const answer = await fetch(url, { signal: abort.signal });
    const reader = answer.body?.getReader();
    await reader?.read();
    abort.abort();
    await stopped;
    // Sockets and buffers hold a few megabytes: a hundred pages of 100 KB would be ten.
    expect(pages).toBeLessThan(200);
  });
});
