import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { HttpContext } from './env.ts';
import { ProblemError } from './problem-error.ts';
import type { OpenRoute } from './router.ts';

const ENTRY = 'itero.js';
const NAME = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*\.(?:js|css|map|json|svg|woff2|wasm)$/;
const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  map: 'application/json',
  json: 'application/json',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
  wasm: 'application/wasm',
};
/** The name holds the hash of the content. */
const HASHED = /-[\w-]{8,}\.\w+$/;
const FOREVER = 'public, max-age=31536000, immutable';
/** A fix reaches every page within minutes; while the server is away the old one serves. */
const MOVING = 'public, max-age=300, stale-while-revalidate=600, stale-if-error=86400';

interface Bundled {
  readonly stamp: string;
  readonly etag: string;
  readonly bodies: Readonly<Record<Encoding, Uint8Array<ArrayBuffer>>>;
}
type Encoding = 'br' | 'gzip' | 'identity';

/**
 * The built module and its chunks: `/embed/v1/…` moves with this server's release, `/embed/{version}/…` is pinned and may
 * carry Subresource Integrity. Public for every origin: a module script is fetched by CORS, without credentials.
 */
export function createEmbedRoute(options: { directory: string; version: string }): OpenRoute {
  const { directory, version } = options;
  const cache = new Map<string, Promise<Bundled>>();

  async function load(name: string): Promise<Bundled | null> {
    const path = join(directory, name);
    if (!path.startsWith(directory + sep)) return null;
    const found = await stat(path).catch(() => null);
    if (found === null || !found.isFile()) return null;
    const stamp = `${found.mtimeMs}-${found.size}`;
    const kept = await cache.get(name);
    if (kept?.stamp === stamp) return kept;
    const fresh = read(path, stamp);
    cache.set(name, fresh);
    fresh.catch(() => cache.delete(name));
    return fresh;
  }

  return {
    method: 'GET',
    path: '/embed/:version/:file{.+}',
    quiet: true,
    async handle(context) {
      const name = context.req.param('file') ?? '';
      const asked = context.req.param('version');
      const pinned = asked === version;
      if ((asked !== 'v1' && !pinned) || !NAME.test(name)) throw new ProblemError('not_found');
      const file = await load(name);
      if (file === null) throw new ProblemError(name === ENTRY ? 'embed_not_built' : 'not_found');
      return answer(context, name, file, pinned || HASHED.test(name) ? FOREVER : MOVING);
    },
  };
}

function answer(context: HttpContext, name: string, file: Bundled, caching: string): Response {
  const encoding = choose(context.req.header('accept-encoding') ?? '');
  const headers = new Headers({
    'Access-Control-Allow-Origin': '*',
    'Cache-Control': caching,
    'Content-Type': TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
    ETag: file.etag,
    Vary: 'Accept-Encoding',
  });
  const known = (context.req.header('if-none-match') ?? '').split(',').map((tag) => tag.trim());
  if (known.includes(file.etag) || known.includes('*')) return new Response(null, { status: 304, headers });
  if (encoding !== 'identity') headers.set('Content-Encoding', encoding);
  const body = file.bodies[encoding];
  headers.set('Content-Length', String(body.byteLength));
  return new Response(body, { headers });
}

function choose(accepted: string): Encoding {
  const offers = new Map(
    accepted.split(',').map((offer) => {
      const [name = '', ...parameters] = offer
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      return [name, !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))] as const;
    }),
  );
  if (offers.get('br') === true) return 'br';
  return offers.get('gzip') === true ? 'gzip' : 'identity';
}

/** Compressed once, in memory: the bundle is a few files of some ten kilobytes. */
async function read(path: string, stamp: string): Promise<Bundled> {
  const identity = new Uint8Array(await readFile(path));
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
    promisify(gzip)(identity, { level: 9 }),
  ]);
  // Weak: one tag for the three encodings of the same bytes (RFC 9110 §8.8.1).
  const etag = `W/"${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}"`;
  return { stamp, etag, bodies: { identity, br: new Uint8Array(br), gzip: new Uint8Array(gz) } };
}
