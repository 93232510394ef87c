import type { ServerResponse } from 'node:http';
import type { HttpContext } from './env.ts';

/** Security headers of every answer. @param secure the service is reached by https */
export function fixedHeaders(secure: boolean): Record<string, string> {
  return {
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    // Pages of other origins show our pictures and load our module.
    'Cross-Origin-Resource-Policy': 'cross-origin',
    ...(secure ? { 'Strict-Transport-Security': 'max-age=31536000' } : {}),
  };
}

/** Absent where an app is called in memory, as tests do. */
function outgoingOf(context: HttpContext): ServerResponse | undefined {
  return (context.env as { outgoing?: ServerResponse } | undefined)?.outgoing;
}

/**
 * Headers of every answer. They go to the Node response at once: what a handler's own answer names takes their place
 * there, and its `Response` keeps the fast way that reading its headers would end.
 */
export function setBaseHeaders(context: HttpContext, headers: Record<string, string>): void {
  Object.assign(context.get('baseHeaders'), headers);
  const outgoing = outgoingOf(context);
  if (outgoing === undefined || outgoing.headersSent) return;
  for (const name in headers) outgoing.setHeader(name, headers[name] ?? '');
}

/** Where there is no Node response: the same on the answer itself. */
export function withBaseHeaders(context: HttpContext, response: Response): Response {
  if (outgoingOf(context) !== undefined) return response;
  for (const [name, value] of Object.entries(context.get('baseHeaders'))) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  return response;
}
