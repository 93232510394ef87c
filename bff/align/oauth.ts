import * as oauth from 'oauth4webapi';
import type { Clock } from '../deps.ts';
import type { Client } from './client.ts';
import { toStatusFault, type RawAnswer } from './errors.ts';
import { createHosts } from './hosts.ts';
import { AlignFault, type AlignFaultKind, type AlignTokens } from './port.ts';
import { isSimulated, type EnvironmentSettings } from './settings.ts';
import { toTokens } from './translate.ts';
import { OAUTH_PATHS } from './wire.ts';

/** OAuth 2.1 code flow by oauth4webapi: PKCE S256 and state (RFC 9700 §2.1.1, §4.7). */
export interface SignIn {
  authorizationUrl(input: { state: string; codeVerifier: string; redirectUri: string }): Promise<string>;
  exchangeCode(input: { answer: URL; state: string; codeVerifier: string; redirectUri: string }): Promise<AlignTokens>;
  /** @param settings of the environment that the token belongs to: it goes to no other's host */
  refresh(refreshToken: string, settings: EnvironmentSettings): Promise<AlignTokens>;
  revoke(refreshToken: string): Promise<void>;
}

export function createSignIn(parts: { environment: () => EnvironmentSettings; client: Client; clock: Clock }): SignIn {
  const { client, clock } = parts;

  /** Everything of one call, from the settings as they are now unless the caller has taken them already. */
  function prepare(operation: string, environment = parts.environment()) {
    const base = environment.oauthBase.replace(/\/$/, '');
    const server: oauth.AuthorizationServer = {
      issuer: environment.oauthBase,
      authorization_endpoint: environment.loginPage ?? `${base}${OAUTH_PATHS.authorize}`,
      token_endpoint: `${base}${OAUTH_PATHS.token}`,
      revocation_endpoint: `${base}${OAUTH_PATHS.revoke}`,
    };
    const authentication =
      environment.clientAuth === 'basic'
        ? oauth.ClientSecretBasic(environment.clientSecret)
        : oauth.ClientSecretPost(environment.clientSecret);
    const hosts = createHosts(environment);
    const options = {
      [oauth.allowInsecureRequests]: isSimulated(environment),
      [oauth.customFetch]: async (url: string, init: oauth.CustomFetchOptions<'POST', URLSearchParams>) => {
        const call = { operation, write: true };
        const answer = await client.send(call, hosts.require(operation, url), {
          method: init.method,
          headers: init.headers,
          body: init.body,
        });
        if (isNoOAuthAnswer(answer)) throw toStatusFault(call, answer, clock.now());
        return new Response(withoutIdToken(answer.text), { status: answer.status, headers: answer.headers });
      },
    };
    return { environment, server, party: { client_id: environment.clientId }, authentication, options };
  }

  return {
    async authorizationUrl({ state, codeVerifier, redirectUri }) {
      const { environment, server } = prepare('authorize');
      const url = new URL(server.authorization_endpoint ?? '');
      url.searchParams.set('response_type', 'code');
      url.searchParams.set('client_id', environment.clientId);
      url.searchParams.set('redirect_uri', redirectUri);
      url.searchParams.set('state', state);
      url.searchParams.set('code_challenge', await oauth.calculatePKCECodeChallenge(codeVerifier));
      url.searchParams.set('code_challenge_method', 'S256');
      if (environment.scope !== undefined) url.searchParams.set('scope', environment.scope);
      return url.href;
    },

    async exchangeCode({ answer, state, codeVerifier, redirectUri }) {
      const { server, party, authentication, options } = prepare('token');
      return guarded('token', async () => {
        const parameters = new URLSearchParams(answer.search);
        // There is one authorization server per environment and its issuer name is not published: `iss` (RFC 9207)
        // protects against a mix-up that cannot happen here.
        parameters.delete('iss');
        const checked = oauth.validateAuthResponse(server, party, parameters, state);
        const response = await oauth.authorizationCodeGrantRequest(
          server,
          party,
          authentication,
          checked,
          redirectUri,
          codeVerifier,
          options,
        );
        return read(await oauth.processAuthorizationCodeResponse(server, party, response), null, clock.now());
      });
    },

    async refresh(refreshToken, settings) {
      const { server, party, authentication, options } = prepare('refresh', settings);
      return guarded('refresh', async () => {
        const response = await oauth.refreshTokenGrantRequest(server, party, authentication, refreshToken, options);
        // RFC 6749 §6: without a new refresh token the old one stays valid.
        return read(await oauth.processRefreshTokenResponse(server, party, response), refreshToken, clock.now());
      });
    },

    async revoke(refreshToken) {
      const { server, party, authentication, options } = prepare('revoke');
      await guarded('revoke', async () => {
        const response = await oauth.revocationRequest(server, party, authentication, refreshToken, {
          ...options,
          additionalParameters: { token_type_hint: 'refresh_token' },
        });
        await oauth.processRevocationResponse(response);
      });
    },
  };
}

function read(answer: oauth.TokenEndpointResponse, before: string | null, now: number): AlignTokens {
  const refreshToken = answer.refresh_token ?? before;
  if (refreshToken === null) throw new AlignFault('wrong_shape', 'token', { property: 'refresh_token' });
  return toTokens({ accessToken: answer.access_token, refreshToken, expiresIn: answer.expires_in ?? 3600 }, now);
}

/** Answers that RFC 6749 §5 says nothing about: the status alone counts. */
function isNoOAuthAnswer({ status }: RawAnswer): boolean {
  return status === 429 || status === 408 || status >= 500 || (status >= 300 && status < 400);
}

/** We use no ID token, and its issuer is not published: it must not be able to break a sign-in. */
function withoutIdToken(text: string): string {
  if (!text.includes('"id_token"')) return text;
  try {
    const { id_token: _, ...rest } = JSON.parse(text) as Record<string, unknown>;
    return JSON.stringify(rest);
  } catch {
    return text; // not JSON: the library says so
  }
}

/** RFC 6749 §4.1.2.1 and §5.2. */
const KIND_OF_ERROR: Readonly<Record<string, AlignFaultKind>> = {
  invalid_grant: 'invalid_grant',
  // The person pressed Cancel, or may not sign in here.
  access_denied: 'unauthorized',
  invalid_client: 'not_configured',
  unauthorized_client: 'not_configured',
  invalid_scope: 'not_configured',
  unsupported_grant_type: 'not_configured',
  server_error: 'unavailable',
  temporarily_unavailable: 'unavailable',
};

const PROPERTY_OF_ERROR: Readonly<Record<string, string>> = {
  invalid_client: 'clientSecret',
  unauthorized_client: 'clientId',
  invalid_scope: 'scope',
};

/** The library's errors → our faults. Their messages may quote tokens, so only codes go on. */
async function guarded<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toOAuthFault(operation, error);
  }
}

export function toOAuthFault(operation: string, error: unknown): unknown {
  if (error instanceof AlignFault) return error;
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
    const kind = KIND_OF_ERROR[error.error] ?? 'invalid_request';
    const property = PROPERTY_OF_ERROR[error.error];
    return new AlignFault(kind, operation, {
      ...(property === undefined ? {} : { property }),
      ...('status' in error && typeof error.status === 'number' ? { status: error.status } : {}),
    });
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return new AlignFault('not_configured', operation, { property: 'clientSecret', status: error.status });
  }
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
    return new AlignFault('wrong_shape', operation, { property: describe(error.code), maybeApplied: true });
  }
  return error;
}

/** `OAUTH_INVALID_RESPONSE` → `invalid response`. */
function describe(code: string | undefined): string {
  return (code ?? 'answer')
    .replace(/^OAUTH_/, '')
    .replaceAll('_', ' ')
    .toLowerCase();
}
