import { Buffer } from 'node:buffer';
import * as v from 'valibot';
import { identifier } from '../shared/primitives.ts';

/** Settings that are read once, at start. */

const KEY_BYTES = 32;

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
  return safe && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text;
}

function isHttpsUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

function isKey(text: string): boolean {
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) && Buffer.from(text, 'base64').byteLength === KEY_BYTES;
}

/** A number, or its digits: environment variables are text. */
const port = (wanted: string) =>
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))], wanted),
    v.integer(wanted),
    v.minValue(0, wanted),
    v.maxValue(65_535, wanted),
  );

const PORT = 'must be a port number from 0 to 65535 (0: any free one)';
const text = (wanted: string) => v.pipe(v.string(wanted), v.minLength(1, wanted));

export const vendorSettingsSchema = v.strictObject({
  id: v.pipe(identifier, v.description('Stands in every session token of this vendor and must not change.')),
  name: v.pipe(text('must be the product’s name'), v.description('Shown to people at sign-in.')),
  apiKeyHashes: v.pipe(
    v.array(
      v.pipe(
        v.string('must be a SHA-256 in hex'),
        v.regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex (64 digits); make one with: npm run config:keys'),
      ),
      'must be a list of SHA-256 hashes',
    ),
    v.minLength(1, 'needs at least one key hash; make one with: npm run config:keys'),
  ),
  allowedOrigins: v.array(
    v.pipe(
      v.string('must be an origin'),
      v.check(
        isOrigin,
        'must be an origin such as https://dpms.example: scheme and host, no path, no slash at the end',
      ),
    ),
    'must be a list of origins',
  ),
  webhook: v.optional(
    v.strictObject({
      url: v.pipe(v.string('must be an address'), v.check(isHttpsUrl, 'must be an https address')),
      secret: v.pipe(
        v.string('must be a secret'),
        v.regex(/^whsec_[A-Za-z0-9+/=]{32,}$/, 'must be a Standard Webhooks secret: whsec_ and base64'),
      ),
    }),
  ),
});

export const processEntries = {
  publicUrl: v.pipe(
    v.string('must be an address'),
    v.check(
      isPublicUrl,
      'must be the https address people reach this service at, without a path (http for localhost only)',
    ),
    v.transform((url) => new URL(url).origin),
  ),
  port: v.optional(port(PORT), 4000),
  /** Every address of the machine where absent. */
  host: v.optional(text('must be an address to listen on')),
  metricsPort: v.optional(port(PORT)),
  store: v.pipe(
    v.string('must be an address of a database'),
    v.regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'must be sqlite:./path/to/file.db or postgres://…'),
  ),
  dataDir: v.optional(text('must be a folder'), './data'),
  encryptionKeys: v.pipe(
    v.array(
      v.pipe(
        v.string('must be a key'),
        v.check(isKey, 'must be 32 random bytes in base64; make one with: npm run config:keys'),
        v.transform((key): Uint8Array => new Uint8Array(Buffer.from(key, 'base64'))),
      ),
      'must be a list of keys, newest first',
    ),
    v.minLength(1, 'needs at least one key; make one with: npm run config:keys'),
    v.check(
      (keys) => distinct(keys.map((key) => Buffer.from(key).toString('hex'))),
      'must not hold the same key twice',
    ),
  ),
  vendors: v.pipe(
    v.array(vendorSettingsSchema, 'must be a list of vendors'),
    v.minLength(1, 'needs at least one vendor'),
    v.check((vendors) => distinct(vendors.map((vendor) => vendor.id)), 'must not name the same vendor id twice'),
    v.check(
      (vendors) => distinct(vendors.flatMap((vendor) => vendor.apiKeyHashes)),
      'must not give the same API key hash to two vendors',
    ),
  ),
};

export const processSettingsSchema = v.object(processEntries);
export type ProcessSettings = v.InferOutput<typeof processSettingsSchema>;

function distinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
