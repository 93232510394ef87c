import { setBaseHeaders } from './base-headers.ts';
import type { HttpContext } from './env.ts';
import { ProblemError } from './problem-error.ts';

/**
 * The router takes a HEAD for a GET. Not where a GET is an act, or its answer has no end: mail and chat programs look at
 * every address with a HEAD.
 * @throws ProblemError `method_not_allowed`
 */
export function refuseHead(context: HttpContext, methods: readonly string[]): void {
  if (context.req.raw.method !== 'HEAD') return;
  // RFC 9110 §15.5.6 wants the header.
  setBaseHeaders(context, { Allow: [...methods.map((method) => method.toUpperCase()), 'OPTIONS'].join(', ') });
  throw new ProblemError('method_not_allowed');
}
