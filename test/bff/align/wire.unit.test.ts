import { describe, expect, it } from 'vitest';
import { AlignFault } from '../../../bff/align/index.ts';
import { readRetryAfter, toNetworkFault, toStatusFault } from '../../../bff/align/errors.ts';
import { TolerantReader } from '../../../bff/align/tolerant-reader.ts';
import { isSupportedScanner, toOrder, toPhase, toWebLink } from '../../../bff/align/translate.ts';
import { readOrder, readTokens, writePair, writeScanRequest } from '../../../bff/align/wire.ts';
import { START } from '../support/fixtures.ts';

const order = {
  orderId: 123456789,
  companyId: 1017,
  status: 'Completed',
  patient: { firstName: 'Ann', lastName: 'Bee', chartNumber: ' 7 ' },
  modifiedDate: '2026-11-20T08:00:00Z',
};
const read = (change: object = {}) => toOrder(readOrder(new TolerantReader('orders', { ...order, ...change })));

function propertyOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof AlignFault && error.kind === 'wrong_shape') return error.property;
    throw error;
  }
  throw new Error('no fault');
}

describe('the tolerant reader', () => {
  it.each(['rxId', 'RXID', 'RxID', 'rx_id', 'RX_Id'])('finds %s', (name) => {
    expect(read({ [name]: 'guid' }).rxId).toBe('guid');
  });

  it('takes ids as numbers or strings, null for absent, and ignores what it does not know', () => {
    const odd = read({ orderId: '123', companyId: 1017, rxId: null, shoeSize: 44, doctor: null, assets: null });
    expect([odd.orderId, odd.accountId, odd.rxId, odd.doctor, odd.assets]).toEqual(['123', '1017', null, null, []]);
  });

  it('reads a text as every database keeps it, so that what is read again equals what was kept', () => {
    const { patient } = read({
      patient: { firstName: 'An\u0000n', lastName: 'B\ud83d', chartNumber: 'C\ud83d\u0000' },
    });
    expect(patient).toEqual({ firstName: 'An\uFFFDn', lastName: 'B\uFFFD', chartNumber: 'C\uFFFD\uFFFD' });
  });

  it('does not take a chart number that no index holds', () => {
    const patient = { firstName: 'Ann', lastName: 'Bee', chartNumber: '7'.repeat(6000) };
    expect(propertyOf(() => read({ patient }))).toBe('patient.chartNumber');
  });

  it('lets a spelling that says something win over one that is null', () => {
    expect(read({ rxId: null, rx_id: 'guid' }).rxId).toBe('guid');
  });

  it('keeps the very characters of a chart number', () => {
    expect(read().patient.chartNumber).toBe(' 7 ');
    expect(read({ patient: { firstName: 'A', lastName: 'B', chartNumber: 7 } }).patient.chartNumber).toBe('7');
    expect(read({ patient: { firstName: 'A', lastName: 'B' } }).patient.chartNumber).toBe('');
  });

  it.each([
    [{ orderId: undefined }, 'orderId'],
    [{ orderId: 2 ** 60 }, 'orderId'],
    [{ orderId: {} }, 'orderId'],
    [{ companyId: null }, 'companyId'],
    [{ status: 7 }, 'status'],
    [{ patient: null }, 'patient'],
    [{ patient: [] }, 'patient'],
    [{ modifiedDate: 'yesterday' }, 'modifiedDate'],
    [{ modifiedDate: undefined }, 'modifiedDate'],
    [{ assets: {} }, 'assets'],
    [{ assets: [{ type: 'IDE', url: 'https://x.example' }] }, 'assets[0].modifiedDate'],
    [{ assets: [{ url: 'https://x.example', modifiedDate: order.modifiedDate }] }, 'assets[0].type'],
  ])('names what is missing in %o', (change, property) => {
    expect(propertyOf(() => read(change))).toBe(property);
  });

  it.each([null, [], 'text', 7])('calls %o no object', (value) => {
    expect(propertyOf(() => new TolerantReader('orders', value))).toBe('body');
  });

  it.each([
    ['2026-11-20T08:00:00Z', START],
    ['2026-11-20T08:00:00.000+00:00', START],
    ['2026-11-20T09:00:00+01:00', START],
    ['2026-11-20T08:00:00', START],
    ['2026-11-20', Date.UTC(2026, 10, 20)],
    ['2026-11-20 08:00:00', START],
    ['2026-11-20T10:00:00+02', START],
    ['2026-11-20 10:00:00 +0200', START],
    ['2026-11-20T08:00:00,5', START + 500],
  ])('reads %s as UTC', (modifiedDate, time) => {
    expect(read({ modifiedDate }).modifiedAt).toBe(time);
  });

  it('cannot be led astray by names of the language', () => {
    expect(propertyOf(() => read(JSON.parse('{"__proto__":{"orderId":1},"orderId":null}') as object))).toBe('orderId');
  });
});

describe('translation', () => {
  it.each([
    ['Completed', 'scanned'],
    ['iTero Modeling', 'modeling'],
    ['Lab Review', 'review'],
    ['Scanning', 'rescan'],
    ['iTero Milling', 'milling'],
    ['ITERO MODELING ', 'modeling'],
    ['Align Production', 'other'],
    ['', 'other'],
  ])('puts %s into phase %s', (status, phase) => {
    expect(toPhase(status)).toBe(phase);
  });

  it('has files that are there, the newest of each kind, and leaves unknown kinds out', () => {
    const file = (type: string, day: number, url: string | null = `https://f.example/${type}/${day}`) => ({
      type,
      url,
      modifiedDate: `2026-11-0${day}T00:00:00Z`,
      sizeBytes: -1,
    });
    const { assets } = read({
      assets: [
        file('IDE', 1),
        file('ide', 2),
        file('IMAGE_GALLERY', 1, null),
        file('SCREEN_CAPTURES', 1),
        file('XRAY', 1),
      ],
    });
    expect(assets.map(({ name, url, sizeBytes }) => [name, url, sizeBytes])).toEqual([
      ['ide', 'https://f.example/ide/2', null],
      ['captures', 'https://f.example/SCREEN_CAPTURES/1', null],
    ]);
  });

  it.each([
    ['https://myitero.example/case/1', 'https://myitero.example/case/1'],
    ['javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['/case/1', null],
    [null, null],
  ])('links to MyiTero at %s as %s', (given, wanted) => {
    expect(toWebLink(given)).toBe(wanted);
  });

  it.each([
    ['Element 1', true],
    ['iTero Element 5D', true],
    ['iTero Lumina', true],
    ['Something newer', true],
    [null, true],
    ['iTero', false],
    ['HD2.9', false],
    ['Cadent iOC', false],
  ])('supports scanner model %s: %s', (model, supported) => {
    expect(isSupportedScanner(model)).toBe(supported);
  });

  it('reads tokens without a lifetime as an hour', () => {
    const tokens = readTokens(new TolerantReader('pair', { AccessToken: 'a', refreshToken: 'r' }));
    expect(tokens).toEqual({ accessToken: 'a', refreshToken: 'r', expiresIn: 3600 });
  });
});

describe('writers', () => {
  it('write exactly what the wire knows, and nothing that is not there', () => {
    const patient = { firstName: 'A', lastName: 'B', chartNumber: '7' };
    expect(writeScanRequest({ patient, doctorId: '1', procedureId: '2' })).toEqual({
      patient,
      doctorId: '1',
      procedureId: '2',
    });
  });

  it.each([
    ['1017', 1017],
    ['A-17', 'A-17'],
    ['007', '007'],
    ['9999999999999999999', '9999999999999999999'],
  ])('write account %s as %o', (id, wire) => {
    expect(writePair(id, 'https://x.example')).toEqual({ companyId: wire, callbackUrl: 'https://x.example' });
  });

  it('leave the callback out where the one of the partner registration holds', () => {
    expect(writePair('1017', null)).toEqual({ companyId: 1017 });
  });
});

describe('faults', () => {
  const call = { operation: 'x', write: true };
  const answer = (status: number, text = '', headers: Record<string, string> = {}) =>
    toStatusFault(call, { status, text, headers: new Headers(headers) }, START);

  it('pass on names of fields that look like one, and nothing else of what upstream wrote', () => {
    const fields = ['notes', 'patient.chartNumber', 'teeth[0].adaId', 'Ann Bee is wrong', '<b>', 7, { field: 'shade' }];
    expect(answer(422, JSON.stringify({ error: 'x', message: 'Ann Bee', fields })).fields).toEqual([
      'notes',
      'patient.chartNumber',
      'teeth[0].adaId',
      'shade',
    ]);
    expect(answer(422, JSON.stringify({ fields: { dueDate: 'Ann Bee' } })).fields).toEqual(['dueDate']);
    expect(answer(422, '<html>').fields).toEqual([]);
  });

  it('do not follow a redirect of a call', () => {
    expect(answer(302, '', { location: 'https://x.example' }).kind).toBe('unavailable');
  });

  it.each([
    ['12', 12_000],
    ['0', 0],
    [new Date(START + 5000).toUTCString(), 5000],
    [new Date(START - 5000).toUTCString(), 0],
    ['99999999', 86_400_000],
    ['soon', null],
    ['1.5', null],
    ['-3', null],
    [null, null],
  ])('read Retry-After %s', (value, wanted) => {
    expect(readRetryAfter(new Headers(value === null ? {} : { 'retry-after': value }), START)).toBe(wanted);
  });

  it('read a date in Retry-After by the clock of whoever sent it', () => {
    const theirs = START - 6 * 3_600_000;
    const headers = new Headers({
      date: new Date(theirs).toUTCString(),
      'retry-after': new Date(theirs + 90_000).toUTCString(),
    });
    expect(readRetryAfter(headers, START)).toBe(90_000);
  });

  it.each([
    ['ECONNREFUSED', false],
    ['ENOTFOUND', false],
    ['UND_ERR_CONNECT_TIMEOUT', false],
    ['ECONNRESET', true],
    ['UND_ERR_SOCKET', true],
    ['ETIMEDOUT', true],
  ])('know after %s whether a write may have been done: %s', (code, maybe) => {
    const error = new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
    expect(toNetworkFault(call, error, false)).toMatchObject({ kind: 'unavailable', maybeApplied: maybe });
    expect(toNetworkFault({ ...call, write: false }, error, false).maybeApplied).toBe(false);
  });
});
