/** The HTTP surface with pairing alone, before the simulator of Align's cloud. */
import { createAudit } from '../../../bff/audit/index.ts';
import { AlignFault } from '../../../bff/align/index.ts';
import { createSystemRandom } from '../../../bff/clock.ts';
import { createEventLog, type CommittedEvent } from '../../../bff/events/index.ts';
import { createAuthenticator } from '../../../bff/http/authenticate.ts';
import { createIdempotency } from '../../../bff/http/idempotency.ts';
import { createHttp } from '../../../bff/http/index.ts';
import { createMetrics } from '../../../bff/http/metrics.ts';
import { Draining } from '../../../bff/http/server.ts';
import { createPairing } from '../../../bff/pairing/create-pairing.ts';
import { toProblemError } from '../../../bff/pairing/to-problem-error.ts';
import { createSessionEndpoints } from '../../../bff/session/endpoints.ts';
import { createSessions } from '../../../bff/session/sessions.ts';
import { createSessionTokens } from '../../../bff/session/token.ts';
import { findVendorByKey } from '../../../bff/session/vendor-keys.ts';
import type { TenantKey } from '../../../bff/tenancy.ts';
import { createVendors } from '../../../bff/vendors.ts';
import { createSeal } from '../../../bff/vault/seal.ts';
import { routes } from '../../../shared/routes.ts';
import type { Account, Impact, Pairing } from '../../../shared/pairing.ts';
import type { MintedSession, MintSession } from '../../../shared/session.ts';
import { hashOf, key, KEYS, ORIGINS, post } from '../http/stand.ts';
import { openTestStore, silent } from '../support/fixtures.ts';
import { startUpstream, walkSignIn, type Upstream } from '../align/upstream.ts';

export const PUBLIC_URL = 'https://bff.example';
export const ORIGIN = ORIGINS.molar[0] ?? '';
export const ADAMS = 'adams@riverside.example';
export const BAKER = 'baker@riverside.example';

/** @param options.publicUrl and `origin` of the practice system's page, for tests that a browser takes part in */
export async function createPairingStand(options: { publicUrl?: string; origin?: string } = {}) {
  const publicUrl = options.publicUrl ?? PUBLIC_URL;
  const upstream: Upstream = await startUpstream({ redirectUris: [`${publicUrl}${routes.pairingCallback}`] });
  const { align, clock } = upstream;
  const store = await openTestStore(clock);
  const random = createSystemRandom();
  const audit = createAudit(clock);
  const events = createEventLog({ store, clock });
  const told: CommittedEvent[] = [];
  events.onCommitted((event) => told.push(event));
  const vendors = createVendors([
    {
      id: 'molar',
      name: 'Molar <Pro>',
      apiKeyHashes: [hashOf(KEYS.molar)],
      allowedOrigins: [...ORIGINS.molar, ...(options.origin === undefined ? [] : [options.origin])],
    },
    { id: 'incisor', name: 'Incisor', apiKeyHashes: [hashOf(KEYS.incisor)], allowedOrigins: ORIGINS.incisor },
  ]);
  const seal = createSeal([key(1)], random);
  const log = silent;
  /** By environment; a test may put some in. */
  const partnerTokens: Record<string, string> = {};
  const pairing = createPairing({
    store,
    events,
    audit,
    align,
    seal,
    vendors,
    clock,
    random,
    log,
    publicUrl,
    partnerTokens: () => partnerTokens,
  });
  const tokens = createSessionTokens({ issuer: publicUrl, encryptionKeys: [key(1)], now: () => clock.now() });
  const sessions = createSessions({ store, tokens, audit, clock, random, log });
  const environment = () => align.environment();
  const app = createHttp({
    endpoints: [...createSessionEndpoints({ sessions, vendors, environment }), ...pairing.endpoints],
    authenticator: createAuthenticator({
      sessions,
      vendors,
      findVendorByKey: (presented) => findVendorByKey(vendors, presented),
      environment: () => environment().name,
    }),
    idempotency: createIdempotency(store, clock),
    vendors,
    store,
    metrics: createMetrics({ process: false, clock }),
    openMetrics: false,
    draining: new Draining(),
    map: (error) => (error instanceof AlignFault ? toProblemError(error) : null),
    clock,
    random,
    log,
    publicUrl,
    version: '1.2.3',
    embedDirectory: '/nowhere',
    verifyAnswers: true,
  });

  /** A person at a page of their practice system, with a browser of their own. */
  async function person(
    userId: string,
    tenant = 'riverside',
    vendor: 'molar' | 'incisor' = 'molar',
    wish: Partial<MintSession> = {},
  ) {
    const origin = ORIGINS[vendor][0] ?? '';
    const body = {
      tenant,
      user: { id: userId, displayName: `Dr. ${userId}` },
      components: { pair: { enabled: true } },
      expiresIn: 3600,
      ...wish,
    };
    const minted = (await (await app.request(routes.sessions, post(body, KEYS[vendor]))).json()) as MintedSession;
    let jar = '';

    const call = (
      method: string,
      path: string,
      json?: unknown,
      more: Record<string, string> = {},
      from: string | null = origin,
    ): Promise<Response> =>
      Promise.resolve(
        app.request(path, {
          method,
          headers: {
            authorization: `Bearer ${minted.session_token}`,
            ...(from === null ? {} : { origin: from }),
            ...(json === undefined ? {} : { 'content-type': 'application/json' }),
            ...more,
          },
          ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        }),
      );

    async function get<T>(path: string): Promise<T> {
      const answer = await call('GET', path);
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as T;
    }

    /** A navigation of this person's pop-up window. */
    async function navigate(url: string): Promise<Response> {
      const answer = await app.request(url.replace(PUBLIC_URL, ''), jar === '' ? {} : { headers: { cookie: jar } });
      const cookie = answer.headers.getSetCookie()[0];
      if (cookie !== undefined) jar = cookie.split(';', 1)[0] ?? '';
      return answer;
    }

    return {
      call,
      navigate,
      cookies: () => jar,
      forgetCookies: () => {
        jar = '';
      },
      pairing: () => get<Pairing>(routes.pairing),
      impact: () => get<Impact>(routes.impact),
      accounts: async () => (await get<{ accounts: Account[] }>(routes.accounts)).accounts,
      async startUrl(from: string | null = origin): Promise<string> {
        const answer = await call('POST', routes.authorizations, {}, {}, from);
        if (answer.status !== 201) throw new Error(`authorization: ${answer.status} ${await answer.text()}`);
        return ((await answer.json()) as { startUrl: string }).startUrl;
      },
      /** @returns Align's address behind Continue */
      async open(startUrl: string): Promise<string> {
        const page = await (await navigate(startUrl)).text();
        const link = /<a href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&');
        if (link === undefined) throw new Error(`no Continue on the page: ${page}`);
        return link;
      },
      async signIn(login: string, decision: 'allow' | 'cancel' = 'allow'): Promise<Response> {
        return navigate((await walkSignIn(await this.open(await this.startUrl()), login, decision)).href);
      },
      choose: (accountId: string, more: Record<string, string> = {}) =>
        call('PUT', routes.pairing, { accountId }, more),
      async pair(login: string, accountId: string): Promise<Pairing> {
        await this.signIn(login);
        const answer = await this.choose(accountId);
        if (answer.status !== 200) throw new Error(`pair: ${answer.status} ${await answer.text()}`);
        return (await answer.json()) as Pairing;
      },
      unpair: () => call('DELETE', routes.pairing),
      signOut: () => call('DELETE', routes.login),
      key: { vendor, tenant, environment: 'sandbox' },
    };
  }

  return {
    ...pairing,
    partnerTokens,
    events,
    app,
    upstream,
    store,
    clock,
    person,
    /** Types and reasons of one tenant's events, oldest first. */
    told: (tenant = 'riverside') =>
      told
        .filter((event) => event.tenant === tenant)
        .map((event) => `${event.type} ${/"reason":"(\w+)"/.exec(event.frame.toString())?.[1] ?? ''}`),
    async close() {
      await store.close();
      await upstream.close();
    },
  };
}

export type PairingStand = Awaited<ReturnType<typeof createPairingStand>>;

export async function codeOf(answer: Response | Promise<Response>): Promise<string> {
  const response = await answer;
  const body = (await response.json()) as { code?: string };
  return `${response.status} ${body.code ?? ''}`;
}

/** Any upstream call, made for a person or in the background. @returns whose login carried it */
export async function useConnection(stand: PairingStand, key: TenantKey, userId?: string): Promise<string> {
  const connection = await stand.connections.current(key);
  if (connection === null) throw new Error('no connection');
  return stand.vault.withToken({ connection, userId }, async (token, login) => {
    await stand.upstream.align.practice(token);
    return login.user_name;
  });
}
