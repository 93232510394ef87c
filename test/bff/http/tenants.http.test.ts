/** Generated from the endpoint table: every route × the objects of three clinics of two vendors. A new route or parameter fails here until it is known. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAlignCloud, type AlignCloud } from '../../../demo/align-cloud/index.ts';
import type { Endpoint } from '../../../bff/http/endpoint.ts';
import type { ScanDetail, ScanList } from '../../../shared/scan.ts';
import type { ScanRequest } from '../../../shared/scan-request.ts';
import type { WhereAnswer } from '../../../shared/where.ts';
import { CLINICS, startBff, VENDOR_KEYS, type Clinic, type TestBff } from '../../support/bff.ts';

const clinics = Object.keys(CLINICS) as Clinic[];
const pairs = clinics.flatMap((caller) =>
  clinics.filter((owner) => owner !== caller).map((owner) => ({ caller, owner })),
);

/** All that a clinic owns, and what would betray it in an answer to another. */
interface Estate {
  readonly session: { id: string; token: string };
  readonly chart: string;
  readonly lastName: string;
  readonly requestId: string;
  readonly rxId: string;
  readonly orderId: string;
  readonly assetLink: string;
  readonly startTicket: string;
  readonly accountId: string;
}

let cloud: AlignCloud;
let bff: TestBff;
const estates = new Map<Clinic, Estate>();
const estateOf = (clinic: Clinic): Estate => {
  const found = estates.get(clinic);
  if (found === undefined) throw new Error(`no estate of ${clinic}`);
  return found;
};

beforeAll(async () => {
  cloud = await createAlignCloud({
    port: 0,
    cdnPort: 0,
    clock: 'manual',
    seed: 11,
    startAt: Date.UTC(2026, 10, 23, 9),
  });
  bff = await startBff({ cloud });
  for (const [index, clinic] of clinics.entries()) estates.set(clinic, await furnish(clinic, index));
}, 60_000);
afterAll(async () => {
  await bff.stop();
  await cloud.close();
});

/** Pairs, sends a request and scans it, so that every kind of object is there. */
async function furnish(clinic: Clinic, index: number): Promise<Estate> {
  const pairing = await bff.pair(clinic);
  const { id, session_token: token } = await bff.mint(clinic);
  const chart = `Chart-of-${clinic}`;
  const lastName = `Canary-of-${clinic}`;
  const practice = (await (await bff.call(token, 'GET', '/v1/practice')).json()) as { doctors: { id: string }[] };
  const request = (await (
    await bff.call(token, 'POST', '/v1/scan-requests', {
      patient: { firstName: 'Ana', lastName, chartNumber: chart },
      doctorId: practice.doctors[0]?.id,
      procedureId: '1',
      procedureTypeId: '101',
    })
  ).json()) as ScanRequest;
  cloud.perform({ do: 'pick-up', rxId: String(request.rxId) });
  const { finished } = cloud.perform({ do: 'scan', rxId: String(request.rxId) });
  await cloud.clock.advance(1_000);
  await finished;
  await cloud.settled();
  const orderId = await vi.waitFor(
    async () => {
      await cloud.clock.advance(1_000);
      const list = (await (await bff.call(token, 'POST', '/v1/scans/search', {})).json()) as ScanList;
      const [scan] = list.items;
      if (scan === undefined) throw new Error(`the scan of ${clinic} has not arrived`);
      return scan.orderId;
    },
    { timeout: 30_000, interval: 50 },
  );
  const detail = (await (await bff.call(token, 'GET', `/v1/scans/${orderId}`)).json()) as ScanDetail;
  const authorization = await bff.call(token, 'POST', '/v1/pairing/authorizations', {}, { origin: originOf(clinic) });
  const { startUrl } = (await authorization.json()) as { startUrl: string };
  return {
    session: { id, token },
    chart,
    lastName,
    requestId: request.id,
    rxId: String(request.rxId),
    orderId,
    assetLink: lastSegment(detail.assets.ide.link ?? ''),
    startTicket: lastSegment(startUrl),
    accountId: pairing.account?.id ?? String(index),
  };
}

const originOf = (clinic: Clinic): string =>
  CLINICS[clinic].vendor === 'molar' ? 'https://dpms.molar.example' : 'https://incisor.example';
const lastSegment = (path: string): string => path.split('?')[0]?.split('/').at(-1) ?? '';

/** A parameter's value: the owner's object, or one that nobody has but that looks alike. */
const PARAMETERS: Record<string, { of(owner: Estate, clinic: Clinic): string; unknown: string }> = {
  'POST /v1/scans/:orderId/read orderId': { of: (owner) => owner.orderId, unknown: '999999999' },
  'GET /v1/scans/:orderId orderId': { of: (owner) => owner.orderId, unknown: '999999999' },
  'GET /v1/scans/:orderId/rx orderId': { of: (owner) => owner.orderId, unknown: '999999999' },
  'GET /v1/server/:tenant/scans/:orderId orderId': { of: (owner) => owner.orderId, unknown: '999999999' },
  'GET /v1/server/:tenant/scans/:orderId tenant': { of: (_, clinic) => CLINICS[clinic].tenant, unknown: 'nowhere' },
  'GET /v1/ledger tenant': { of: (_, clinic) => CLINICS[clinic].tenant, unknown: 'nowhere' },
  'GET /v1/audit tenant': { of: (_, clinic) => CLINICS[clinic].tenant, unknown: 'nowhere' },
  'GET /v1/server/:tenant/scans tenant': { of: (_, clinic) => CLINICS[clinic].tenant, unknown: 'nowhere' },
  'DELETE /v1/scan-requests/:id id': { of: (owner) => owner.requestId, unknown: 'rq_AAAAAAAAAAAAAAAAAAAA' },
  'DELETE /v1/sessions/:id id': { of: (owner) => owner.session.id, unknown: 'es_AAAAAAAAAAAAAAAAAAAAAAAA' },
};

/** Bodies that name the owner's objects wherever the route lets them be named. */
const BODIES: Record<string, (owner: Estate) => unknown> = {
  'POST /v1/pairing/authorizations': () => ({}),
  'PUT /v1/pairing': (owner) => ({ accountId: owner.accountId }),
  'POST /v1/scan-requests': (owner) => ({
    patient: { firstName: 'Ana', lastName: owner.lastName, chartNumber: owner.chart },
    doctorId: 'nobody',
    procedureId: '1',
  }),
  'POST /v1/scan-requests/check': (owner) => ({
    patient: { firstName: 'Ana', lastName: owner.lastName, chartNumber: owner.chart },
  }),
  'POST /v1/scan-requests/search': (owner) => ({ chartNumber: owner.chart }),
  'POST /v1/scans/search': (owner) => ({ chartNumber: owner.chart }),
  'POST /v1/scans/where': (owner) => ({ text: owner.rxId }),
  'POST /v1/scans/:orderId/read': () => ({ version: 'any' }),
  'PATCH /v1/patients': (owner) => ({
    chartNumber: owner.chart,
    firstName: 'Ana',
    lastName: owner.lastName,
    newFirstName: 'X',
    newLastName: 'Y',
  }),
  'POST /v1/sessions': () => ({ tenant: 'somewhere', user: { id: 'u' }, components: { pair: { enabled: true } } }),
};

/** They change the caller's own clinic and name no object of another's: covered by the tests of pairing. */
const OWN_ALONE = new Set(['DELETE /v1/pairing', 'DELETE /v1/pairing/login', 'PUT /v1/pairing']);

const keyOf = (endpoint: Endpoint): string => `${endpoint.method.toUpperCase()} ${endpoint.path}`;
const queryOf = (endpoint: Endpoint): string[] =>
  endpoint.kind === 'raw' && endpoint.query?.['tenant'] !== undefined ? ['tenant'] : [];
const parametersOf = (endpoint: Endpoint): string[] => [
  ...[...endpoint.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? ''),
  ...queryOf(endpoint),
];

function parameter(endpoint: Endpoint, name: string): (typeof PARAMETERS)[string] {
  const found = PARAMETERS[`${keyOf(endpoint)} ${name}`];
  if (found === undefined) throw new Error(`the test does not know what ${name} of ${keyOf(endpoint)} is: add it`);
  return found;
}

function pathOf(endpoint: Endpoint, value: (name: string) => string): string {
  const path = endpoint.path.replaceAll(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => encodeURIComponent(value(name)));
  const query = queryOf(endpoint).map((name) => `${name}=${encodeURIComponent(value(name))}`);
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}

/** They are asked for by the clinic alone. */
const BY_TENANT = new Set(['GET /v1/server/:tenant/scans', 'GET /v1/ledger', 'GET /v1/audit']);

function ask(endpoint: Endpoint, caller: Clinic, path: string, owner: Estate): Promise<Response> {
  const hasBody = endpoint.kind === 'json' && endpoint.body !== null;
  const body = BODIES[keyOf(endpoint)];
  if (hasBody && body === undefined) throw new Error(`the test does not know a body of ${keyOf(endpoint)}: add one`);
  const token = endpoint.auth === 'vendor' ? VENDOR_KEYS[CLINICS[caller].vendor] : estateOf(caller).session.token;
  return bff.call(token, endpoint.method.toUpperCase(), path, hasBody ? body?.(owner) : undefined, {
    origin: originOf(caller),
  });
}

const betrays = (text: string, owner: Estate): string[] =>
  [owner.lastName, owner.requestId, owner.rxId, owner.orderId, owner.session.id].filter((mark) => text.includes(mark));

/** The problem without what differs from call to call. */
async function likeness(answer: Response): Promise<unknown> {
  const { requestId, ...problem } = (await answer.json()) as Record<string, unknown>;
  const headers = Object.fromEntries(
    [...answer.headers].filter(([name]) => !['date', 'x-request-id', 'connection', 'keep-alive'].includes(name)),
  );
  return { status: answer.status, known: typeof requestId, problem, headers };
}

describe('the estates', () => {
  it('are there, so that the rest can fail', async () => {
    for (const clinic of clinics) {
      const estate = estateOf(clinic);
      const { session } = estate;
      expect((await bff.call(session.token, 'GET', `/v1/scans/${estate.orderId}`)).status).toBe(200);
      expect(estate.assetLink.length).toBeGreaterThan(20);
    }
    expect(new Set([...estates.values()].map((estate) => estate.orderId)).size).toBe(3);
  });
});

describe.each(pairs)('$caller, with what belongs to $owner', ({ caller, owner }) => {
  it('gets the same 404 as with an unknown id, on every route that names an object', async () => {
    const named = bff.bff.endpoints.filter((endpoint) => endpoint.auth !== 'open' && parametersOf(endpoint).length > 0);
    expect(named.length).toBeGreaterThanOrEqual(6);
    for (const endpoint of named) {
      const estate = estateOf(owner);
      const sameVendor = CLINICS[caller].vendor === CLINICS[owner].vendor;
      // A vendor key opens all clinics of its vendor: between them there is nothing to guard.
      if (endpoint.auth === 'vendor' && sameVendor) continue;
      const theirs = pathOf(endpoint, (name) => parameter(endpoint, name).of(estate, owner));
      const unknown = pathOf(endpoint, (name) =>
        name === 'tenant' ? CLINICS[owner].tenant : parameter(endpoint, name).unknown,
      );
      const answer = await ask(endpoint, caller, theirs, estate);
      if (BY_TENANT.has(keyOf(endpoint))) {
        // The tenant ids of two vendors are two worlds: the caller sees its own clinic of that name, if it has one.
        expect(betrays(await answer.text(), estate), keyOf(endpoint)).toEqual([]);
        continue;
      }
      expect(answer.status, keyOf(endpoint)).toBe(404);
      expect(await likeness(answer), keyOf(endpoint)).toEqual(
        await likeness(await ask(endpoint, caller, unknown, estate)),
      );
    }
  });

  it('learns nothing of it on any route that names none', async () => {
    const others = bff.bff.endpoints.filter(
      (endpoint) =>
        endpoint.auth === 'session' &&
        endpoint.kind === 'json' &&
        parametersOf(endpoint).length === 0 &&
        !OWN_ALONE.has(keyOf(endpoint)),
    );
    expect(others.length).toBeGreaterThanOrEqual(8);
    for (const endpoint of others) {
      const estate = estateOf(owner);
      const answer = await ask(endpoint, caller, endpoint.path, estate);
      const text = await answer.text();
      expect(betrays(text, estate), keyOf(endpoint)).toEqual([]);
      if (keyOf(endpoint).endsWith('/search')) expect(JSON.parse(text)).toMatchObject({ items: [] });
      if (keyOf(endpoint).endsWith('/where')) {
        expect((JSON.parse(text) as WhereAnswer).findings.map(({ rule }) => rule)).toEqual(['unknown']);
      }
      if (keyOf(endpoint).endsWith('/check')) expect(JSON.parse(text)).toMatchObject({ verdict: 'unknown' });
    }
  });

  it('cannot take its Align account, and is told nobody’s name', async () => {
    const { session } = estateOf(caller);
    const answer = await bff.call(session.token, 'PUT', '/v1/pairing', { accountId: estateOf(owner).accountId });
    const text = await answer.text();
    expect([409, 404, 400, 422]).toContain(answer.status);
    expect(text).not.toMatch(new RegExp(`${CLINICS[owner].vendor}|${estateOf(owner).lastName}`));
  });
});

describe('what opens by a secret in its address', () => {
  const open = (): Endpoint[] =>
    bff.bff.endpoints.filter((endpoint) => endpoint.auth === 'open' && parametersOf(endpoint).length > 0);

  const withOtherEnd = (link: string): string => `${link.slice(0, -1)}${link.endsWith('A') ? 'E' : 'A'}`;

  it('is refused alike for every secret that is none', async () => {
    expect(open().length).toBeGreaterThanOrEqual(3);
    for (const endpoint of open()) {
      const seen = new Set<number>();
      for (const guess of [
        'x',
        'A'.repeat(43),
        withOtherEnd(estateOf('riverside').assetLink),
        estateOf('lakeview').orderId,
      ]) {
        const answer = await fetch(
          new URL(
            pathOf(endpoint, () => guess),
            bff.url,
          ),
          {
            method: endpoint.method.toUpperCase(),
            ...(endpoint.method === 'post'
              ? { body: '{"rxId":"x","accountNumber":"1"}', headers: { 'content-type': 'application/json' } }
              : {}),
          },
        );
        await answer.text();
        expect(answer.status, keyOf(endpoint)).toBeGreaterThanOrEqual(400);
        expect(answer.status, keyOf(endpoint)).toBeLessThan(500);
        seen.add(answer.status);
      }
      expect([...seen], keyOf(endpoint)).toHaveLength(1);
    }
  });
});

describe('a table for vendors', () => {
  const tables = ['/v1/ledger', '/v1/audit'];
  const page = async (clinic: Clinic, path: string, query: string) => {
    const { vendor, tenant } = CLINICS[clinic];
    return bff.call(VENDOR_KEYS[vendor], 'GET', `${path}?tenant=${tenant}&${query}`);
  };

  it.each(tables)(
    '%s takes a cursor of another clinic for a place in its own, and tells nothing of theirs',
    async (path) => {
      const theirs = (await (await page('lakeview', path, 'limit=1')).json()) as { nextCursor: string | null };
      const place = theirs.nextCursor ?? Buffer.from('[9000000000000,"z","z","z"]').toString('base64url');
      for (const clinic of ['riverside', 'namesake'] as const) {
        const answer = await page(clinic, path, `cursor=${place}`);
        const text = await answer.text();
        expect(answer.status).toBe(200);
        expect(betrays(text, estateOf('lakeview'))).toEqual([]);
      }
    },
  );

  it.each(tables)('%s refuses what is no cursor, no time, no number and no clinic', async (path) => {
    const bad = ['[]', '["9"]', '[1e400,1]', 'null', '[9007199254740993,"","",""]', '{"at":1}'];
    const queries = [
      ...bad.map((text) => `cursor=${Buffer.from(text).toString('base64url')}`),
      `cursor=${'A'.repeat(600)}`,
      'from=yesterday',
      'from=2026-11-31T25:00:00Z',
      'limit=0',
      'limit=1001',
      'limit=-1',
      'format=xlsx',
      'from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z',
    ];
    for (const query of queries) expect([query, (await page('riverside', path, query)).status]).toEqual([query, 400]);
    const nobody = await bff.call(VENDOR_KEYS.molar, 'GET', `${path}?tenant=river%00side`);
    expect(nobody.status).toBe(400);
  });

  it.each(tables)('%s takes any time there is, and a clinic with NUL in its cursor', async (path) => {
    const nul = path === '/v1/audit' ? '[0,0]' : '[9000000000000000,"\\u0000","\\ud800","x"]';
    const place = Buffer.from(nul).toString('base64url');
    for (const query of [
      'from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59.999Z',
      'from=2026-02-31T00:00:00Z',
      `cursor=${place}`,
    ]) {
      expect([query, (await page('riverside', path, query)).status]).toEqual([query, 200]);
    }
  });

  it.each(tables)('%s as CSV holds what is the caller’s alone, whatever its headers say', async (path) => {
    for (const caller of ['riverside', 'namesake'] as const) {
      const { vendor, tenant } = CLINICS[caller];
      const answer = await bff.call(VENDOR_KEYS[vendor], 'GET', `${path}?tenant=${tenant}`, undefined, {
        accept: 'text/csv;q=0.1, */*',
        'x-forwarded-host': 'evil.example',
        range: 'bytes=0-1',
        origin: 'https://evil.example',
      });
      const text = await answer.text();
      expect(answer.status).toBe(200);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="(ledger|audit)\.csv"$/);
      const [, ...lines] = text.trimEnd().split('\r\n');
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.filter((line) => !line.startsWith(`${tenant},simulator,`))).toEqual([]);
      for (const clinic of clinics) if (clinic !== caller) expect(betrays(text, estateOf(clinic))).toEqual([]);
    }
  });

  it.each(tables)('%s tells a HEAD what it would be, and no fault on the terminal', async (path) => {
    const terminal = vi.spyOn(console, 'error');
    const url = `${path}?tenant=riverside&format=csv`;
    const [head, whole] = [
      await bff.call(VENDOR_KEYS.molar, 'HEAD', url),
      await bff.call(VENDOR_KEYS.molar, 'GET', url),
    ];
    await whole.text();
    expect(head.headers.get('content-disposition')).toBe(whole.headers.get('content-disposition'));
    expect(terminal).not.toHaveBeenCalled();
    terminal.mockRestore();
  });

  it('is not there for sessions, nor for one that only looks at the address of a stream', async () => {
    const { token } = estateOf('riverside').session;
    for (const path of tables) expect((await bff.call(token, 'GET', `${path}?tenant=riverside`)).status).toBe(401);
    const head = await bff.call(token, 'HEAD', '/v1/events');
    expect([head.status, head.headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
    expect(bff.bff.endpoints.filter(({ path }) => path === '/v1/events')).toHaveLength(1);
  });
});

describe('without any credential', () => {
  it('every route but the open ones is closed', async () => {
    for (const endpoint of bff.bff.endpoints.filter((one) => one.auth !== 'open')) {
      const path = pathOf(endpoint, (name) => parameter(endpoint, name).of(estateOf('riverside'), 'riverside'));
      const answer = await fetch(new URL(path, bff.url), { method: endpoint.method.toUpperCase() });
      expect([answer.status, keyOf(endpoint)]).toEqual([401, keyOf(endpoint)]);
      await answer.text();
    }
  });
});
