import { timingSafeEqual } from 'node:crypto';
import { ApiError } from '../api-error.ts';
import type { Cloud, Ctx } from '../cloud.ts';

function same(given: string, wanted: string): boolean {
  const left = Buffer.from(given);
  const right = Buffer.from(wanted);
  return left.length === right.length && timingSafeEqual(left, right);
}

const refused = (message: string, basic: boolean): ApiError =>
  new ApiError(401, 'invalid_client', message, { headers: basic ? { 'www-authenticate': 'Basic realm="align"' } : {} });

/** RFC 6749 §2.3.1: both halves are form-encoded before they are joined. */
function fromBasic(header: string): { clientId: string; clientSecret: string } {
  const [user = '', ...rest] = Buffer.from(header.slice('Basic '.length), 'base64').toString('utf8').split(':');
  const decode = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));
  try {
    return { clientId: decode(user), clientSecret: decode(rest.join(':')) };
  } catch {
    throw refused('The Basic credentials are not form-encoded.', true);
  }
}

/** `client_secret_post` or `client_secret_basic`, never both at once. 401 `invalid_client` otherwise. */
export function requireClient(cloud: Cloud, c: Ctx, form: URLSearchParams): void {
  const header = c.req.header('authorization');
  const basic = header?.startsWith('Basic ') === true;
  const wanted = cloud.flags.clientAuthentication;
  if (basic && form.has('client_secret'))
    throw new ApiError(400, 'invalid_request', 'Two client authentications at once.');
  if (basic && wanted === 'client_secret_post') throw refused('This client authenticates by client_secret_post.', true);
  if (!basic && wanted === 'client_secret_basic')
    throw refused('This client authenticates by client_secret_basic.', true);
  const given =
    basic && header !== undefined
      ? fromBasic(header)
      : { clientId: form.get('client_id') ?? '', clientSecret: form.get('client_secret') ?? '' };
  if (!same(given.clientId, cloud.client.clientId) || !same(given.clientSecret, cloud.client.clientSecret)) {
    throw refused('Client id or secret is wrong.', basic);
  }
}
