import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import type { Random } from '../deps.ts';

/** Encrypts what must not lie in the database in clear. `context` says what and whose it is; another one does not open. */
export interface Seal {
  seal(plain: string, context: string): string;
  /** @throws SealError when the text was changed, its key is gone, or `context` is another. */
  unseal(sealed: string, context: string): string;
  sealBytes(plain: Uint8Array, context: string): Uint8Array;
  /** @throws SealError likewise */
  unsealBytes(sealed: Uint8Array, context: string): Uint8Array;
  /** Made with an older key than the newest: seal again at the next write. */
  isAged(sealed: string): boolean;
  /** HMACs under every key, newest first: recognises a secret without opening it. */
  fingerprints(plain: string): readonly [string, ...string[]];
}

/** Never holds the text. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

const FORMAT = 1;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES;

interface Key {
  readonly id: Buffer;
  readonly encryption: Uint8Array;
  readonly mac: Uint8Array;
}

/**
 * AES-256-GCM; one key of 32 bytes each for encryption and for fingerprints is derived from every configured one.
 * Layout: format, key id, nonce, ciphertext, tag; as text, base64url of that.
 * @param keys 32 bytes each, newest first: the first seals, all of them open
 */
export function createSeal(keys: readonly Uint8Array[], random: Random): Seal {
  const ring = keys.map(toKey);
  const [newest] = ring;
  if (newest === undefined) throw new SealError('there is no encryption key');

  function sealBytes(plain: Uint8Array, context: string): Uint8Array {
    const { id, encryption } = newest as Key;
    const nonce = random.bytes(NONCE_BYTES);
    const header = Buffer.concat([Buffer.of(FORMAT), id]);
    const cipher = createCipheriv('aes-256-gcm', encryption, nonce).setAAD(bind(header, context));
    return Buffer.concat([header, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  function unsealBytes(sealed: Uint8Array, context: string): Uint8Array {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.length < HEADER_BYTES + NONCE_BYTES + TAG_BYTES || bytes[0] !== FORMAT) {
      throw new SealError('not a sealed text of this format');
    }
    const header = bytes.subarray(0, HEADER_BYTES);
    const key = ring.find(({ id }) => id.equals(header.subarray(1)));
    if (key === undefined) throw new SealError('sealed with a key that is not in encryptionKeys');
    const nonce = bytes.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key.encryption, nonce, { authTagLength: TAG_BYTES })
      .setAAD(bind(header, context))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const plain = decipher.update(bytes.subarray(HEADER_BYTES + NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([plain, decipher.final()]);
    } catch {
      throw new SealError('changed, or sealed for another purpose');
    }
  }

  return {
    sealBytes,
    unsealBytes,
    seal: (plain, context) => Buffer.from(sealBytes(Buffer.from(plain, 'utf8'), context)).toString('base64url'),
    unseal: (sealed, context) => Buffer.from(unsealBytes(Buffer.from(sealed, 'base64url'), context)).toString('utf8'),
    isAged: (sealed) => !Buffer.from(sealed, 'base64url').subarray(1, HEADER_BYTES).equals(newest.id),
    fingerprints(plain) {
      const [first, ...older] = ring.map(({ mac }) => createHmac('sha256', mac).update(plain).digest('base64url'));
      return [first ?? '', ...older];
    },
  };
}

function toKey(secret: Uint8Array): Key {
  if (secret.byteLength !== 32) throw new SealError('an encryption key must be 32 bytes');
  const derive = (purpose: string, size: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, '', `itero-embed ${purpose}`, size));
  return { id: derive('key id', KEY_ID_BYTES), encryption: derive('seal', 32), mac: derive('fingerprint', 32) };
}

function bind(header: Uint8Array, context: string): Buffer {
  return Buffer.concat([header, Buffer.from(context, 'utf8')]);
}
