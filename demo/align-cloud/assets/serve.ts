import { createReadStream } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pipeline } from 'node:stream/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { requireClinic } from '../access.ts';
import { ApiError, notFound } from '../api-error.ts';
import type { Cloud, Ctx } from '../cloud.ts';
import type { FaultPoint } from '../faults.ts';
import type { Asset, AssetFile, Order } from '../model.ts';
import { expireAccess } from '../oauth/grants.ts';
import { followLink, linkTo, readLink } from './links.ts';
import type { Link } from './links.ts';
import { parseRange } from './range.ts';

const signature = (c: Ctx): string => c.req.query('Signature') ?? '';

/** A file on one of Discovery's hosts: wants the bearer token of a user paired with the order's account. */
export async function serveWithToken(cloud: Cloud, c: Ctx, payload: string): Promise<Response> {
  const { account, grant } = requireClinic(cloud, c);
  const link = readLink(cloud, payload, signature(c));
  if (link.mode === 'presigned') throw notFound('file');
  const { order, asset } = followLink(cloud, link);
  if (order.companyId !== account.companyId) throw notFound('file');
  if (link.mode === 'redirect') {
    return new Response(null, {
      status: 302,
      headers: { location: linkTo(cloud, order, asset, 'presigned'), 'cache-control': 'no-store' },
    });
  }
  return send(cloud, c, 'asset', order, asset, () => expireAccess(cloud, grant.id));
}

/** A file on another host: the link is the permission. A bearer token has no business there and is refused, as object stores do. */
export async function servePresigned(cloud: Cloud, c: Ctx, payload: string): Promise<Response> {
  if (c.req.header('authorization') !== undefined) {
    throw new ApiError(400, 'invalid_request', 'Only one way of authorization is allowed: the link holds it already.');
  }
  const link: Link = readLink(cloud, payload, signature(c));
  if (link.mode !== 'presigned') throw notFound('file');
  const { order, asset } = followLink(cloud, link);
  return send(cloud, c, 'cdn', order, asset, () => cloud.state.endedLinks.add(link.nonce));
}

async function send(
  cloud: Cloud,
  c: Ctx,
  point: FaultPoint,
  order: Order,
  asset: Asset,
  endPermission: () => unknown,
): Promise<Response> {
  const where = { companyId: order.companyId, asset: asset.type };
  const file = await asset.open();
  const fault = cloud.faults.take(point, ['half-body', 'truncated', 'token-expires'], where)?.kind;
  // A truncated file is whole for HTTP: only its end is not there.
  const size = fault === 'truncated' ? Math.ceil(file.sizeBytes * 0.6) : file.sizeBytes;
  const etag = `"${order.orderId}-${asset.type}-${asset.revision}"`;
  const ifRange = c.req.header('if-range');
  const range = parseRange(ifRange === undefined || ifRange === etag ? c.req.header('range') : undefined, size);
  const head: Record<string, string | number> = {
    'content-type': file.contentType,
    'accept-ranges': 'bytes',
    etag,
    'last-modified': new Date(asset.modifiedDate).toUTCString(),
    'cache-control': 'private, no-store',
    'content-disposition': `attachment; filename="${file.fileName}"`,
  };
  if (range.kind === 'unsatisfiable') {
    return new Response(null, { status: 416, headers: { 'content-range': `bytes */${size}` } });
  }
  const { start, end } = range.kind === 'part' ? range : { start: 0, end: size - 1 };
  head['content-length'] = end - start + 1;
  if (range.kind === 'part') head['content-range'] = `bytes ${start}-${end}/${size}`;
  // Gone already, after a slow answer or while the file was made.
  if (c.env.outgoing.destroyed) return RESPONSE_ALREADY_SENT;
  c.env.outgoing.writeHead(range.kind === 'part' ? 206 : 200, head);
  if (c.req.method === 'HEAD') c.env.outgoing.end();
  else if (fault === 'half-body' || fault === 'token-expires') {
    await sendPart(c, file, start, start + Math.floor((end - start) / 2));
    if (fault === 'token-expires') endPermission();
    c.env.outgoing.destroy();
  } else await sendAll(cloud, c, file, start, end);
  return RESPONSE_ALREADY_SENT;
}

async function sendAll(cloud: Cloud, c: Ctx, file: AssetFile, start: number, end: number): Promise<void> {
  try {
    await pipeline(createReadStream(file.path, { start, end, highWaterMark: 256 * 1024 }), c.env.outgoing);
  } catch (error) {
    // The head is out, so nothing can be answered any more. A reader that went away is no news.
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!code.startsWith('ERR_STREAM') && code !== 'ECONNRESET' && code !== 'EPIPE') cloud.log(`file: ${message}`);
    c.env.outgoing.destroy();
  }
}

async function sendPart(c: Ctx, file: AssetFile, start: number, end: number): Promise<void> {
  for await (const part of createReadStream(file.path, { start, end })) {
    await new Promise<void>((resolve) => c.env.outgoing.write(part, () => resolve()));
  }
  await nextTurn();
}
