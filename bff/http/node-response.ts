import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { ServerResponse } from 'node:http';
import type { HttpContext } from './env.ts';

/**
 * For streams: the Node response, so that bytes skip the web-stream layer. CORS, request-id and security headers stand on
 * it already. The handler writes, ends it, and returns `alreadySent`.
 */
export function nodeResponse(context: HttpContext): ServerResponse {
  return context.env.outgoing;
}

export const alreadySent: Response = RESPONSE_ALREADY_SENT;
