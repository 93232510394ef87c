import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { ServerResponse } from 'node:http';
import type { HttpContext } from './env.ts';

/**
 * For streams: the Node response with the answer's CORS, request-id and security headers set, so that bytes skip the
 * web-stream layer. The handler writes, ends it, and returns `alreadySent`.
 */
export function nodeResponse(context: HttpContext): ServerResponse {
  const outgoing = context.env.outgoing;
  for (const [name, value] of Object.entries(context.get('baseHeaders'))) outgoing.setHeader(name, value);
  return outgoing;
}

export const alreadySent: Response = RESPONSE_ALREADY_SENT;
