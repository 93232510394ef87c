import type { CaseFactory, Detail } from './cases/index.ts';
import type { Operation, RegionOverride } from './regions.ts';
import type { Scenario } from './scenario.ts';

/** Switches that a test or the console may change while the simulator runs. */
export interface Flags {
  /** 429 to any two Get Orders calls of one clinic within 120 s. */
  strict: boolean;
  /** Upstream may answer smaller pages than asked; this is the largest it gives. */
  maxPageSize: number;
  /** Get Orders gives only `Completed` and `Lab Review`, as a narrow reading of the guideline has it. */
  listOnlyReady: boolean;
  rotateRefreshTokens: boolean;
  /** RFC 9700 §4.14.2: an old refresh token ends the whole grant. */
  revokeOnReuse: boolean;
  /** Un-pair also ends the refresh tokens, so that the caller meets `invalid_grant` first. */
  unpairEndsRefresh: boolean;
  clientAuthentication: 'either' | 'client_secret_post' | 'client_secret_basic';
  notificationStyle: 'json' | 'form' | 'get';
  /** Life of an access token. */
  accessTokenSeconds: number;
  /** Life of a pre-signed link. */
  linkSeconds: number;
  /** The sign-in page cuts the tie to its opener (Cross-Origin-Opener-Policy). */
  severOpener: boolean;
}

export const DEFAULT_FLAGS: Flags = {
  strict: false,
  maxPageSize: 100,
  listOnlyReady: false,
  rotateRefreshTokens: true,
  revokeOnReuse: false,
  unpairEndsRefresh: false,
  clientAuthentication: 'either',
  notificationStyle: 'json',
  accessTokenSeconds: 3600,
  linkSeconds: 300,
  severOpener: false,
};

export interface AlignCloudOptions {
  /** 4010 unless told; 0 takes any free port. */
  port?: number;
  /** The other origin that pre-signed links point to: `port` + 1 unless told. */
  cdnPort?: number;
  detail?: Detail;
  clock?: 'real' | 'manual';
  /** Where the clock starts, milliseconds since 1970. */
  startAt?: number;
  strict?: boolean;
  /** Everything left to chance follows from it; a random one unless told. */
  seed?: string | number;
  /** A shipped scenario's name or a scenario itself. */
  scenario?: string | Scenario;
  redirectUris?: readonly string[];
  clientId?: string;
  clientSecret?: string;
  /** How Discovery names this server to its callers, if not by its own address. */
  publicUrl?: string;
  cdnUrl?: string;
  /** Path in front of the OAuth endpoints, such as `/sso`. */
  oauthPath?: string;
  /** Path in front of `/discovery`, such as `/gateway`. */
  basePath?: string;
  region?: string;
  regions?: Record<string, RegionOverride>;
  /** The callback URL from the partner registration, for accounts that gave none of their own. */
  partnerCallbackUrl?: string;
  /** Old cases per configured account, for a first listing. */
  history?: number;
  flags?: Partial<Flags>;
  /** Where finished case files are kept. */
  dataDir?: string;
  /** Makes the files of a case; the built-in factory unless told. */
  cases?: CaseFactory;
  log?: (line: string) => void;
}

export const DEMO_CLIENT = { clientId: 'itero-embed-demo', clientSecret: 'demo-secret-never-in-production' } as const;

export const DEFAULT_REDIRECT_URIS: readonly string[] = [
  'http://127.0.0.1:4000/v1/pairing/callback',
  'http://localhost:4000/v1/pairing/callback',
];

export type { Operation };
