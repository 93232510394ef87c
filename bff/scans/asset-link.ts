import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { VIEWS, type View } from '../../shared/scan.ts';
import type { TenantKey } from '../tenancy.ts';

/** What a link opens. Zips are downloads, pictures are shown in the page. */
export type LinkTarget =
  | { readonly kind: 'ide'; readonly disposition: 'attachment' }
  | { readonly kind: 'captures'; readonly disposition: 'attachment' }
  | { readonly kind: 'picture'; readonly view: View; readonly size: 'small' | 'full'; readonly disposition: 'inline' };

/** For whom a link was made. Without a session it was made for the vendor's backend. */
export interface LinkHolder extends TenantKey {
  readonly userId: string;
  readonly sessionId: string | null;
}

export interface LinkContent {
  readonly orderId: string;
  /** The version that brought the file: links, ETags and the picture cache stay the same until the file changes. */
  readonly version: string;
  readonly target: LinkTarget;
}

/** A link that was read but not proven yet: its holder must be looked up first, for the signature covers it. */
export interface UnprovenLink extends LinkContent {
  readonly holder: { readonly sessionId: string } | TenantKey;
  /** ms since the epoch. */
  readonly expiresAt: number;
  readonly signed: string;
  readonly signature: string;
}

export interface AssetLinks {
  /** Absolute path of the BFF, valid for four to five minutes: the same within one minute, so that browsers reuse pictures. */
  make(holder: LinkHolder, content: LinkContent): string;
  /** Null when it is no link at all. */
  read(link: string): UnprovenLink | null;
  /** Whether it was made here, for this holder. */
  prove(link: UnprovenLink, holder: LinkHolder): boolean;
}

export const LINK_LIFE_MS = 300_000;
const MINUTE = 60_000;
/** The signing key changes every hour of expiry. */
const KEY_SLOT_MS = 3_600_000;
const MAX_PROVEN = 10_000;
export { VENDOR_USER } from '../tenancy.ts';

/** @param encryptionKeys newest first; links of an older key stay valid */
export function createAssetLinks(encryptionKeys: readonly Uint8Array[], now: () => number): AssetLinks {
  const keys = new Map<string, Buffer>();
  /** Links that were proven: a signature that was right for a holder stays right; all else is checked at every hit. */
  const proven = new Map<string, UnprovenLink>();
  const provenFor = new WeakMap<UnprovenLink, LinkHolder>();
  const keyOf = (index: number, expiresAt: number): Buffer => {
    const slot = Math.floor(expiresAt / KEY_SLOT_MS);
    const name = `${index}:${slot}`;
    const known = keys.get(name);
    if (known !== undefined) return known;
    if (keys.size > 16) keys.clear();
    const derived = hkdfSync('sha256', encryptionKeys[index] ?? new Uint8Array(), '', `asset-link ${slot}`, 32);
    const key = Buffer.from(derived);
    keys.set(name, key);
    return key;
  };
  /** Vendor, tenant, user are named by the signature alone: nothing of them stands in the URL. */
  const sign = (index: number, signed: string, expiresAt: number, holder: LinkHolder): string => {
    const { vendor, tenant, environment, userId } = holder;
    const named = JSON.stringify([vendor, tenant, environment, userId]);
    return createHmac('sha256', keyOf(index, expiresAt)).update(`${signed}\n${named}`).digest('base64url');
  };

  return {
    make(holder, { orderId, version, target }) {
      const expiresAt = Math.floor((now() + LINK_LIFE_MS) / MINUTE) * MINUTE;
      const signed = [toHolderPart(holder), orderId, version, toCode(target), expiresAt.toString(36)].join('.');
      return `/v1/assets/${signed}.${sign(0, signed, expiresAt, holder)}`;
    },

    read(link) {
      const known = proven.get(link);
      if (known !== undefined) return known;
      const parts = link.split('.');
      const [holderPart, orderId, version, code, expiry, signature] = parts;
      if (parts.length !== 6 || holderPart === undefined || signature === undefined) return null;
      if (orderId === undefined || !/^\d{1,19}$/.test(orderId)) return null;
      if (version === undefined || !/^[\w-]{22}$/.test(version)) return null;
      if (expiry === undefined || !/^[0-9a-z]{1,9}$/.test(expiry)) return null;
      const target = fromCode(code ?? '');
      const holder = fromHolderPart(holderPart);
      if (target === null || holder === null) return null;
      const signed = link.slice(0, link.length - signature.length - 1);
      return { orderId, version, target, holder, expiresAt: Number.parseInt(expiry, 36), signed, signature };
    },

    prove(link, holder) {
      const known = provenFor.get(link);
      if (known !== undefined && isSameHolder(known, holder)) return true;
      if (!isRight(link, holder)) return false;
      if (proven.size >= MAX_PROVEN) proven.clear();
      proven.set(`${link.signed}.${link.signature}`, link);
      provenFor.set(link, holder);
      return true;
    },
  };

  function isRight(link: UnprovenLink, holder: LinkHolder): boolean {
    const given = Buffer.from(link.signature);
    return encryptionKeys.some((_, index) => {
      // Compared as text: of the many ways to write the same bytes in base64url one is accepted.
      const right = Buffer.from(sign(index, link.signed, link.expiresAt, holder));
      return right.length === given.length && timingSafeEqual(right, given);
    });
  }
}

function isSameHolder(a: LinkHolder, b: LinkHolder): boolean {
  return a.vendor === b.vendor && a.tenant === b.tenant && a.environment === b.environment && a.userId === b.userId;
}

function toCode(target: LinkTarget): string {
  if (target.kind === 'ide') return 'i';
  if (target.kind === 'captures') return 'c';
  return `${target.size === 'small' ? 's' : 'f'}${VIEWS.indexOf(target.view)}`;
}

function fromCode(code: string): LinkTarget | null {
  if (code === 'i') return { kind: 'ide', disposition: 'attachment' };
  if (code === 'c') return { kind: 'captures', disposition: 'attachment' };
  const view = /^[sf]\d$/.test(code) ? VIEWS[Number(code[1])] : undefined;
  if (view === undefined) return null;
  return { kind: 'picture', view, size: code.startsWith('s') ? 'small' : 'full', disposition: 'inline' };
}

function toHolderPart(holder: LinkHolder): string {
  if (holder.sessionId !== null) return holder.sessionId;
  return `~${Buffer.from(JSON.stringify([holder.vendor, holder.tenant, holder.environment])).toString('base64url')}`;
}

function fromHolderPart(part: string): UnprovenLink['holder'] | null {
  if (/^[\w-]{8,80}$/.test(part)) return { sessionId: part };
  if (!/^~[\w-]{1,800}$/.test(part)) return null;
  let named: unknown;
  try {
    named = JSON.parse(Buffer.from(part.slice(1), 'base64url').toString());
  } catch {
    return null;
  }
  const [vendor, tenant, environment] = Array.isArray(named) ? (named as unknown[]) : [];
  if (typeof vendor !== 'string' || typeof tenant !== 'string' || typeof environment !== 'string') return null;
  return { vendor, tenant, environment };
}
