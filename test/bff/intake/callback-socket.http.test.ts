/** A sender that may do anything, over a real socket: each way has a decided answer, and what is answered 2xx is stored. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CLOSE,
  JSON_TYPE,
  openCallbackStand,
  PATH,
  post,
  problemOf,
  rx,
  statuses,
  type CallbackStand,
} from './callback-stand.ts';

let stand: CallbackStand;
beforeEach(async () => {
  stand = await openCallbackStand();
});
afterEach(() => stand.close());

const chunked = (...parts: string[]): string =>
  `POST ${PATH} HTTP/1.1\r\nHost: bff\r\n${JSON_TYPE}${CLOSE}Transfer-Encoding: chunked\r\n\r\n` +
  [...parts, ''].map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`).join('');
const get = (query: string, more = CLOSE): string => `GET ${PATH}${query} HTTP/1.1\r\nHost: bff\r\n${more}\r\n`;
const form = 'Content-Type: application/x-www-form-urlencoded\r\n';

describe('a notification is stored and answered 204', () => {
  const latin1 = Buffer.from('{"rxId":"rx-1","clinic":"Z\xfcrich"}', 'latin1');
  it.each<[string, string | Buffer]>([
    ['as JSON', post(rx('rx-1'), JSON_TYPE + CLOSE)],
    ['as a form', post('RxID=rx-1&account_number=1017', form + CLOSE)],
    ['as a query', get('?rxId=rx-1&accountNumber=1017')],
    ['as JSON that calls itself a picture', post(rx('rx-1'), `Content-Type: image/png\r\n${CLOSE}`)],
    ['as JSON without a type', post(rx('rx-1'), CLOSE)],
    ['as a form without a type', post('rxId=rx-1', CLOSE)],
    ['as JSON behind a byte order mark', post(`\uFEFF${rx('rx-1')}`, JSON_TYPE + CLOSE)],
    ['with another field that is no UTF-8', post(latin1, JSON_TYPE + CLOSE)],
    ['with the query telling what the body does not', post('{}', JSON_TYPE + CLOSE, `${PATH}?rxId=rx-1`)],
    ['with the body going before the query', post(rx('rx-1'), JSON_TYPE + CLOSE, `${PATH}?rxId=rx-2`)],
    ['in chunks, without a length', chunked('{"rxId":', '"rx-1"}')],
    ['at its address in percent signs', post(rx('rx-1'), JSON_TYPE + CLOSE, PATH.replace('/ttt', '/%74tt'))],
    ['by HTTP/1.0', post(rx('rx-1')).toString().replace('HTTP/1.1', 'HTTP/1.0')],
    ['with a body at the limit', post(`{"rxId":"rx-1","x":"${'x'.repeat(8192 - 23)}"}`, JSON_TYPE + CLOSE)],
  ])('%s', async (_name, bytes) => {
    const said = await stand.exchange(bytes);
    expect(statuses(said)).toEqual([204]);
    expect(await stand.rxIds()).toEqual(['rx-1']);
  });

  it('each time it comes: what is double is judged when it is followed', async () => {
    await stand.exchange(post(rx('rx-1')), post(rx('rx-1'), JSON_TYPE + CLOSE));
    expect(await stand.rxIds()).toEqual(['rx-1', 'rx-1']);
  });

  it('in pieces that come one by one', async () => {
    const { socket, closed } = stand.open();
    const bytes = post(rx('rx-1'), JSON_TYPE + CLOSE);
    for (const byte of bytes) {
      await new Promise((resolve) => socket.write(Buffer.from([byte]), resolve));
    }
    expect(statuses(await closed)).toEqual([204]);
    expect(await stand.rxIds()).toEqual(['rx-1']);
  });

  it('again and again on one connection, and in the order sent where they come all at once', async () => {
    const { socket, said, closed } = stand.open();
    socket.write(post(rx('rx-1')));
    await expect.poll(() => statuses(said())).toEqual([204]);
    socket.write(Buffer.concat([post(rx('rx-2')), post('{}'), post(rx('rx-3'), JSON_TYPE + CLOSE)]));
    expect(statuses(await closed)).toEqual([204, 204, 400, 204]);
    expect(await stand.rxIds()).toEqual(['rx-1', 'rx-2', 'rx-3']);
  });

  it('after the sender was told to go on with its body', async () => {
    const { socket, said, closed } = stand.open();
    const [head = '', body = ''] = post(rx('rx-1'), `${JSON_TYPE}${CLOSE}Expect: 100-continue\r\n`)
      .toString()
      .split('\r\n\r\n');
    socket.write(`${head}\r\n\r\n`);
    await expect.poll(() => statuses(said())).toEqual([100]);
    socket.write(body);
    expect(statuses(await closed)).toEqual([100, 204]);
    expect(await stand.rxIds()).toEqual(['rx-1']);
  });

  it('with the headers of every answer', async () => {
    const said = await stand.exchange(post(rx('rx-1'), `${JSON_TYPE}${CLOSE}Origin: https://dpms.molar.example\r\n`));
    expect(said).toMatch(/x-request-id: req_[\w-]+\r\n/i);
    expect(said).toMatch(/x-content-type-options: nosniff\r\n/i);
    expect(said).toMatch(/referrer-policy: no-referrer\r\n/i);
    expect(said).toMatch(/vary: origin\r\naccess-control-allow-origin: https:\/\/dpms.molar.example\r\n/i);
    expect(said).not.toMatch(/content-length|transfer-encoding/i);
  });
});

describe('nothing is stored, and it is refused', () => {
  it.each<[string, string | Buffer, number, string]>([
    ['without an RX', post('{"accountNumber":"1017"}', JSON_TYPE + CLOSE), 400, 'invalid_request'],
    ['with an RX that is no id', post(rx('../../x y'), JSON_TYPE + CLOSE), 400, 'invalid_request'],
    ['with an RX that is no UTF-8', post(Buffer.from('{"rxId":"\xff"}', 'latin1'), CLOSE), 400, 'invalid_request'],
    ['with no body at all', post('', JSON_TYPE + CLOSE), 400, 'invalid_request'],
    ['with half of a JSON text', post('{"rxId":"rx-1', JSON_TYPE + CLOSE), 400, 'invalid_request'],
    ['with a JSON list', post('["rx-1"]', JSON_TYPE + CLOSE), 400, 'invalid_request'],
    ['with a query that names none', get('?rx=1'), 400, 'invalid_request'],
    ['at an address that is none', post(rx('rx-1'), JSON_TYPE + CLOSE, '/v1/callbacks/nobody'), 404, 'not_found'],
    ['at a longer address', post(rx('rx-1'), JSON_TYPE + CLOSE, `${PATH}/more`), 404, 'not_found'],
    ['at the address of no token', post(rx('rx-1'), JSON_TYPE + CLOSE, '/v1/callbacks/'), 404, 'not_found'],
    [
      'by another method',
      post(rx('rx-1'), JSON_TYPE + CLOSE)
        .toString()
        .replace('POST', 'PUT'),
      405,
      'method_not_allowed',
    ],
    ['as a preflight from nowhere', post('', CLOSE).toString().replace('POST', 'OPTIONS'), 403, 'origin_refused'],
    ['with a body above the limit', post(rx(`rx-${'1'.repeat(8192)}`), JSON_TYPE + CLOSE), 413, 'payload_too_large'],
    [
      'in chunks above the limit',
      chunked(...Array.from({ length: 9 }, () => 'x'.repeat(1000))),
      413,
      'payload_too_large',
    ],
  ])('%s', async (_name, bytes, status, code) => {
    const said = await stand.exchange(bytes);
    expect([statuses(said), problemOf(said)]).toEqual([[status], code]);
    expect(said).toMatch(/content-type: application\/problem\+json\r\n/i);
    expect(await stand.rxIds()).toEqual([]);
  });

  it('by a HEAD, as programs send that only look at an address', async () => {
    const said = await stand.exchange(get('?rxId=rx-1').replace('GET', 'HEAD'));
    expect(statuses(said)).toEqual([405]);
    expect(said).toMatch(/allow: POST, GET, OPTIONS\r\n/i);
    expect(await stand.rxIds()).toEqual([]);
  });

  it('before its body is sent, where it says that it is too large', async () => {
    const said = await stand.exchange(`POST ${PATH} HTTP/1.1\r\nHost: bff\r\nContent-Length: 8193\r\n\r\n`);
    expect([statuses(said), problemOf(said)]).toEqual([[413], 'payload_too_large']);
    expect(said).toMatch(/connection: close/i);
  });

  it('without looking for a request in what followed the limit', async () => {
    const body = `${'x'.repeat(8193)}\r\n${post(rx('rx-1')).toString()}`;
    expect(statuses(await stand.exchange(post(body)))).toEqual([413]);
    expect(await stand.rxIds()).toEqual([]);
  });

  it.each([
    ['two lengths', 'Content-Length: 1\r\nContent-Length: 2\r\n'],
    ['a length and chunks', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'],
    ['a length that is no number', 'Content-Length: ten\r\n'],
  ])('with %s', async (_name, headers) => {
    expect(statuses(await stand.exchange(`POST ${PATH} HTTP/1.1\r\nHost: bff\r\n${headers}\r\n`))).toEqual([400]);
  });

  it('after ten seconds, where its body does not come', async () => {
    const timers = vi.spyOn(stand.clock, 'after');
    const { socket, closed } = stand.open();
    socket.write(post(rx('rx-1')).subarray(0, -5));
    await expect.poll(() => timers.mock.calls.map(([ms]) => ms)).toContain(10_000);
    let ended = false;
    void closed.then(() => (ended = true));
    await stand.clock.advance(9999);
    expect(ended).toBe(false);
    await stand.clock.advance(1);
    expect([statuses(await closed), problemOf(await closed)]).toEqual([[408], 'request_timeout']);
    expect(await stand.rxIds()).toEqual([]);
  });

  it('while the service stops', async () => {
    const { socket, said } = stand.open();
    socket.write(post(rx('rx-1')));
    await expect.poll(() => statuses(said())).toEqual([204]);
    const stopped = stand.bff.stop();
    const late = await stand.exchange(post(rx('rx-2'), JSON_TYPE + CLOSE));
    expect([statuses(late), problemOf(late)]).toEqual([[503], 'shutting_down']);
    expect(late).toMatch(/retry-after: 2\r\n/i);
    socket.destroy();
    await stopped;
  });
});

describe('a body on a GET', () => {
  const smuggled = post(rx('rx-2')).toString();
  const head = get('?rxId=rx-1', `Content-Length: ${smuggled.length}\r\n`);

  it('means nothing: the query counts, and the body is taken for no request', async () => {
    const said = await stand.exchange(`${head}${smuggled}`, post(rx('rx-3'), JSON_TYPE + CLOSE));
    expect(statuses(said)).toEqual([204, 204]);
    expect(await stand.rxIds()).toEqual(['rx-1', 'rx-3']);
  });

  it('is not waited for: the connection ends with the answer', async () => {
    expect(statuses(await stand.exchange(head))).toEqual([204]);
    expect(await stand.rxIds()).toEqual(['rx-1']);
  });
});

describe('half a body', () => {
  it('is noted and forgotten when its sender goes away, and holds up nobody', async () => {
    const { socket } = stand.open();
    socket.write(post(rx('rx-1')).subarray(0, -5));
    socket.end();
    socket.destroySoon();
    const broken = () => stand.lines.some(({ message }) => message === 'broken off by its sender');
    await expect.poll(broken).toBe(true);
    expect(statuses(await stand.exchange(post(rx('rx-2'), JSON_TYPE + CLOSE)))).toEqual([204]);
    expect(await stand.rxIds()).toEqual(['rx-2']);
  });
});

describe('what is written down of it', () => {
  it('is a line for each commit, which says how many there were', async () => {
    await stand.exchange(post(rx('rx-1')), post(rx('rx-2'), JSON_TYPE + CLOSE));
    const stored = stand.lines.filter(({ level, message }) => level === 'info' && message === 'notifications stored');
    expect(stored.reduce((sum, { fields }) => sum + Number(fields['notifications']), 0)).toBe(2);
  });

  it('is a line for each one that was refused, and at debug for the others', async () => {
    await stand.exchange(post(rx('rx-1')), post('{}', JSON_TYPE + CLOSE));
    const levels = stand.lines.flatMap(({ level, message, fields }) =>
      message === 'answered' ? `${String(fields['status'])} ${level}` : [],
    );
    expect(levels.toSorted()).toEqual(['204 debug', '400 info']);
  });

  it('is the pattern of its address, its status and its time: no token, no id', async () => {
    await stand.exchange(post(rx('rx-canary')), post('{}', JSON_TYPE + CLOSE));
    const route = '/v1/callbacks/:token';
    const answered = stand.lines.filter(({ message }) => message === 'answered');
    // What is refused needs no commit: it may be answered first, though it is sent second.
    const fields = answered.map((line) => line.fields).toSorted((a, b) => Number(a['status']) - Number(b['status']));
    expect(fields).toEqual(
      [204, 400].map((status) => ({
        requestId: expect.stringMatching(/^req_/) as string,
        method: 'POST',
        route,
        status,
        ms: expect.any(Number) as number,
      })),
    );
    expect(JSON.stringify(stand.lines)).not.toMatch(/ttt|canary/);
    const metrics = await (await fetch(`${stand.url}/metrics`)).text();
    expect(metrics).toContain(`itero_http_requests_total{method="POST",route="${route}",status="204"} 1`);
    expect(metrics).not.toMatch(/ttt|canary/);
  });
});
