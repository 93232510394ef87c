/** The HTTP surface over real sessions and a real store, with endpoints of the test's own and nothing of Align. */
import { createHash } from 'node:crypto';
import { createAudit } from '../../../bff/audit/index.ts';
import type { Log } from '../../../bff/deps.ts';
import { createAuthenticator } from '../../../bff/http/authenticate.ts';
import type { Endpoint } from '../../../bff/http/endpoint.ts';
import { createIdempotency } from '../../../bff/http/idempotency.ts';
import { createHttp } from '../../../bff/http/index.ts';
import { createMetrics } from '../../../bff/http/metrics.ts';
import { Draining } from '../../../bff/http/server.ts';
import { createSessionEndpoints } from '../../../bff/session/endpoints.ts';
import { createSessions } from '../../../bff/session/sessions.ts';
import { createSessionTokens } from '../../../bff/session/token.ts';
import { findVendorByKey } from '../../../bff/session/vendor-keys.ts';
import { createVendors } from '../../../bff/vendors.ts';
import type { MintedSession, MintSession } from '../../../shared/session.ts';
import { createSystemRandom } from '../../../bff/clock.ts';
import { handClock, openTestStore, silent } from '../support/fixtures.ts';

export const PUBLIC_URL = 'https://bff.example';
export const KEYS = { molar: 'vk_molar_secret', incisor: 'vk_incisor_secret' } as const;
export const ORIGINS = {
  molar: ['https://dpms.molar.example', 'https://beta.molar.example'],
  incisor: ['https://incisor.example'],
};

export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');
export const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

export async function createStand(
  endpoints: Endpoint[] = [],
  options: { embedDirectory?: string; log?: Log; encryptionKeys?: Uint8Array[]; version?: string } = {},
) {
  const clock = handClock();
  const store = await openTestStore(clock);
  const log = options.log ?? silent;
  const random = createSystemRandom();
  const environment = { name: 'sandbox', livemode: false };
  const vendors = createVendors([
    { id: 'molar', name: 'Molar', apiKeyHashes: [hashOf(KEYS.molar)], allowedOrigins: ORIGINS.molar },
    { id: 'incisor', name: 'Incisor', apiKeyHashes: [hashOf(KEYS.incisor)], allowedOrigins: ORIGINS.incisor },
  ]);
  const tokens = createSessionTokens({
    issuer: PUBLIC_URL,
    encryptionKeys: options.encryptionKeys ?? [key(1)],
    now: () => clock.now(),
  });
  const sessions = createSessions({ store, tokens, audit: createAudit(clock), clock, random, log });
  const idempotency = createIdempotency(store, clock);
  const draining = new Draining();
  const app = createHttp({
    endpoints: [...createSessionEndpoints({ sessions, vendors, environment: () => environment }), ...endpoints],
    authenticator: createAuthenticator({
      sessions,
      vendors,
      findVendorByKey: (presented) => findVendorByKey(vendors, presented),
      environment: () => environment.name,
    }),
    idempotency,
    vendors,
    store,
    metrics: createMetrics({ process: false, clock }),
    openMetrics: true,
    draining,
    map: () => null,
    clock,
    random,
    log,
    publicUrl: PUBLIC_URL,
    version: options.version ?? '1.2.3',
    embedDirectory: options.embedDirectory ?? '/nowhere',
    verifyAnswers: true,
  });

  return {
    app,
    store,
    clock,
    sessions,
    idempotency,
    draining,
    environment,
    close: () => store.close(),
    async mint(wish: Partial<MintSession> = {}, apiKey: string = KEYS.molar): Promise<MintedSession> {
      const body: MintSession = {
        tenant: 'riverside',
        user: { id: 'u1', displayName: 'Dr. Day' },
        components: { pair: { enabled: true }, scan_request: { enabled: true }, scan_inbox: { enabled: true } },
        expiresIn: 900,
        ...wish,
      };
      const answer = await app.request('/v1/sessions', post(body, apiKey));
      if (answer.status !== 201) throw new Error(`mint: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as MintedSession;
    },
  };
}

export type Stand = Awaited<ReturnType<typeof createStand>>;

export function post(body: unknown, token: string, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

/** Status and problem code of an answer. */
export async function verdict(answer: Response | Promise<Response>): Promise<[number, string]> {
  const response = await answer;
  const body = (await response.json()) as { code?: string };
  return [response.status, body.code ?? ''];
}
