import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { ApiError, notFound } from '../api-error.ts';
import type { Cloud } from '../cloud.ts';
import { ASSET_TYPES } from '../model.ts';
import type { Account, Asset, AssetMode, AssetType, Order } from '../model.ts';

interface Link {
  mode: AssetMode;
  orderId: number;
  type: AssetType;
  revision: number;
  /** Milliseconds since 1970; pre-signed links end, the others live as long as the file. */
  expiresAt: number;
  /** Makes the URL another one at each listing. */
  nonce: string;
}

const sign = (cloud: Cloud, payload: string): string =>
  createHmac('sha256', cloud.linkKey).update(payload).digest('base64url');

function toUrl(cloud: Cloud, link: Link): string {
  const payload = Buffer.from(JSON.stringify(link)).toString('base64url');
  const base = link.mode === 'presigned' ? `${cloud.urls.cdn}/case-files` : `${cloud.urls.main}/files`;
  return `${base}/${payload}?Signature=${sign(cloud, payload)}`;
}

export function assetUrl(cloud: Cloud, account: Account, order: Order, asset: Asset): string {
  return linkTo(cloud, order, asset, account.assetModes[asset.type]);
}

export function linkTo(cloud: Cloud, order: Order, asset: Asset, mode: AssetMode): string {
  return toUrl(cloud, {
    mode,
    orderId: order.orderId,
    type: asset.type,
    revision: asset.revision,
    expiresAt: cloud.clock.now() + cloud.flags.linkSeconds * 1000,
    nonce: randomBytes(6).toString('base64url'),
  });
}

function isLink(value: unknown): value is Link {
  if (typeof value !== 'object' || value === null) return false;
  const link = value as Partial<Link>;
  return typeof link.orderId === 'number' && ASSET_TYPES.some((type) => type === link.type);
}

/** What the payload points to. 403 for a broken or ended signature, as object stores answer. */
export function readLink(cloud: Cloud, payload: string, signature: string): Link {
  const given = Buffer.from(signature);
  const wanted = Buffer.from(sign(cloud, payload));
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new ApiError(403, 'access_denied', 'The signature does not fit.');
  }
  const link: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  if (!isLink(link)) throw notFound('file');
  if (link.mode === 'presigned' && (link.expiresAt <= cloud.clock.now() || cloud.state.endedLinks.has(link.nonce))) {
    throw new ApiError(403, 'access_denied', 'The link is over.');
  }
  return link;
}

/** The newest file of this kind; a link to an older one leads nowhere. */
export function followLink(cloud: Cloud, link: Link): { order: Order; asset: Asset } {
  const order = cloud.state.orders.get(link.orderId);
  const asset = order?.assets.get(link.type);
  if (order === undefined || asset === undefined || asset.revision !== link.revision) throw notFound('file');
  return { order, asset };
}

export type { Link };
