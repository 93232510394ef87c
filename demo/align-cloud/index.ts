import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, createCdnApp } from './app.ts';
import { createCaseFactory } from './cases/index.ts';
import { createClock } from './clock.ts';
import type { Clock } from './clock.ts';
import type { Cloud } from './cloud.ts';
import { perform } from './control/actions.ts';
import type { Action, Done } from './control/actions.ts';
import { createFaultBook } from './faults.ts';
import type { FaultBook, FaultPoint } from './faults.ts';
import type { CallRecord } from './model.ts';
import { DEFAULT_FLAGS, DEFAULT_REDIRECT_URIS, DEMO_CLIENT } from './options.ts';
import type { AlignCloudOptions, Flags } from './options.ts';
import { createRandom } from './random.ts';
import { createRegions } from './regions.ts';
import { findScenario, playScenario } from './scenario.ts';
import type { Scenario } from './scenario.ts';
import { seedHistory } from './seed/history.ts';
import { USERS } from './seed/users.ts';
import { listen } from './server.ts';
import type { Listening } from './server.ts';
import { createState } from './state.ts';
import type { State } from './state.ts';

export interface AlignCloud {
  /** This server's address; Discovery's host. */
  readonly url: string;
  readonly port: number;
  /** The other origin, that pre-signed links point to. */
  readonly cdnUrl: string;
  /** Where that other host listens, whatever `cdnUrl` says. */
  readonly cdnPort: number;
  readonly oauthBase: string;
  readonly baseUrl: string;
  readonly loginPage: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clock: Clock;
  readonly faults: FaultBook;
  readonly flags: Flags;
  /** The live state; `reset` replaces it. */
  readonly state: State;
  /** What a person at the scanner, the lab or Align does. */
  perform(action: Action): Done;
  play(scenario: string | Scenario): void;
  /** Allows one more address to return to after sign-in. */
  allowRedirect(uri: string): void;
  /** The calls that came to an operation or door, oldest first. */
  calls(point?: FaultPoint): CallRecord[];
  /** Resolves when no file is being made and no notification is under way. */
  settled(): Promise<void>;
  reset(): void;
  close(): Promise<void>;
}

function seedState(cloud: Cloud, history: number): void {
  for (const account of cloud.state.accounts.values()) {
    if (account.isConfigured) seedHistory(cloud, account, history);
  }
}

/** Starts the simulator of Align's cloud on loopback: one server for Align's own host, one for the host of pre-signed links. */
export async function createAlignCloud(options: AlignCloudOptions = {}): Promise<AlignCloud> {
  const log = options.log ?? ((): void => undefined);
  const seed = String(options.seed ?? randomBytes(4).toString('hex'));
  const work = new Set<Promise<unknown>>();
  const onError = (error: unknown): void =>
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const freshState = (): State =>
    createState({
      redirectUris: options.redirectUris ?? DEFAULT_REDIRECT_URIS,
      partnerCallbackUrl: options.partnerCallbackUrl,
      region: options.region ?? 'us-east-1',
    });
  const initialFlags = (): Flags => ({ ...DEFAULT_FLAGS, strict: options.strict ?? false, ...options.flags });
  const cloud: Cloud = {
    clock: createClock({
      kind: options.clock ?? 'real',
      ...(options.startAt === undefined ? {} : { startAt: options.startAt }),
      onError,
    }),
    random: createRandom(seed),
    state: freshState(),
    flags: initialFlags(),
    faults: createFaultBook(seed),
    cases:
      options.cases ??
      createCaseFactory({
        detail: options.detail ?? 'small',
        cacheDir: join(options.dataDir ?? join(tmpdir(), 'itero-align-cloud'), options.detail ?? 'small'),
      }),
    regions: createRegions(options.regions),
    client: {
      clientId: options.clientId ?? DEMO_CLIENT.clientId,
      clientSecret: options.clientSecret ?? DEMO_CLIENT.clientSecret,
    },
    seed,
    urls: { main: '', cdn: '' },
    oauthPath: options.oauthPath ?? '',
    basePath: options.basePath ?? '',
    linkKey: randomBytes(32),
    held: [],
    log,
    track(promise) {
      const tracked = promise.catch(onError).finally(() => work.delete(tracked));
      work.add(tracked);
    },
  };
  const settled = async (): Promise<void> => {
    while (work.size > 0) await Promise.all(work);
  };
  const play = (scenario: string | Scenario): void =>
    playScenario(cloud, typeof scenario === 'string' ? findScenario(scenario) : scenario);
  const reset = (): void => {
    cloud.clock.clear();
    cloud.held.length = 0;
    cloud.faults.clear();
    Object.assign(cloud.flags, initialFlags());
    cloud.state = freshState();
    seedState(cloud, options.history ?? 0);
  };

  seedState(cloud, options.history ?? 0);
  const port = options.port ?? 4010;
  const servers: Listening[] = [];
  const close = async (): Promise<void> => {
    cloud.clock.close();
    await Promise.all(servers.map((server) => server.close()));
    await settled();
    await cloud.cases.close();
  };
  try {
    servers.push(await listen(createApp(cloud, { reset, settled }), port, 'PORT'));
    servers.push(await listen(createCdnApp(cloud), options.cdnPort ?? (port === 0 ? 0 : port + 1), 'CDN_PORT'));
  } catch (error) {
    await close();
    throw error;
  }
  const [main, cdn] = servers as [Listening, Listening];
  cloud.urls.main = options.publicUrl ?? `http://127.0.0.1:${main.port}`;
  cloud.urls.cdn = options.cdnUrl ?? `http://localhost:${cdn.port}`;
  if (options.scenario !== undefined) play(options.scenario);

  return {
    url: cloud.urls.main,
    port: main.port,
    cdnUrl: cloud.urls.cdn,
    cdnPort: cdn.port,
    oauthBase: cloud.urls.main + cloud.oauthPath,
    baseUrl: cloud.urls.main + cloud.basePath,
    loginPage: `${cloud.urls.main}/login`,
    ...cloud.client,
    clock: cloud.clock,
    faults: cloud.faults,
    flags: cloud.flags,
    get state() {
      return cloud.state;
    },
    perform: (action) => perform(cloud, action),
    play,
    allowRedirect: (uri) => void cloud.state.redirectUris.add(uri),
    calls: (point) => cloud.state.calls.filter((call) => point === undefined || call.point === point),
    settled,
    reset,
    close,
  };
}

/** The people who can sign in, with their passwords. */
export const DEMO_USERS = USERS;
export { DEMO_CLIENT };
export type { Action, AlignCloudOptions, CallRecord, Clock, Done, FaultPoint, Flags, Scenario };
export type { FaultKind, FaultSpec } from './faults.ts';
