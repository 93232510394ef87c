import type { Audit } from '../../audit/index.ts';
import type { HttpContext } from '../../http/env.ts';
import { alreadySent, nodeResponse } from '../../http/node-response.ts';
import { rethrowAsProblem } from '../../pairing/to-problem-error.ts';
import type { Store } from '../../store/index.ts';
import type { LinkTarget } from '../asset-link.ts';
import type { Pictures } from '../pictures/pictures.ts';
import { matchesEtag } from './byte-range.ts';
import type { OpenedLink } from './link-access.ts';

type PictureTarget = Extract<LinkTarget, { kind: 'picture' }>;

/** One of the six, small or full, out of memory, the disk, or the gallery upstream. */
export async function sendPicture(
  parts: { store: Store; audit: Audit; pictures: Pictures },
  context: HttpContext,
  opened: OpenedLink,
  { view, size }: PictureTarget,
): Promise<Response> {
  const { link, scan, connection, holder } = opened;
  const etag = `"${link.version}-${view}-${size}"`;
  const headers = {
    'Content-Type': 'image/jpeg',
    'Cache-Control': 'private, max-age=300',
    ETag: etag,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'cross-origin',
  };
  if (matchesEtag(context.req.header('if-none-match'), etag)) return new Response(null, { status: 304, headers });
  const { vendor, tenant, environment, account_id, order_id } = scan;
  const key = { vendor, tenant, environment, account_id, order_id, version: link.version };
  const picture =
    parts.pictures.hot(key, view, size) ??
    (await parts.pictures.get(connection, key, view, size).catch(rethrowAsProblem));
  if (size === 'full') {
    // The small ones belong to the list, which is audited itself.
    await parts.store.write((tx) => parts.audit.record(tx, holder, 'scan.picture_viewed', scan.order_id, 'ok'));
  }
  const all = { ...headers, 'Content-Length': String(picture.length) };
  // Hono answers a HEAD with a copy of ours, which loses that it was sent already.
  if (context.req.raw.method === 'HEAD') return new Response(null, { status: 200, headers: all });
  nodeResponse(context).writeHead(200, all).end(picture);
  return alreadySent;
}
