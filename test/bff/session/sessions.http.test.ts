import { SignJWT, UnsecuredJWT, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hkdfSync } from 'node:crypto';
import { sessionEndpoint } from '../../../bff/http/endpoint.ts';
import { createSessionTokens } from '../../../bff/session/token.ts';
import { createStand, key, KEYS, post, PUBLIC_URL, verdict, type Stand } from '../http/stand.ts';

const endpoints = [
  sessionEndpoint({
    method: 'get',
    path: '/v1/me',
    summary: 'Who calls',
    scopes: ['scan:read'],
    handle: async ({ principal }) => ({ ...principal }),
  }),
];
let stand: Stand;
beforeAll(async () => {
  stand = await createStand(endpoints);
});
afterAll(() => stand.close());

const me = async (token: string, at: Stand = stand): Promise<Response> =>
  at.app.request('/v1/me', { headers: { authorization: `Bearer ${token}` } });

describe('a minted session', () => {
  it('is a token with exactly the claims of product.md, and nothing of the patient', async () => {
    const minted = await stand.mint({
      patient: { chartNumber: 'Canary-1', firstName: 'Zzyzx', lastName: 'Canary' },
      expiresIn: 600,
    });
    const claims = decodeJwt(minted.session_token);
    expect(Object.keys(claims).sort()).toEqual(
      ['iss', 'aud', 'vendor', 'tenant', 'sub', 'sid', 'jti', 'iat', 'exp', 'livemode', 'scope', 'group', 'v'].sort(),
    );
    expect(claims).toMatchObject({ iss: PUBLIC_URL, vendor: 'molar', tenant: 'riverside', sub: 'u1', sid: minted.id });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(600);
    expect(minted.expires_at).toBe(new Date((claims.exp ?? 0) * 1000).toISOString());
    expect(decodeProtectedHeader(minted.session_token)).toMatchObject({ alg: 'HS256', typ: 'itero-session+jwt' });
    expect(JSON.stringify(claims)).not.toMatch(/Canary|Zzyzx/);
  });

  it('gives the stored person, patient and scopes to the call', async () => {
    const { session_token } = await stand.mint({
      tenant: 'lakeview',
      tenantName: 'Lakeview Dental',
      patient: { chartNumber: 'C-7' },
      components: { scan_inbox: { enabled: true, features: { download: false } }, pair: { enabled: false } },
    });
    expect(await (await me(session_token)).json()).toMatchObject({
      vendor: 'molar',
      tenant: 'lakeview',
      environment: 'sandbox',
      userId: 'u1',
      userName: 'Dr. Day',
      clinicName: 'Lakeview Dental',
      patient: { chartNumber: 'C-7' },
      scopes: ['pair:read', 'scan:read'],
    });
  });

  it('without the scope is told so, never given a part', async () => {
    const { session_token } = await stand.mint({ components: { pair: { enabled: true } } });
    expect(await verdict(me(session_token))).toEqual([403, 'forbidden']);
  });

  it('ends at its time', async () => {
    const own = await createStand(endpoints);
    const { session_token } = await own.mint({ expiresIn: 30 });
    expect((await me(session_token, own)).status).toBe(200);
    await own.clock.advance(30_000);
    expect(await verdict(me(session_token, own))).toEqual([401, 'session_expired']);
    await own.close();
  });

  it('ends at once when it is revoked, and whoever held a stream for it is told', async () => {
    const { id, session_token } = await stand.mint();
    const told: (string | null)[] = [];
    const stop = stand.sessions.onRevoked((sessionId) => told.push(sessionId));
    expect((await me(session_token)).status).toBe(200);
    const gone = await stand.app.request(`/v1/sessions/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${KEYS.molar}` },
    });
    stop();
    expect(gone.status).toBe(204);
    expect(await verdict(me(session_token))).toEqual([401, 'session_expired']);
    expect(await stand.sessions.find(id)).toBeNull();
    expect(told).toEqual([id]);
  });

  it('meets 409 when the service was switched to another environment', async () => {
    const own = await createStand(endpoints);
    const { session_token } = await own.mint();
    own.environment.name = 'production';
    expect(await verdict(me(session_token, own))).toEqual([409, 'environment_changed']);
    await own.close();
  });

  it('outlives a rotation of keys, and not the removal of its key', async () => {
    const now = (): number => stand.clock.now();
    const first = createSessionTokens({ issuer: PUBLIC_URL, encryptionKeys: [key(1)], now });
    const rotated = createSessionTokens({ issuer: PUBLIC_URL, encryptionKeys: [key(2), key(1)], now });
    const later = createSessionTokens({ issuer: PUBLIC_URL, encryptionKeys: [key(2)], now });
    const iat = Math.floor(now() / 1000);
    const claims = {
      vendor: 'molar',
      tenant: 't',
      sub: 'u',
      sid: 's',
      jti: 'j',
      iat,
      exp: iat + 60,
      livemode: false,
      scope: '',
    };
    const token = await first.sign(claims);
    await expect(rotated.verify(token)).resolves.toMatchObject({ sid: 's' });
    await expect(later.verify(token)).rejects.toMatchObject({ code: 'unauthorized' });
  });
});

describe('who may mint and revoke', () => {
  const body = { tenant: 'riverside', user: { id: 'u1' }, components: { pair: { enabled: true } } };
  it.each([
    ['no key', ''],
    ['a wrong key', 'vk_wrong'],
    ['the hash of a key', '0'.repeat(64)],
  ])('not %s', async (_name, presented) => {
    expect(await verdict(stand.app.request('/v1/sessions', post(body, presented)))).toEqual([
      401,
      'vendor_key_refused',
    ]);
  });

  it('not a session token', async () => {
    const { session_token } = await stand.mint();
    expect(await verdict(stand.app.request('/v1/sessions', post(body, session_token)))).toEqual([
      401,
      'vendor_key_refused',
    ]);
  });

  it('another vendor’s session is as unknown as one that never was', async () => {
    const { id } = await stand.mint();
    const remove = (sessionId: string): Promise<[number, string]> =>
      verdict(
        stand.app.request(`/v1/sessions/${sessionId}`, {
          method: 'DELETE',
          headers: { authorization: `Bearer ${KEYS.incisor}` },
        }),
      );
    expect(await remove(id)).toEqual([404, 'not_found']);
    expect(await remove('es_unknown')).toEqual([404, 'not_found']);
    expect(await stand.sessions.find(id)).not.toBeNull();
  });

  it.each([
    ['an empty chart number', { patient: { chartNumber: '  ' } }],
    ['more than an hour', { expiresIn: 3601 }],
    ['a tenant with white space', { tenant: 'a b' }],
    ['no user', { user: {} }],
    ['an unknown kind of component setting', { components: { pair: { enabled: 'yes' } } }],
  ])('%s is refused', async (_name, change) => {
    const answer = stand.app.request('/v1/sessions', post({ ...body, ...change }, KEYS.molar));
    expect(await verdict(answer)).toEqual([400, 'invalid_request']);
  });

  it('a chart the DPMS names in a session is a known chart', async () => {
    await stand.mint({ patient: { chartNumber: 'K-1' } });
    const known = await stand.store.db
      .selectFrom('known_charts')
      .selectAll()
      .where('chart_number', '=', 'K-1')
      .execute();
    expect(known).toMatchObject([{ vendor: 'molar', tenant: 'riverside', environment: 'sandbox' }]);
  });

  it('minting and revoking are in the audit log, without names', async () => {
    const { id } = await stand.mint({ patient: { chartNumber: 'Canary-2', firstName: 'Zzyzx' } });
    const rows = await stand.store.db.selectFrom('audit').selectAll().where('subject', '=', id).execute();
    expect(rows).toMatchObject([{ action: 'session.minted', user_id: 'u1', session_id: id, outcome: 'ok' }]);
    expect(JSON.stringify(rows)).not.toMatch(/Canary|Zzyzx|Day/);
  });
});

describe('forged sessions', () => {
  let genuine: string;
  let claims: Record<string, unknown>;
  let header: { alg: string; typ: string; kid: string };
  /** The real signing secret: the forger of these cases has even that, and still fails. */
  const secret = new Uint8Array(hkdfSync('sha256', key(1), '', 'itero-embed session token v1', 32));
  beforeAll(async () => {
    genuine = (await stand.mint()).session_token;
    claims = decodeJwt(genuine);
    header = decodeProtectedHeader(genuine) as typeof header;
    expect((await me(await sign({}))).status).toBe(200);
  });

  const sign = (
    change: Record<string, unknown>,
    head: Record<string, unknown> = {},
    by: Parameters<SignJWT['sign']>[0] = secret,
  ): Promise<string> => new SignJWT({ ...claims, ...change }).setProtectedHeader({ ...header, ...head }).sign(by);
  const part = (index: number, change: (text: string) => string): string =>
    genuine
      .split('.')
      .map((text, at) => (at === index ? change(text) : text))
      .join('.');
  const raw = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  /** The last character of a 32-byte signature has two spare bits: another spelling of the same bytes. */
  const respell = (text: string): string => {
    const bytes = Buffer.from(text, 'base64url');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const other = alphabet
      .split('')
      .find((letter) => letter !== text.at(-1) && Buffer.from(text.slice(0, -1) + letter, 'base64url').equals(bytes));
    if (other === undefined) throw new Error('no other spelling');
    return text.slice(0, -1) + other;
  };

  const forged: [string, () => string | Promise<string>][] = [
    ['no algorithm', () => new UnsecuredJWT(claims).encode()],
    ['algorithm none with a signature', () => part(0, () => raw({ ...header, alg: 'none' }))],
    ['another HMAC', () => sign({}, { alg: 'HS512' }, new Uint8Array(64).fill(1))],
    ['an EdDSA signature', async () => sign({}, { alg: 'EdDSA' }, (await generateKeyPair('EdDSA')).privateKey)],
    [
      'a key of its own in the header',
      async () => {
        const { privateKey, publicKey } = await generateKeyPair('ES256');
        return sign({}, { alg: 'ES256', jwk: await exportJWK(publicKey) }, privateKey);
      },
    ],
    ['another key', () => sign({}, {}, new Uint8Array(32).fill(9))],
    ['the encryption key itself', () => sign({}, {}, key(1))],
    ['another key id', () => sign({}, { kid: 'other' })],
    ['no key id', () => sign({}, { kid: undefined })],
    ['another type', () => sign({}, { typ: 'JWT' })],
    ['no type', () => sign({}, { typ: undefined })],
    ['another audience', () => sign({ aud: 'somebody' })],
    ['another issuer', () => sign({ iss: 'https://evil.example' })],
    ['no session id', () => sign({ sid: undefined })],
    ['no expiry', () => sign({ exp: undefined })],
    ['not valid yet', () => sign({ nbf: Number(claims['iat']) + 3600 })],
    ['another version', () => sign({ v: 2 })],
    ['another tenant than its session', () => sign({ tenant: 'lakeview' })],
    ['another vendor than its session', () => sign({ vendor: 'incisor' })],
    ['another person than its session', () => sign({ sub: 'u2' })],
    ['a changed payload', () => part(1, () => raw({ ...claims, tenant: 'lakeview' }))],
    ['a signature of nothing', () => part(2, () => '')],
    ['a cut signature', () => part(2, (text) => text.slice(0, -2))],
    ['another spelling of the signature', () => part(2, respell)],
    ['padding', () => part(2, (text) => `${text}=`)],
    ['a line break inside', () => part(1, (text) => `${text.slice(0, 9)}\n${text.slice(9)}`)],
    ['two segments', () => genuine.split('.').slice(0, 2).join('.')],
    ['four segments', () => `${genuine}.AA`],
    ['a megabyte', () => `${'A'.repeat(8_000)}.A.A`],
  ];
  it.each(forged)('with %s are refused', async (_name, make) => {
    const token = await make();
    const answer = await stand.app.request('/v1/me', {
      headers: { authorization: `Bearer ${token.replaceAll('\n', '%0A')}` },
    });
    expect(await verdict(answer)).toEqual([401, 'unauthorized']);
    await expect(stand.sessions.authenticate(token)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('an old one with a good signature is told that it is over', async () => {
    const token = await sign({ iat: 1, exp: 2 });
    expect(await verdict(me(token))).toEqual([401, 'session_expired']);
  });

  it('a good signature for a session that was never stored is no session', async () => {
    expect(await verdict(me(await sign({ sid: 'es_never' })))).toEqual([401, 'session_expired']);
  });

  it.each(['Basic abc', 'Bearer', 'Bearer  ', 'bearer', ''])(
    'an Authorization of "%s" is nobody',
    async (authorization) => {
      expect(await verdict(stand.app.request('/v1/me', { headers: { authorization } }))).toEqual([401, 'unauthorized']);
    },
  );
});
