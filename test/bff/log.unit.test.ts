import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { ProblemError } from '../../bff/http/problem-error.ts';
import { createLog, type Destination } from '../../bff/log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  write(createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } }));
  return lines.join('');
}

describe('the log', () => {
  it.each([
    ['a name', { patient: { firstName: 'Canary' } }],
    ['a chart number', { request: { chart_number: 'Canary' } }],
    ['a chart number in a list', { rows: [{ chartNumber: 'Canary' }] }],
    ['a birth date', { dateOfBirth: 'Canary' }],
    ['the name of a person of the clinic', { userName: 'Canary' }],
    ['a token', { access_token: 'Canary' }],
    ['a header', { headers: { authorization: 'Canary' } }],
    ['notes', { draft: { notes: 'Canary' } }],
    ['a bearer in a text', { reason: 'sent with Bearer Canary' }],
    ['a session token in a text', { reason: 'eyJhbGciOiJIUzI1NiJ9.eyJDYW5hcnkiOjF9.Canary' }],
    ['a callback token in a path', { reason: 'POST /v1/callbacks/Canary' }],
    ['a partner callback token in a path', { reason: 'POST /v1/callbacks/partner/Canary' }],
    ['a code in a query', { reason: 'GET /v1/pairing/callback?state=1&code=Canary' }],
    ['a parser that quotes its input', { error: parseError('{"firstName":"Canary"') }],
    ['a cause that quotes its input', { error: new ProblemError('internal', {}, parseError('Canary')) }],
    ['an error of no class', { error: new Error('no patient Canary') }],
    [
      'a message whose lines look like frames',
      { error: new Error('no patient\n    at Canary (a.ts:1:1)\n  at Canary') },
    ],
    ['what a database says of a row', { error: databaseError() }],
    ['the password of a database in a text', { reason: 'postgres://itero:Canary@db/itero cannot be reached' }],
    ['one that holds a colon', { reason: 'postgresql://itero:x:Canary@db' }],
    ['one in a query', { reason: 'postgres:///itero?host=/run&password=Canary' }],
    ['bytes', { bytes: Buffer.from('Canary') }],
  ])('does not write %s', (_name, fields) => {
    const text = logged((log) => log.info(fields, 'something'));
    expect(text).toContain('"msg":"something"');
    expect(text).not.toMatch(/Canary/);
  });

  it('writes what an operator needs: class, code, frames, ids', () => {
    const line = JSON.parse(
      logged((log) =>
        log
          .child({ requestId: 'req_1' })
          .error({ error: new TypeError('x is not a function'), vendor: 'molar' }, 'unexpected fault'),
      ),
    ) as { error: { stack: string[] } };
    expect(line).toMatchObject({
      requestId: 'req_1',
      vendor: 'molar',
      error: { class: 'TypeError', message: 'x is not a function' },
    });
    expect(line.error.stack[0]).toContain('log.unit.test.ts');
  });

  it('writes route patterns as they are', () => {
    expect(logged((log) => log.info({ route: '/v1/callbacks/:token' }, 'answered'))).toContain('/v1/callbacks/:token');
  });
});

describe('the end of the log', () => {
  type Done = (error?: NodeJS.ErrnoException | null) => void;
  function endedBy(flush: (done: Done) => void): { given: () => boolean; flush: () => Promise<boolean> } {
    let given = false;
    const destination = { write: () => undefined, flush, destroy: () => void (given = true) };
    const log = createLog({ level: 'debug', destination: destination satisfies Destination });
    return { given: () => given, flush: () => log.flush() };
  }
  const fault = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code });

  it.each([
    ['lines that are written', null, false],
    ['a pipe, which refuses an fsync', fault('EINVAL'), false],
    ['a full disk, which is given up', fault('ENOSPC'), true],
  ])('comes with %s', async (_name, error, given) => {
    const end = endedBy((done) => setImmediate(() => done(error)));
    expect(await end.flush()).toBe(true);
    expect(end.given()).toBe(given);
  });

  it('comes after a second where nothing is ever written, and the lines are given up', async () => {
    vi.useFakeTimers();
    try {
      const end = endedBy(() => undefined);
      const flushed = end.flush();
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await flushed).toBe(false);
      expect(end.given()).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a log that nobody reads', () => {
  it('keeps four megabytes of lines and no more', async () => {
    const program = fileURLToPath(new URL('../../bff/log.ts', import.meta.url));
    const child = spawn(process.execPath, ['--input-type=module', '-e', WRITES_EIGHT_MEGABYTES], {
      env: { LOG_MODULE: program },
    });
    await new Promise((resolve) => child.stderr.once('data', resolve));
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    expect(text.length).toBeLessThan(4_500_000);
    const lines = text.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(3_000);
    expect(lines.filter((line) => !line.endsWith('"msg":"something"}'))).toEqual([]);
  });
});

const WRITES_EIGHT_MEGABYTES = `
  const { createLog } = await import(process.env.LOG_MODULE);
  const log = createLog({ level: 'info' });
  const filling = 'x'.repeat(1000);
  for (let index = 0; index < 8000; index += 1) log.info({ filling }, 'something');
  process.stderr.write('written');`;

/** As pg makes it of a unique violation: message, detail and where quote values. */
function databaseError(): unknown {
  const said = new pg.DatabaseError('invalid input syntax for type bigint: "Canary"', 1, 'error');
  const detail = 'Key (chart_number)=(Canary) already exists.';
  return Object.assign(said, { code: '23505', detail, where: 'unnamed portal parameter $1 = Canary', hint: 'Canary' });
}

function parseError(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}
