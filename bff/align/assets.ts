import { request, type Dispatcher } from 'undici';
import type { Clock } from '../deps.ts';
import type { Discovery } from './discovery.ts';
import { toNetworkFault, toStatusFault } from './errors.ts';
import { createHosts } from './hosts.ts';
import { AlignFault, type OpenAsset } from './port.ts';
import type { EnvironmentSettings } from './settings.ts';

const OPERATION = 'openAsset';
/** An error's body is small; more is thrown away. */
const ERROR_LIMIT = 64 * 1024;

export interface AssetOptions {
  readonly range?: string;
  readonly signal?: AbortSignal;
}

/** Opens a file for streaming: nothing of it is kept here, its size does not matter. */
export function createAssets(parts: {
  environment: () => EnvironmentSettings;
  discovery: Discovery;
  clock: Clock;
  dispatcher?: Dispatcher | undefined;
}): (accessToken: string, url: string, options: AssetOptions) => Promise<OpenAsset> {
  const { clock, dispatcher } = parts;

  return async (accessToken, address, options) => {
    const environment = parts.environment();
    const hosts = createHosts(environment);
    const directory = await parts.discovery.known();
    let url = hosts.require(OPERATION, address);
    let followed = false;
    for (;;) {
      const withToken = directory.takesToken(url);
      const answer = await open(url, withToken ? accessToken : null, options, environment.timings.requestTimeout);
      if (answer.statusCode === 200 || answer.statusCode === 206) return toOpenAsset(answer);
      const location = headerOf(answer, 'location');
      if (!isRedirect(answer.statusCode) || location === null) throw await toFault(answer, withToken);
      // Read to its small end, so that the connection can be used again; nobody waits for it.
      answer.body.dump({ limit: ERROR_LIMIT }).catch(() => undefined);
      // align-api §9: they may redirect once. Each target passes the same gate; the token stays with Discovery's hosts.
      if (followed || !URL.canParse(location, url.href)) {
        throw new AlignFault('wrong_shape', OPERATION, { property: 'location', status: answer.statusCode });
      }
      followed = true;
      url = hosts.require(OPERATION, new URL(location, url));
    }
  };

  async function open(
    url: URL,
    token: string | null,
    options: AssetOptions,
    timeout: number,
  ): Promise<Dispatcher.ResponseData> {
    const late = new AbortController();
    // Until the headers only: the file itself may take as long as it moves, `bodyTimeout` cuts one that stalls.
    const cancel = clock.after(timeout, () => late.abort());
    try {
      const answer = await request(url, {
        method: 'GET',
        headers: {
          // A range counts bytes of the file itself.
          'accept-encoding': 'identity',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(options.range === undefined ? {} : { range: options.range }),
        },
        signal: options.signal === undefined ? late.signal : AbortSignal.any([options.signal, late.signal]),
        headersTimeout: 0,
        bodyTimeout: timeout,
        ...(dispatcher === undefined ? {} : { dispatcher }),
      });
      // A body that is destroyed before its end emits an error, and one that nobody listens to would end the process.
      // Whoever reads it is told all the same.
      answer.body.on('error', () => undefined);
      return answer;
    } catch (error) {
      // The reader went away: theirs to know, no fault of upstream.
      if (options.signal?.aborted === true) throw options.signal.reason;
      throw toNetworkFault({ operation: OPERATION, write: false }, error, late.signal.aborted);
    } finally {
      cancel();
    }
  }

  async function toFault(answer: Dispatcher.ResponseData, withToken: boolean): Promise<AlignFault> {
    const status = answer.statusCode;
    const text = await readError(answer);
    // A pre-signed link that aged: not our login's fault, the order has to be asked for a new link.
    if (!withToken && (status === 401 || status === 403)) return new AlignFault('not_found', OPERATION, { status });
    const headers = new Headers();
    const retryAfter = headerOf(answer, 'retry-after');
    if (retryAfter !== null) headers.set('retry-after', retryAfter);
    return toStatusFault({ operation: OPERATION, write: false }, { status, headers, text }, clock.now());
  }
}

function toOpenAsset(answer: Dispatcher.ResponseData): OpenAsset {
  const length = headerOf(answer, 'content-length');
  return {
    status: answer.statusCode === 206 ? 206 : 200,
    contentType: headerOf(answer, 'content-type'),
    contentLength: length !== null && /^\d+$/.test(length) ? Number(length) : null,
    contentRange: headerOf(answer, 'content-range'),
    // A body that ends early errors: undici counts it against content-length.
    body: answer.body,
  };
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

function headerOf(answer: Dispatcher.ResponseData, name: string): string | null {
  const value = answer.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

async function readError(answer: Dispatcher.ResponseData): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body) {
      const bytes = Buffer.from(chunk as Uint8Array);
      size += bytes.length;
      if (size > ERROR_LIMIT) break;
      chunks.push(bytes);
    }
  } catch {
    return ''; // half an error is an error: the status says enough
  }
  return Buffer.concat(chunks).toString('utf8');
}
