import type { Audit } from '../../audit/index.ts';
import type { HttpContext } from '../../http/env.ts';
import { alreadySent, nodeResponse } from '../../http/node-response.ts';
import { rethrowAsProblem } from '../../pairing/to-problem-error.ts';
import type { Store } from '../../store/index.ts';
import type { LinkTarget } from '../asset-link.ts';
import type { GalleryKey } from '../pictures/picture-files.ts';
import type { Pictures } from '../pictures/pictures.ts';
import { matchesEtag } from './byte-range.ts';
import type { ReadyAnswer } from '../../http/at-once.ts';
import type { OpenedLink } from './link-access.ts';

type PictureTarget = Extract<LinkTarget, { kind: 'picture' }>;

/** Beside the security headers of every answer. */
const HEADERS = { 'Content-Type': 'image/jpeg', 'Cache-Control': 'private, max-age=300' };
const READY_HEADERS = Object.entries(HEADERS).flat();

/** One of the six, small or full, out of memory, the disk, or the gallery upstream. */
export async function sendPicture(
  parts: { store: Store; audit: Audit; pictures: Pictures },
  context: HttpContext,
  opened: OpenedLink,
  target: PictureTarget,
): Promise<Response> {
  const { scan, connection, holder } = opened;
  const { view, size } = target;
  const etag = etagOf(opened, target);
  const headers = { ...HEADERS, ETag: etag };
  if (matchesEtag(context.req.header('if-none-match'), etag)) return new Response(null, { status: 304, headers });
  const key = galleryOf(opened);
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

/** A small picture that is in memory: no wait, no audit row of its own. Null for every other. */
export function readyPicture(
  pictures: Pick<Pictures, 'hot'>,
  opened: OpenedLink,
  ifNoneMatch: string | undefined,
): ReadyAnswer | null {
  const { target } = opened.link;
  if (target.kind !== 'picture' || target.size !== 'small') return null;
  const etag = etagOf(opened, target);
  const headers = ['ETag', etag, ...READY_HEADERS];
  if (matchesEtag(ifNoneMatch, etag)) return { status: 304, headers, body: null };
  const picture = pictures.hot(galleryOf(opened), target.view, target.size);
  if (picture === undefined) return null;
  headers.push('Content-Length', String(picture.length));
  return { status: 200, headers, body: picture };
}

function etagOf({ link }: OpenedLink, { view, size }: PictureTarget): string {
  return `"${link.version}-${view}-${size}"`;
}

function galleryOf({ link, scan }: OpenedLink): GalleryKey {
  const { vendor, tenant, environment, account_id, order_id } = scan;
  return { vendor, tenant, environment, account_id, order_id, version: link.version };
}
