import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLogSchema, type AuditLog } from '../../../shared/audit.ts';
import { ledgerSchema, type Ledger } from '../../../shared/ledger.ts';
import { parse } from '../../../shared/parse.ts';
import type { Problem } from '../../../shared/problem.ts';
import { CLINICS, startBff, VENDOR_KEYS, type Clinic, type TestBff } from '../../support/bff.ts';
import { connectionRow, START } from '../support/fixtures.ts';

const MANY = 2300;
let bff: TestBff;

beforeAll(async () => {
  bff = await startBff();
  await furnish('riverside', '1017', MANY);
  await furnish('namesake', '1023', 3);
  await bff.mint('riverside');
}, 30_000);
afterAll(() => bff.stop());

/** Versions of one case a minute; every tenth in pairs that were seen in the same millisecond. */
async function furnish(clinic: Clinic, accountId: string, count: number): Promise<void> {
  const key = { ...CLINICS[clinic], environment: 'simulator' };
  const connection = connectionRow({
    ...key,
    account_id: accountId,
    account_name: 'Name-of-a-clinic',
    last_notification_at: START,
  });
  const rows = Array.from({ length: count }, (_, index) => ({
    ...key,
    account_id: accountId,
    order_id: String(100_000 + index),
    version: `${index % 7 === 0 ? '-' : 'v'}${index}`,
    number: 1,
    status: index === 0 ? '=HYPERLINK("http://x";"a")' : 'Completed',
    phase: 'scanned',
    modified_at: START,
    due_at: START + Math.floor(index / 10) * 60_000,
    seen_at: START + Math.floor(index / 10) * 60_000 + 1500,
    learnt_by: index % 2 === 0 ? 'notification' : 'poll',
    notified_at: index % 2 === 0 ? START : null,
    changed: '[]',
  }));
  await bff.bff.store.write(async (tx) => {
    await tx.insertInto('connections').values(connection).execute();
    for (let at = 0; at < rows.length; at += 500)
      await tx
        .insertInto('scan_versions')
        .values(rows.slice(at, at + 500))
        .execute();
    await tx
      .insertInto('scan_counters')
      .values({
        ...key,
        account_id: accountId,
        total: count,
        unmatched: 0,
        arrived: count,
        by_notification: count - 2,
        recovered: 2,
      })
      .execute();
  });
}

const ask = (path: string, headers: Record<string, string> = {}, key: string = VENDOR_KEYS.molar) =>
  bff.call(key, 'GET', path, undefined, headers);
async function ledger(query: string): Promise<Ledger> {
  const answer = await ask(`/v1/ledger?${query}`);
  const parsed = parse(ledgerSchema, await answer.json());
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}
const recordsOf = (csv: string): string[][] =>
  csv
    .split('\r\n')
    .slice(0, -1)
    .map((line) => line.split(','));

describe('GET /v1/ledger', () => {
  it('sums up each account and lists versions, newest first, ids and times alone', async () => {
    const { tenant, environment, accounts, entries, nextCursor } = await ledger('tenant=riverside&limit=2');
    expect({ tenant, environment }).toEqual({ tenant: 'riverside', environment: 'simulator' });
    expect(accounts).toMatchObject([
      {
        accountId: '1017',
        state: 'paired',
        callback: 'registered',
        lastNotificationAt: new Date(START).toISOString(),
        lastFullCheckAt: null,
        summary: { cases: MANY, byNotification: MANY - 2, recovered: 2, backfilled: 0, behind: true },
      },
    ]);
    expect(entries).toHaveLength(2);
    expect(entries[0]).toMatchObject({
      accountId: '1017',
      orderId: String(100_000 + MANY - 1),
      learntBy: 'poll',
      notifiedAt: null,
      delaySeconds: 1.5,
    });
    expect(nextCursor).not.toBeNull();
  });

  it('pages through every version once, also those that were seen in one millisecond', async () => {
    const seen: string[] = [];
    let query = 'tenant=riverside&limit=1000';
    for (let page = await ledger(query); ; page = await ledger(`${query}&cursor=${page.nextCursor}`)) {
      seen.push(...page.entries.map(({ orderId }) => orderId));
      if (page.nextCursor === null) break;
    }
    expect(seen).toHaveLength(MANY);
    expect(new Set(seen).size).toBe(MANY);
  });

  it('takes from and to, both inclusive, by when they were seen', async () => {
    const at = new Date(START + 61_500).toISOString();
    const { entries, nextCursor } = await ledger(`tenant=riverside&from=${at}&to=${at}&limit=1000`);
    expect(entries).toHaveLength(10);
    expect(new Set(entries.map(({ seenAt }) => seenAt))).toEqual(new Set([at]));
    expect(nextCursor).toBeNull();
  });

  it.each([
    ['by Accept', '/v1/ledger?tenant=riverside', { accept: 'text/csv' }],
    ['by format', '/v1/ledger?tenant=riverside&format=csv', {}],
  ])('gives every row as CSV %s, over many pages of the store', async (_, path, headers) => {
    const answer = await ask(path, headers);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="ledger.csv"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const text = await answer.text();
    const [header, ...rows] = recordsOf(text);
    expect(header?.slice(0, 6)).toEqual(['tenant', 'environment', 'account_id', 'order_id', 'version', 'number']);
    expect(rows).toHaveLength(MANY);
    expect(new Set(rows.map((row) => row[3])).size).toBe(MANY);
  });

  it('leaves nothing in the CSV that a spreadsheet would run, and keeps RFC 4180', async () => {
    const text = await (await ask('/v1/ledger?tenant=riverside&format=csv')).text();
    expect(text).toContain(`,"'=HYPERLINK(""http://x"";""a"")",scanned,`);
    expect(text).toContain(`,'-7,1,Completed,`);
    expect(text).not.toMatch(/(^|,|\n)"?[=+@-][A-Za-z0-9]/);
    expect(text.endsWith('\r\n')).toBe(true);
  });

  it('answers the format that is asked for when both are named', async () => {
    const answer = await ask('/v1/ledger?tenant=riverside&format=json&limit=1', { accept: 'text/csv' });
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    await answer.text();
  });

  it('holds no name of a clinic or a patient', async () => {
    for (const format of ['json', 'csv']) {
      expect(await (await ask(`/v1/ledger?tenant=riverside&format=${format}`)).text()).not.toContain(
        'Name-of-a-clinic',
      );
    }
  });
});

describe('GET /v1/audit', () => {
  it('tells who did what, newest first, and that somebody asked', async () => {
    await (await ask('/v1/ledger?tenant=riverside&limit=1')).text();
    const answer = await ask('/v1/audit?tenant=riverside&limit=2');
    const parsed = parse(auditLogSchema, await answer.json());
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    const log: AuditLog = parsed.value;
    expect(log.entries).toMatchObject([
      { userId: 'vendor', action: 'audit.read', outcome: 'ok', subject: null },
      { userId: 'vendor', action: 'ledger.read', outcome: 'ok' },
    ]);
    const rest = (await (
      await ask(`/v1/audit?tenant=riverside&limit=1000&cursor=${log.nextCursor}`)
    ).json()) as AuditLog;
    expect(rest.entries.at(-1)).toMatchObject({ action: 'session.minted', userId: 'u-dentist' });
    expect(rest.nextCursor).toBeNull();
  });

  it('gives every row as CSV', async () => {
    const text = await (await ask('/v1/audit?tenant=riverside', { accept: 'text/csv' })).text();
    const [header, ...rows] = recordsOf(text);
    expect(header).toEqual(['tenant', 'environment', 'at', 'user_id', 'session_id', 'action', 'subject', 'outcome']);
    expect(rows.length).toBeGreaterThan(2);
    expect(text).not.toContain('Dr. Day');
  });
});

describe.each(['/v1/ledger', '/v1/audit'])('%s refuses', (path) => {
  it.each([
    ['no tenant', '', 'tenant'],
    ['a time that is none', 'tenant=riverside&from=yesterday', 'from'],
    ['an end before its beginning', 'tenant=riverside&from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z', 'to'],
    ['a limit over a thousand', 'tenant=riverside&limit=1001', 'limit'],
    ['another format', 'tenant=riverside&format=xml', 'format'],
  ])('%s, by the name of the parameter', async (_, query, field) => {
    const answer = await ask(`${path}?${query}`);
    expect(answer.status).toBe(400);
    const problem = (await answer.json()) as Problem;
    expect(problem).toMatchObject({ code: 'invalid_request', errors: [{ path: field }] });
    expect(JSON.stringify(problem)).not.toContain('yesterday');
  });

  it('a cursor that was not made here', async () => {
    const answer = await ask(`${path}?tenant=riverside&cursor=nonsense`);
    expect([answer.status, ((await answer.json()) as Problem).code]).toEqual([400, 'invalid_cursor']);
  });

  it('an unknown clinic, and one of another vendor, alike', async () => {
    const likeness = async (answer: Response) => {
      const { requestId: _, ...problem } = (await answer.json()) as Problem;
      return { status: answer.status, problem };
    };
    const unknown = await likeness(await ask(`${path}?tenant=nowhere`));
    expect(unknown).toMatchObject({ status: 404, problem: { code: 'not_found' } });
    expect(await likeness(await ask(`${path}?tenant=riverside`, {}, VENDOR_KEYS.incisor))).toEqual(unknown);
    expect(await likeness(await ask(`${path}?tenant=nowhere&format=csv`))).toEqual(unknown);
  });

  it('a session token, and nothing at all', async () => {
    const { session_token } = await bff.mint('riverside');
    for (const token of [session_token, '']) {
      const answer = await ask(`${path}?tenant=riverside`, {}, token);
      expect(answer.status).toBe(401);
      await answer.text();
    }
  });
});

it('each vendor sees its own clinic of a name that both have', async () => {
  const answer = await ask('/v1/ledger?tenant=lakeview', {}, VENDOR_KEYS.incisor);
  expect(((await answer.json()) as Ledger).accounts.map(({ accountId }) => accountId)).toEqual(['1023']);
  expect((await ask('/v1/ledger?tenant=lakeview')).status).toBe(404);
});

it('both are in OpenAPI with their parameters and both forms', async () => {
  const api = (await (await fetch(new URL('/openapi.json', bff.url))).json()) as {
    paths: Record<
      string,
      { get: { parameters: { name: string; in: string }[]; responses: Record<string, { content: object }> } }
    >;
  };
  for (const path of ['/v1/ledger', '/v1/audit']) {
    const operation = api.paths[path]?.get;
    expect(operation?.parameters.map(({ name }) => name)).toEqual([
      'tenant',
      'from',
      'to',
      'cursor',
      'limit',
      'format',
    ]);
    expect(Object.keys(operation?.responses['2XX']?.content ?? {})).toEqual(['application/json', 'text/csv']);
  }
});
