import type { Problem422Fields } from './model.ts';

/** An answer other than success, in the shape of align-api §9: `{"error","message"}` and, for 422, `fields`. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: Problem422Fields | undefined;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { fields?: Problem422Fields; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.fields = more.fields;
    this.headers = more.headers ?? {};
  }

  toResponse(): Response {
    const body = {
      error: this.code,
      message: this.message,
      // RFC 6749 §5.2 names the sentence of a token error so.
      ...(this.code.startsWith('invalid_') ? { error_description: this.message } : {}),
      ...(this.fields === undefined ? {} : { fields: this.fields }),
    };
    return Response.json(body, {
      status: this.status,
      headers: { 'cache-control': 'no-store', ...this.headers },
    });
  }
}

export const invalidRequest = (fields: Problem422Fields): ApiError =>
  new ApiError(422, 'invalid_request', 'The request does not say what is needed.', { fields });

export const notFound = (what: string): ApiError => new ApiError(404, 'not_found', `There is no such ${what}.`);

export const conflict = (message: string): ApiError => new ApiError(409, 'conflict', message);

export const invalidToken = (message: string): ApiError =>
  new ApiError(401, 'invalid_token', message, {
    headers: { 'www-authenticate': 'Bearer realm="align", error="invalid_token"' },
  });

export const notPaired = (status: 401 | 403): ApiError =>
  new ApiError(status, 'not_paired', 'This user is not paired with the account.', {
    headers: status === 401 ? { 'www-authenticate': 'Bearer realm="align", error="not_paired"' } : {},
  });

export const userNotAllowed = (why: string): ApiError => new ApiError(403, 'user_not_allowed', why);

export const tooManyRequests = (retryAfterSeconds: number): ApiError =>
  new ApiError(429, 'too_many_requests', `Wait ${retryAfterSeconds} s before the next call.`, {
    headers: { 'retry-after': String(retryAfterSeconds) },
  });
