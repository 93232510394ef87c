import * as v from 'valibot';

/** align-api §6: never two Get Orders calls of one clinic within this (ms). */
const LEAST_POLL_FLOOR = 120_000;

const milliseconds = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(365 * 86_400_000));

/** Milliseconds, but `backfillDays`; its null means from the beginning. */
const timingsSchema = v.object({
  pollFloor: v.optional(milliseconds, LEAST_POLL_FLOOR),
  pageSpacing: v.optional(milliseconds, 0),
  overlap: v.optional(milliseconds, 900_000),
  /** Counted from when a file was first missed (align-api §6: it may come back after 40 to 80 s). */
  recheckSteps: v.optional(v.pipe(v.array(milliseconds), v.minLength(1), v.maxLength(10)), [40_000, 80_000]),
  recheckMax: v.optional(milliseconds, 1_800_000),
  recheckFor: v.optional(milliseconds, 3 * 86_400_000),
  backfillDays: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(36_500))), 90),
  requestTimeout: v.optional(v.pipe(milliseconds, v.minValue(100)), 30_000),
});

const address = v.pipe(
  v.string(),
  v.check((text) => isAddress(text), 'an http(s) address without credentials, query or #'),
);
const page = v.pipe(
  v.string(),
  v.check((text) => isAddress(text, 'query'), 'an http(s) address without credentials or #'),
);

const environmentSchema = v.pipe(
  v.object({
    /** Authentication calls. */
    oauthBase: address,
    /** Discovery, and operations that Discovery does not name. */
    baseUrl: address,
    /** Replaces `{oauthBase}/authorize` where Align handed out a login page. */
    loginPage: v.optional(page),
    clientId: v.pipe(v.string(), v.minLength(1)),
    clientSecret: v.pipe(v.string(), v.minLength(1)),
    clientAuth: v.optional(v.picklist(['post', 'basic']), 'post'),
    scope: v.optional(v.pipe(v.string(), v.minLength(1))),
    /** Secret of the callback URL given at partner registration; where it is set, Pair names no callback of its own. */
    partnerCallbackToken: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^[\w-]{43,128}$/, 'must be 256 random bits or more in base64url; make one with: npm run config:keys'),
      ),
    ),
    /** `host` (the scheme's own port) or `host:port`, exactly; no wildcards. */
    allowedHosts: v.optional(
      v.array(
        v.pipe(
          v.string(),
          v.check((text) => toHost(text) !== null, 'a host, or host:port'),
        ),
      ),
      [],
    ),
    /** A stand-in for Align on this machine: shorter timings and plain http. */
    simulated: v.optional(v.boolean(), false),
    timings: v.optional(timingsSchema, {}),
  }),
  v.forward(
    v.check((it) => !it.simulated || isAllLoopback(it), 'simulated only where every host is loopback'),
    ['simulated'],
  ),
  v.forward(
    v.check(
      (it) => it.timings.pollFloor >= LEAST_POLL_FLOOR || (it.simulated && isAllLoopback(it)),
      'at least 120000 unless the environment is simulated',
    ),
    ['timings', 'pollFloor'],
  ),
  v.forward(
    v.check((it) => isSecure(it.baseUrl, it), 'an https address'),
    ['baseUrl'],
  ),
  v.forward(
    v.check((it) => isSecure(it.oauthBase, it), 'an https address'),
    ['oauthBase'],
  ),
  v.forward(
    v.check((it) => it.loginPage === undefined || isSecure(it.loginPage, it), 'an https address'),
    ['loginPage'],
  ),
);

/** `align` of the configuration file; re-read while running. */
export const alignSettingsSchema = v.pipe(
  v.object({
    /** Which of `environments` is in use. */
    environment: v.pipe(v.string(), v.minLength(1)),
    environments: v.record(v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9_-]{0,31}$/)), environmentSchema),
  }),
  v.forward(
    v.check((it) => Object.hasOwn(it.environments, it.environment), 'the name of one of environments'),
    ['environment'],
  ),
  v.forward(
    v.check(
      (it) => areDistinct(Object.values(it.environments).map((one) => one.partnerCallbackToken)),
      'must not give two environments the same partnerCallbackToken',
    ),
    ['environments'],
  ),
);
export type AlignSettings = v.InferOutput<typeof alignSettingsSchema>;
export type EnvironmentSettings = AlignSettings['environments'][string];

function areDistinct(tokens: readonly (string | undefined)[]): boolean {
  const set = tokens.filter((token) => token !== undefined);
  return new Set(set).size === set.length;
}

/** rules.md "Environment": honoured only when every host of it is loopback. */
export function isSimulated(environment: EnvironmentSettings): boolean {
  let known = simulated.get(environment);
  if (known === undefined) {
    known = environment.simulated && isAllLoopback(environment);
    simulated.set(environment, known);
  }
  return known;
}

/** Settings never change, they are replaced: each is judged once, for this is asked at every picture. */
const simulated = new WeakMap<EnvironmentSettings, boolean>();

/** `host`, `host:port` → the form of `URL.host`; null when it is neither. */
export function toHost(text: string): string | null {
  if (/[/@?#\\\s*]/.test(text)) return null;
  // An https URL drops :443, so that `host` and `host:443` are the same entry.
  return URL.canParse(`https://${text}`) ? new URL(`https://${text}`).host : null;
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

interface Addresses {
  readonly oauthBase: string;
  readonly baseUrl: string;
  readonly loginPage?: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly simulated: boolean;
}

function isAllLoopback(environment: Addresses): boolean {
  const { oauthBase, baseUrl, loginPage, allowedHosts } = environment;
  return [oauthBase, baseUrl, ...(loginPage === undefined ? [] : [loginPage])]
    .concat(allowedHosts.map((host) => `https://${host}`))
    .every((text) => URL.canParse(text) && isLoopback(new URL(text).hostname));
}

function isSecure(text: string, environment: Addresses): boolean {
  if (!URL.canParse(text)) return true; // told once, as no address
  return new URL(text).protocol === 'https:' || (environment.simulated && isAllLoopback(environment));
}

function isAddress(text: string, may?: 'query'): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.username === '' &&
    url.password === '' &&
    (may === 'query' || url.search === '') &&
    !text.includes('#')
  );
}
