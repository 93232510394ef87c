/**
 * A whole BFF in this process: two vendors, three clinics, a store on a temporary file, a clock moved by hand, any free
 * port; against a simulator of Align's cloud where one is handed in.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AlignCloud } from '../../demo/align-cloud/index.ts';
import { createBff, type Bff } from '../../bff/app.ts';
import { createSystemClock, createSystemRandom } from '../../bff/clock.ts';
import { parseConfig } from '../../bff/config.ts';
import { createFixedAlignSource } from '../../bff/config-source.ts';
import { uncounted, type Activity, type Clock, type Fetch, type Log } from '../../bff/deps.ts';
import { listen } from '../../bff/http/server.ts';
import type { Pairing } from '../../shared/pairing.ts';
import type { MintedSession, MintSession } from '../../shared/session.ts';
import { silent } from './silent.ts';
import { openTestDatabase } from './test-store.ts';

export const VENDOR_KEYS = { molar: 'vk_test_molar', incisor: 'vk_test_incisor' } as const;
export type VendorId = keyof typeof VENDOR_KEYS;
export const VENDOR_ORIGINS = { molar: 'https://dpms.molar.example', incisor: 'https://incisor.example' } as const;

/** Riverside and Lakeview are clinics of one vendor; Lakeview of the other vendor has the same tenant id. */
export const CLINICS = {
  riverside: { vendor: 'molar', tenant: 'riverside' },
  lakeview: { vendor: 'molar', tenant: 'lakeview' },
  namesake: { vendor: 'incisor', tenant: 'lakeview' },
} as const;
export type Clinic = keyof typeof CLINICS;

/** Who signs in at the simulator for a clinic, and the account chosen. */
export const ALIGN_LOGINS: Record<Clinic, { login: string; accountId: string }> = {
  riverside: { login: 'adams@riverside.example', accountId: '1017' },
  lakeview: { login: 'lopez@lakeview.example', accountId: '1042' },
  namesake: { login: 'adams@riverside.example', accountId: '1023' },
};
const ALIGN_PASSWORD = 'smile';

export const EVERY_COMPONENT: MintSession['components'] = {
  pair: { enabled: true },
  scan_request: { enabled: true },
  scan_inbox: { enabled: true },
};

export interface TestBffOptions {
  readonly cloud?: AlignCloud;
  /** The simulator's where it is a manual one, else the system's. */
  readonly clock?: Clock;
  readonly log?: Log;
  readonly fetch?: Fetch;
  /** Told of whatever the BFF does, its answers too. */
  readonly activity?: Activity;
  /** A store that outlives this BFF, e.g. for restarts. */
  readonly store?: string;
  readonly dataDir?: string;
  readonly timings?: Record<string, unknown>;
  readonly embedDirectory?: string;
  /** Where Align was given one callback URL at partner registration. */
  readonly partnerCallbackToken?: string;
  /** Where the world finds it, if not at its own address: what stands in front forwards to it. */
  readonly publicUrl?: string;
}

export interface TestBff {
  readonly url: string;
  readonly bff: Bff;
  readonly clock: Clock;
  readonly align: ReturnType<typeof createFixedAlignSource>;
  mint(clinic: Clinic, wish?: Partial<MintSession>): Promise<MintedSession>;
  /** One call with a session or key; a body is sent as JSON. */
  call(
    token: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>;
  /** Signs in at the simulator as a person would, and chooses the clinic's account. */
  pair(
    clinic: Clinic,
    user?: { id: string; displayName: string },
    login?: string,
    accountId?: string,
  ): Promise<Pairing>;
  /** Another BFF takes over address and store (a file), as after a kill; the former one is the caller's to end. */
  revive(fresh: Pick<TestBffOptions, 'clock' | 'fetch' | 'log' | 'activity'>): Promise<void>;
  stop(): Promise<void>;
}

export async function startBff(options: TestBffOptions = {}): Promise<TestBff> {
  const clock = options.clock ?? clockOf(options.cloud);
  const database = options.store === undefined ? await openTestDatabase() : null;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'itero-bff-'));
  // The port is known before the BFF is made: its own address stands in every token and callback URL.
  let bff: Bff | undefined;
  let activity = options.activity ?? uncounted;
  const listener = await listen(
    {
      fetch: (request, env) =>
        activity.run(async () => (await bff?.app.fetch(request, env)) ?? new Response(null, { status: 503 })),
    },
    { port: 0, host: '127.0.0.1', clock: createSystemClock() },
    (request, response) => {
      const taken = bff?.atOnce(request, response) ?? false;
      if (taken) void activity.run(() => new Promise((resolve) => response.once('close', resolve)));
      return taken;
    },
  );
  const url = `http://127.0.0.1:${listener.port}`;
  options.cloud?.allowRedirect(`${url}/v1/pairing/callback`);
  const config = parseConfig(
    configOf(options.publicUrl ?? url, dataDir, { ...(database && { store: database.url }), ...options }),
    {},
  );
  if (!config.ok) throw new Error(`test configuration: ${JSON.stringify(config.error)}`);
  const align = createFixedAlignSource(config.value.align);
  const settings = config.value.process;
  const boot = async (parts: Pick<TestBffOptions, 'clock' | 'fetch' | 'log' | 'activity'>): Promise<Bff> => {
    activity = parts.activity ?? uncounted;
    const made = await createBff({
      settings,
      align,
      clock: parts.clock ?? clock,
      random: createSystemRandom(),
      fetch: parts.fetch ?? ((input, init) => fetch(input, init)),
      log: parts.log ?? silent,
      embedDirectory: options.embedDirectory ?? '/nowhere',
      verifyAnswers: true,
      activity: parts.activity,
      databaseNow: () => (parts.clock ?? clock).now(),
    });
    await made.start({ listen: false });
    return made;
  };
  let running = await boot(options);
  bff = running;

  const call: TestBff['call'] = (token, method, path, body, headers = {}) =>
    fetch(new URL(path, url), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  const mint: TestBff['mint'] = async (clinic, wish = {}) => {
    const { vendor, tenant } = CLINICS[clinic];
    const user = { id: 'u-dentist', displayName: 'Dr. Day' };
    const body = { tenant, user, components: EVERY_COMPONENT, ...wish };
    return read(await call(VENDOR_KEYS[vendor], 'POST', '/v1/sessions', body));
  };

  return {
    url,
    get bff() {
      return running;
    },
    clock,
    align,
    call,
    mint,
    async pair(
      clinic,
      user = { id: 'u-dentist', displayName: 'Dr. Day' },
      login = ALIGN_LOGINS[clinic].login,
      accountId = ALIGN_LOGINS[clinic].accountId,
    ) {
      const { session_token } = await mint(clinic, { user });
      const origin = VENDOR_ORIGINS[CLINICS[clinic].vendor];
      const { startUrl } = await read<{ startUrl: string }>(
        await call(session_token, 'POST', '/v1/pairing/authorizations', {}, { origin }),
      );
      await signIn(new URL(startUrl, url), login);
      return read<Pairing>(await call(session_token, 'PUT', '/v1/pairing', { accountId }));
    },
    async revive(fresh) {
      running = await boot(fresh);
      bff = running;
    },
    async stop() {
      await Promise.all([running.stop(), listener.close(0)]);
      await database?.drop();
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/**
 * The pop-up window: our page, Align's form and consent, and back to us with the cookie.
 * @param returnTo the address that the way back leads to, where it is not the one that Align was told
 */
export async function signIn(startUrl: URL, login: string, returnTo?: string): Promise<void> {
  const start = await fetch(startUrl, { redirect: 'manual' });
  const cookie = start.headers
    .getSetCookie()
    .map((one) => one.split(';', 1)[0])
    .join('; ');
  const link = /href="([^"]+)"/.exec(await start.text())?.[1]?.replaceAll('&amp;', '&');
  if (link === undefined) throw new Error(`no way on from the start page (${start.status})`);
  const form = await fetch(link);
  const signInId = /name="sign_in" value="([^"]+)"/.exec(await form.text())?.[1];
  if (signInId === undefined) throw new Error(`no sign-in form at the simulator (${form.status})`);
  const authorize = new URL(link);
  const send = (path: string, fields: Record<string, string>): Promise<Response> =>
    fetch(new URL(path, authorize), { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
  await (await send(authorize.pathname, { sign_in: signInId, login, password: ALIGN_PASSWORD })).text();
  const consent = await send(`${authorize.pathname}/consent`, { sign_in: signInId, decision: 'allow' });
  const back = consent.headers.get('location');
  if (back === null) throw new Error(`no way back from consent (${consent.status})`);
  const { pathname, search } = new URL(back);
  const returned = await fetch(returnTo === undefined ? back : new URL(`${pathname}${search}`, returnTo), {
    headers: { cookie },
  });
  if (!returned.ok) throw new Error(`the callback page answered ${returned.status}`);
  await returned.text();
}

async function read<T>(answer: Response): Promise<T> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

/** The configuration file of a test's BFF, e.g. for a process of its own on the same store. */
export function configOf(url: string, dataDir: string, options: TestBffOptions): object {
  const { cloud } = options;
  const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
  // Port 9 of loopback: nobody listens there.
  const upstream = cloud ?? {
    oauthBase: 'http://127.0.0.1:9',
    baseUrl: 'http://127.0.0.1:9',
    clientId: 'c',
    clientSecret: 's',
  };
  const hosts = cloud === undefined ? [] : [cloud.url, cloud.cdnUrl].map((address) => new URL(address).host);
  const environment = {
    oauthBase: upstream.oauthBase,
    baseUrl: upstream.baseUrl,
    clientId: upstream.clientId,
    clientSecret: upstream.clientSecret,
    allowedHosts: hosts,
    simulated: true,
    timings: { ...options.timings },
  };
  return {
    publicUrl: url,
    port: 0,
    store: options.store ?? 'sqlite::memory:',
    dataDir,
    encryptionKeys: [Buffer.alloc(32, 5).toString('base64')],
    vendors: (Object.keys(VENDOR_KEYS) as VendorId[]).map((id) => ({
      id,
      name: id,
      apiKeyHashes: [hash(VENDOR_KEYS[id])],
      allowedOrigins: [VENDOR_ORIGINS[id]],
    })),
    align: {
      environment: 'simulator',
      environments: {
        simulator: { ...environment, partnerCallbackToken: options.partnerCallbackToken },
        other: environment,
      },
    },
  };
}

/** The simulator's clock as our port has it: a sleep that is cut off rejects. */
export function clockOf(cloud: AlignCloud | undefined): Clock {
  if (cloud?.clock.kind !== 'manual') return createSystemClock();
  const { clock } = cloud;
  return {
    now: () => clock.now(),
    after: (ms, task) => clock.after(ms, task),
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal);
      signal?.throwIfAborted();
    },
  };
}
