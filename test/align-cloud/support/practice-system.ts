import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAlignCloud } from '../../../demo/align-cloud/index.ts';
import type { AlignCloud, AlignCloudOptions } from '../../../demo/align-cloud/index.ts';
import { createTinyCases } from './tiny-cases.ts';
import type { TinyCases } from './tiny-cases.ts';

export type Json = Record<string, unknown>;
export interface Tokens {
  access_token: string;
  refresh_token: string;
  token_type: string;
  expires_in: number;
}
export interface Answer {
  status: number;
  headers: Headers;
  body: Json;
}

export interface Asset {
  type: string;
  url: string;
  sizeBytes?: number;
  modifiedDate: string;
}
export interface Order extends Json {
  orderId: number;
  rxId: string;
  status: string;
  modifiedDate: string;
  patient: Json;
  assets: Asset[];
}

export const REDIRECT_URI = 'http://127.0.0.1:9/callback';
export const PASSWORD = 'smile';

export interface Simulated {
  align: AlignCloud;
  cases: TinyCases;
}

/** A simulator with a hand-moved clock and tiny files. */
export async function startAlign(options: AlignCloudOptions = {}): Promise<Simulated> {
  const cases = await createTinyCases();
  const align = await createAlignCloud({
    port: 0,
    clock: 'manual',
    seed: 'test',
    redirectUris: [REDIRECT_URI],
    cases,
    ...options,
  });
  return { align, cases };
}

export async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(text) as Json) : { text } };
}

export const pkce = (): { verifier: string; challenge: string } => {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
};

export function authorizeUrl(align: AlignCloud, change: Record<string, string | undefined> = {}): string {
  const url = new URL(`${align.oauthBase}/authorize`);
  const query: Record<string, string | undefined> = {
    response_type: 'code',
    client_id: align.clientId,
    redirect_uri: REDIRECT_URI,
    state: 'xyz',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
    ...change,
  };
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

const form = (fields: Record<string, string>): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams(fields),
  redirect: 'manual',
});

export const signInId = (page: string): string => /name="sign_in" value="([^"]+)"/.exec(page)?.[1] ?? '';

/** Signs in as a person does: page, password, consent. Returns where Align sends the browser. */
export async function walkSignIn(
  align: AlignCloud,
  login: string,
  { url = authorizeUrl(align), password = PASSWORD, decision = 'allow' } = {},
): Promise<URL> {
  const page = await (await fetch(url)).text();
  const sign_in = signInId(page);
  const consentPage = await fetch(`${align.oauthBase}/authorize`, form({ sign_in, login, password }));
  if (consentPage.status !== 200) throw new Error(`Sign-in answered ${consentPage.status}.`);
  const back = await fetch(`${align.oauthBase}/authorize/consent`, form({ sign_in, decision }));
  return new URL(back.headers.get('location') ?? 'none:');
}

export async function callToken(
  align: AlignCloud,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
) {
  return read(await fetch(`${align.oauthBase}/oauth/token`, { ...form(fields), headers }));
}

export const secrets = (align: AlignCloud): Record<string, string> => ({
  client_id: align.clientId,
  client_secret: align.clientSecret,
});

export async function signIn(align: AlignCloud, login: string): Promise<Tokens> {
  const { verifier, challenge } = pkce();
  const back = await walkSignIn(align, login, { url: authorizeUrl(align, { code_challenge: challenge }) });
  const answer = await callToken(align, {
    ...secrets(align),
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
  });
  if (answer.status !== 200) throw new Error(`The token endpoint answered ${answer.status}.`);
  return answer.body as unknown as Tokens;
}

export interface CallOptions {
  token?: string;
  body?: unknown;
  params?: Record<string, string>;
  query?: Record<string, string>;
}

/** Calls an operation where Discovery says it is. */
export async function request(align: AlignCloud, operation: string, options: CallOptions = {}): Promise<Response> {
  const discovered = (await (await fetch(`${align.baseUrl}/discovery`)).json()) as {
    endpoints: Record<string, { domain: string; path: string }>;
  };
  const { domain, path } = discovered.endpoints[operation]!;
  const url = new URL(domain + path.replace(/\{(\w+)\}/g, (_, name: string) => options.params?.[name] ?? ''));
  for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value);
  const methods: Record<string, string> = {
    pair: 'POST',
    unpair: 'POST',
    scanRequest: 'POST',
    deleteRx: 'DELETE',
    updatePatient: 'PUT',
  };
  return fetch(url, {
    method: methods[operation] ?? 'GET',
    headers: {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
}

export const call = async (align: AlignCloud, operation: string, options?: CallOptions): Promise<Answer> =>
  read(await request(align, operation, options));

/** Signs in and pairs; the token is bound to the account. */
export async function pairAs(
  align: AlignCloud,
  login: string,
  companyId: number,
  callbackUrl?: string,
): Promise<string> {
  const { access_token } = await signIn(align, login);
  const answer = await call(align, 'pair', {
    token: access_token,
    body: { companyId, ...(callbackUrl === undefined ? {} : { callbackUrl }) },
  });
  if (answer.status !== 200) throw new Error(`Pair answered ${answer.status}.`);
  return (answer.body as unknown as Tokens).access_token;
}

export const ADAMS = 'adams@riverside.example';
export const BAKER = 'baker@riverside.example';
export const LOPEZ = 'lopez@lakeview.example';

export const scanRequestBody = (change: Json = {}): Json => ({
  patient: { firstName: 'Ida', lastName: 'Noor', chartNumber: 'P-1' },
  doctorId: 2001,
  procedureId: 1,
  ...change,
});

export async function sendRx(align: AlignCloud, token: string, change: Json = {}): Promise<string> {
  const answer = await call(align, 'scanRequest', { token, body: scanRequestBody(change) });
  if (answer.status !== 201) throw new Error(`Scan Request answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body['rxId'] as string;
}

export async function orderOf(align: AlignCloud, token: string, rxId: string): Promise<Order> {
  const answer = await call(align, 'getOrderByRxId', { token, params: { rxId } });
  if (answer.status !== 200) throw new Error(`Get Order by RX ID answered ${answer.status}.`);
  return answer.body as Order;
}

/** Scans an RX and waits for its files and its notification. */
export async function scanRx(align: AlignCloud, rxId: string, wish: { captures?: boolean } = {}): Promise<number> {
  const { orderId, finished } = align.perform({ do: 'scan', rxId, ...wish });
  await finished;
  await align.settled();
  return orderId!;
}

export interface Received {
  method: string;
  contentType: string;
  url: string;
  body: string;
}

/** A callback that keeps what it gets, and answers as told. */
export async function startCallback(answer: (call: Received) => number | Promise<number> = () => 204) {
  const received: Received[] = [];
  const server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.setEncoding('utf8');
    incoming.on('data', (part: string) => (body += part));
    incoming.on('end', () => {
      const one = {
        method: incoming.method ?? '',
        contentType: incoming.headers['content-type'] ?? '',
        url: incoming.url ?? '',
        body,
      };
      received.push(one);
      void Promise.resolve(answer(one)).then((status) => outgoing.writeHead(status).end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    received,
    messages: (): Json[] => received.map(({ body }) => JSON.parse(body) as Json),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
