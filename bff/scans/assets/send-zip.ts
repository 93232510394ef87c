import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { pipeline as connect, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AlignFault, type AlignPort, type OpenAsset } from '../../align/index.ts';
import type { Audit } from '../../audit/index.ts';
import { alreadySent, nodeResponse } from '../../http/node-response.ts';
import type { HttpContext } from '../../http/env.ts';
import { ProblemError } from '../../http/problem-error.ts';
import { rethrowAsProblem } from '../../pairing/to-problem-error.ts';
import type { Store } from '../../store/index.ts';
import type { Vault } from '../../vault/vault.ts';
import { ifRangeFits, isSatisfiable, matchesEtag, parseRange } from './byte-range.ts';
import type { CurrentFiles } from './current-file.ts';
import type { OpenedLink } from './link-access.ts';
import { WholeZip } from './whole-zip.ts';
import type { StoredAsset } from '../version.ts';

export interface ZipParts {
  readonly store: Store;
  readonly vault: Vault;
  readonly align: Pick<AlignPort, 'openAsset'>;
  readonly files: CurrentFiles;
  readonly audit: Audit;
}

/** Streams the iDE or the screen captures from upstream, with backpressure and without keeping anything. */
export async function sendZip(
  parts: ZipParts,
  context: HttpContext,
  opened: OpenedLink,
  name: 'ide' | 'captures',
): Promise<Response> {
  const { link, holder, scan, connection } = opened;
  if (connection.state !== 'paired') throw new ProblemError('needs_login');
  const { req } = context;
  const userId = holder.sessionId === null ? undefined : holder.userId;
  const find = (renew: boolean) => parts.files.find(connection, userId, scan, name, renew).catch(rethrowAsProblem);

  let file = await find(false);
  const etag = `"${file.version}-${name}"`;
  if (matchesEtag(req.header('if-none-match'), etag))
    return new Response(null, { status: 304, headers: { ETag: etag } });
  const wanted = parseRange(req.header('range'));
  // The link names the version whose first part the client holds; of another one it needs the whole.
  const fits = ifRangeFits(req.header('if-range'), etag) && link.version === file.version;
  const range = wanted !== null && fits ? wanted : null;
  if (range !== null && !isSatisfiable(range, file.sizeBytes)) throw new ProblemError('range_not_satisfiable');
  const headers = { ...fileHeaders(scan.order_id, name), ETag: etag };

  if (req.raw.method === 'HEAD') {
    const size = file.sizeBytes === null ? {} : { 'Content-Length': String(file.sizeBytes) };
    // Not written to the Node response: Hono answers a HEAD with a copy, which loses that it was sent already.
    return new Response(null, { status: 200, headers: { ...headers, ...size } });
  }

  const response = nodeResponse(context);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const open = (url: string): Promise<OpenAsset> =>
    parts.vault.withToken({ connection, userId }, (token) =>
      parts.align.openAsset(token, url, { signal: gone.signal, ...(range !== null && { range }) }),
    );
  const asset = await open(file.url)
    .catch(async (error: unknown) => {
      // The link aged between the look and now.
      if (!(error instanceof AlignFault) || error.kind !== 'not_found') throw error;
      const before = file;
      file = await find(true);
      if (!isSame(before, file)) throw new ProblemError('link_expired', {}, error);
      return open(file.url);
    })
    .catch(rethrowMissing)
    .catch((error: unknown) => {
      if (gone.signal.aborted) return null;
      throw error;
    });
  if (asset === null) return alreadySent; // nobody is there any more
  try {
    // Granted from here on: on disk before the first byte leaves.
    await parts.store.write((tx) => parts.audit.record(tx, holder, 'scan.downloaded', scan.order_id, 'ok'));
  } catch (error) {
    asset.body.destroy();
    throw error;
  }
  await stream(context, response, asset, headers, range !== null);
  return alreadySent;
}

async function stream(
  context: HttpContext,
  response: ServerResponse,
  asset: OpenAsset,
  headers: Record<string, string>,
  ranged: boolean,
): Promise<void> {
  // A server that does not know ranges answers 200 with the whole.
  const partial = ranged && asset.status === 206 && asset.contentRange !== null;
  const body = partial ? asset.body : await toWholeZip(asset.body, response);
  if (body === null) return; // nobody is there any more
  response.writeHead(partial ? 206 : 200, {
    ...headers,
    ...(asset.contentLength !== null && { 'Content-Length': String(asset.contentLength) }),
    ...(partial && { 'Content-Range': asset.contentRange ?? '' }),
  });
  try {
    // A failing side destroys the other: the client sees a broken download and asks for the rest.
    await pipeline(body, response);
  } catch (error) {
    const reason = error instanceof Error ? error.name : 'unknown';
    context.get('log').info({ reason, left: response.destroyed && !response.writableFinished }, 'a download broke off');
  }
}

/**
 * Resolves with the first bytes of it, so that what is broken or no zip from its beginning is told in words and not by a
 * connection that closes; null when the reader has left.
 */
async function toWholeZip(file: Readable, response: ServerResponse): Promise<Readable | null> {
  const whole = new WholeZip();
  // Whoever reads `whole` is told of every fault.
  connect(file, whole, () => undefined);
  try {
    await once(whole, 'readable');
    return whole;
  } catch (error) {
    if (response.destroyed) return null;
    throw new ProblemError('upstream_wrong_shape', {}, error);
  }
}

/** A name without the patient's. */
function fileHeaders(orderId: string, name: 'ide' | 'captures'): Record<string, string> {
  return {
    'Content-Type': 'application/zip',
    'Content-Disposition': `attachment; filename="iTero_${orderId}_${name}.zip"`,
    'Cache-Control': 'private, no-cache',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Accept-Ranges': 'bytes',
  };
}

function isSame(a: StoredAsset, b: StoredAsset): boolean {
  return a.version === b.version;
}

function rethrowMissing(error: unknown): never {
  if (error instanceof AlignFault && error.kind === 'not_found') throw new ProblemError('asset_not_ready', {}, error);
  return rethrowAsProblem(error);
}
