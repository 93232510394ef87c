/** The simulator of Align's cloud on any free port, its clock and ours moved by hand, and the adapter in front of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAlign, type AlignPort, type AlignSettings, type AlignTokens } from '../../../bff/align/index.ts';
import { createAlignCloud, type AlignCloud, type FaultPoint } from '../../../demo/align-cloud/index.ts';
import { handClock, settle, silent, START, TIMINGS, type HandClock } from '../support/fixtures.ts';

export const REDIRECT_URI = 'http://127.0.0.1:4300/v1/pairing/callback';
export const CALLBACK_URL = 'http://127.0.0.1:4300/v1/callbacks/abc';
/** Bytes of every file the simulator hands out here. */
export const FILE_BYTES = 200_000;
export const FILE = Buffer.alloc(FILE_BYTES, 'itero-embed ');

export interface Upstream {
  readonly cloud: AlignCloud;
  readonly clock: HandClock;
  readonly align: AlignPort;
  readonly settings: AlignSettings;
  /** Both clocks. */
  advance(ms: number): Promise<void>;
  /** Signs in as a person does, page by page; tokens that are not bound to an account yet. */
  signIn(login: string, align?: AlignPort): Promise<AlignTokens>;
  /** Signed in and paired. */
  pair(login?: string, accountId?: string): Promise<AlignTokens>;
  /** Resolves when the call has reached the simulator. */
  arrived(point: FaultPoint, count?: number): Promise<void>;
  close(): Promise<void>;
}

export async function startUpstream(
  options: Parameters<typeof createAlignCloud>[0] = {},
  change: Partial<AlignSettings['environments'][string]> = {},
): Promise<Upstream> {
  const folder = mkdtempSync(join(tmpdir(), 'itero-files-'));
  const path = join(folder, 'file.zip');
  writeFileSync(path, FILE);
  const file = async () => ({
    fileName: 'file.zip',
    contentType: 'application/zip',
    sizeBytes: FILE_BYTES,
    path,
  });
  const cloud = await createAlignCloud({
    port: 0,
    clock: 'manual',
    startAt: START,
    seed: 'contract',
    redirectUris: [REDIRECT_URI],
    // Case files are another test's subject: these are made at once.
    cases: {
      ide: file,
      gallery: file,
      screenCaptures: (spec) => (spec.captures ? file() : Promise.resolve(null)),
      close: () => Promise.resolve(),
    },
    ...options,
  });
  const clock = handClock();
  const settings = settingsFor(cloud, change);
  const align = createAlign({ settings: () => settings, fetch, clock, log: silent });

  async function signIn(login: string, port = align): Promise<AlignTokens> {
    const codeVerifier = 'v'.repeat(43);
    const state = `state-${login}`;
    const answer = await walkSignIn(
      await port.authorizationUrl({ state, codeVerifier, redirectUri: REDIRECT_URI }),
      login,
    );
    return port.exchangeCode({ answer, state, codeVerifier, redirectUri: REDIRECT_URI });
  }

  return {
    cloud,
    clock,
    align,
    settings,
    async advance(ms) {
      await cloud.clock.advance(ms);
      await clock.advance(ms);
    },
    signIn,
    async pair(login = 'adams@riverside.example', accountId = '1017') {
      const { accessToken } = await signIn(login);
      return align.pair(accessToken, { accountId, callbackUrl: CALLBACK_URL });
    },
    async arrived(point, count = 1) {
      while (cloud.calls(point).length < count) await settle(1);
    },
    async close() {
      await cloud.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export function settingsFor(
  cloud: Pick<AlignCloud, 'oauthBase' | 'baseUrl' | 'cdnUrl' | 'clientId' | 'clientSecret'>,
  change: Partial<AlignSettings['environments'][string]> = {},
): AlignSettings {
  return {
    environment: 'sandbox',
    environments: {
      sandbox: {
        oauthBase: cloud.oauthBase,
        baseUrl: cloud.baseUrl,
        clientId: cloud.clientId,
        clientSecret: cloud.clientSecret,
        clientAuth: 'post',
        allowedHosts: [new URL(cloud.cdnUrl).host],
        simulated: true,
        timings: { ...TIMINGS, recheckSteps: [...TIMINGS.recheckSteps] },
        ...change,
      },
    },
  };
}

/** What the browser does between our address and our callback. @returns where Align sent it back to */
export async function walkSignIn(
  authorizationUrl: string,
  login: string,
  decision: 'allow' | 'cancel' = 'allow',
): Promise<URL> {
  const page = await fetch(authorizationUrl, { redirect: 'manual' });
  const signIn = /name="sign_in" value="([^"]+)"/.exec(await page.text())?.[1];
  if (signIn === undefined) throw new Error(`no sign-in page: ${page.status}`);
  const base = authorizationUrl.split('?', 1)[0] ?? '';
  const submit = (path: string, form: Record<string, string>): Promise<Response> =>
    fetch(path, { method: 'POST', body: new URLSearchParams({ sign_in: signIn, ...form }), redirect: 'manual' });
  await submit(base, { login, password: 'smile' });
  const consent = await submit(`${base.replace(/\/login$/, '/authorize')}/consent`, { decision });
  const location = consent.headers.get('location');
  if (location === null) throw new Error(`no way back: ${consent.status} ${await consent.text()}`);
  return new URL(location);
}
