/** The demo practice system in front of an embed service that only writes down what it is asked for. */
import { createServer, type Server } from 'node:http';
import { createDpms } from '../../demo/dpms/app.ts';

export const VENDOR_KEY = 'vk_test_of_the_practice';

export interface MintBody {
  readonly tenant: string;
  readonly tenantName?: string;
  readonly user: { readonly id: string; readonly displayName: string };
  readonly patient?: { readonly chartNumber: string; readonly lastName: string };
  readonly components: Record<string, { readonly enabled: boolean; readonly features: Record<string, boolean> }>;
  readonly allowedOrigins: readonly string[];
  readonly expiresIn: number;
}

export interface EmbedService {
  readonly url: string;
  readonly asked: { readonly body: MintBody; readonly authorization: string | undefined }[];
  /** What it answers next; a granted session unless a test says otherwise. */
  answer: { readonly status: number; readonly body: string };
  stop(): Promise<void>;
}

export async function startEmbedService(): Promise<EmbedService> {
  const granted = { session_token: 'a.b.c', expires_at: '2026-01-01T00:15:00Z', id: 'sess_1', livemode: false };
  const asked: EmbedService['asked'] = [];
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      asked.push({ body: JSON.parse(text) as MintBody, authorization: request.headers.authorization });
      response.writeHead(service.answer.status, { 'content-type': 'application/json' }).end(service.answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const service: EmbedService = {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    answer: { status: 201, body: JSON.stringify(granted) },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return service;
}

export interface Practice {
  /** Signs in and keeps the cookie, as a browser does. */
  signIn(email: string, password?: string): Promise<{ readonly status: number; readonly cookie: string }>;
  get(path: string, cookie?: string): Promise<Response>;
  post(
    path: string,
    cookie?: string,
    body?: string | URLSearchParams,
    headers?: Record<string, string>,
  ): Promise<Response>;
  /** What an element does. */
  askSession(cookie: string, wish: unknown, headers?: Record<string, string>): Promise<Response>;
}

export function openPractice(bffUrl: string): Practice {
  const app = createDpms({ bffUrl, vendorKey: VENDOR_KEY, origin: 'http://dpms.example' });
  const get: Practice['get'] = async (path, cookie = '') => app.request(path, { headers: { cookie } });
  const post: Practice['post'] = async (path, cookie = '', body = '', headers = {}) =>
    app.request(path, { method: 'POST', body, headers: { cookie, ...headers } });
  return {
    get,
    post,
    async signIn(email, password = 'demo') {
      const answer = await post('/sign-in', '', new URLSearchParams({ email, password }));
      return { status: answer.status, cookie: answer.headers.get('set-cookie')?.split(';', 1)[0] ?? '' };
    },
    askSession: (cookie, wish, headers = { 'x-itero-embed': '1' }) =>
      post('/itero/session', cookie, JSON.stringify(wish), { 'content-type': 'application/json', ...headers }),
  };
}
