import { headers } from '../../shared/routes.ts';
import type { StoredSession } from '../session/session.ts';
import type { Vendors } from '../vendors.ts';
import { ProblemError } from './problem-error.ts';

const ALLOWED_METHODS = 'GET, POST, PUT, PATCH, DELETE';
const ALLOWED_HEADERS = `Authorization, Content-Type, ${headers.idempotencyKey}, Last-Event-ID, Range, If-Range`;
const EXPOSED_HEADERS = `${headers.requestId}, Retry-After, ETag, Accept-Ranges, Content-Range, Content-Disposition`;
/** Chromium keeps a preflight for two hours at most (s). */
const PREFLIGHT_SECONDS = '7200';

/**
 * Cross-origin rules (product.md "HTTP"). A preflight has no session yet, so it is answered for the union of the vendors'
 * origins; the request itself is then checked against its own session. Never with credentials: a bearer is sent, no cookie.
 */
export interface Cors {
  /** Headers for any answer to this origin; also on problems, so that the page can read them. */
  headersFor(origin: string | undefined): Record<string, string>;
  preflight(origin: string | undefined): Response;
}

export function createCors(vendors: Vendors): Cors {
  const union = new Set(vendors.all().flatMap((vendor) => vendor.allowedOrigins));
  return {
    headersFor(origin) {
      if (origin === undefined || !union.has(origin)) return { Vary: 'Origin' };
      return {
        Vary: 'Origin',
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Expose-Headers': EXPOSED_HEADERS,
      };
    },
    preflight(origin) {
      if (origin === undefined || !union.has(origin)) throw new ProblemError('origin_refused');
      return new Response(null, {
        status: 204,
        headers: {
          'Access-Control-Allow-Methods': ALLOWED_METHODS,
          'Access-Control-Allow-Headers': ALLOWED_HEADERS,
          'Access-Control-Max-Age': PREFLIGHT_SECONDS,
        },
      });
    },
  };
}

/** @throws ProblemError `origin_refused`. A request without Origin comes from no page of another site and passes. */
export function requireOrigin(vendors: Vendors, session: StoredSession, origin: string | undefined): void {
  if (origin === undefined) return;
  const vendor = vendors.find(session.principal.vendor);
  const allowed = vendor !== undefined && vendor.allowedOrigins.includes(origin);
  if (!allowed || (session.origins !== null && !session.origins.includes(origin))) {
    throw new ProblemError('origin_refused');
  }
}
