import { headers } from '../../shared/routes.ts';
import type { Clock, Log, Random } from '../deps.ts';
import { fixedHeaders, setBaseHeaders, withBaseHeaders } from './base-headers.ts';
import type { Authenticator } from './authenticate.ts';
import { callJson, type JsonParts } from './call-json.ts';
import type { Cors } from './cors.ts';
import type { Endpoint } from './endpoint.ts';
import type { HttpContext } from './env.ts';
import type { Metrics } from './metrics.ts';
import { alreadySent } from './node-response.ts';
import { ProblemError } from './problem-error.ts';
import { toProblemResponse } from './problems.ts';
import { createRequestIds } from './request-id.ts';
import { RequestLog } from './request-log.ts';
import type { Draining } from './server.ts';

export interface PipelineParts extends JsonParts {
  readonly authenticator: Authenticator;
  readonly cors: Cors;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly draining: Draining;
  /** The service is reached by https. */
  readonly secure: boolean;
}

/** What the log and the metrics call a request: a pattern of ours, never the path that was asked for. */
export interface RouteName {
  readonly method: string;
  readonly path: string;
  /** Probes and static files: logged at debug alone. */
  readonly quiet?: boolean;
}

export type Pipeline = (
  route: RouteName,
  handle: (context: HttpContext) => Response | Promise<Response>,
) => (context: HttpContext) => Promise<Response>;

/** Around every answer: request id, base headers, problem documents, log line, metrics. One function, no middleware chain: it runs for every notification. */
export function createPipeline(parts: PipelineParts): Pipeline {
  const { clock, log, metrics } = parts;
  const fixed = fixedHeaders(parts.secure);
  const nextId = createRequestIds(parts.random);

  return (route, handle) => async (context) => {
    const startedAt = clock.now();
    const requestId = nextId();
    const requestLog = new RequestLog(log, requestId);
    context.set('requestId', requestId);
    context.set('log', requestLog);
    context.set('baseHeaders', {});
    setBaseHeaders(context, fixed);
    setBaseHeaders(context, parts.cors.headersFor(context.req.header('origin')));
    setBaseHeaders(context, { [headers.requestId]: requestId });
    const finished = parts.draining.begin();
    let response: Response;
    try {
      if (parts.draining.active) {
        setBaseHeaders(context, { Connection: 'close' });
        if (route.quiet !== true) throw new ProblemError('shutting_down');
      }
      response = await handle(context);
    } catch (error) {
      response = toProblemResponse(error, requestId, requestLog, parts.map);
    } finally {
      finished();
    }
    const sent = response === alreadySent;
    const status = sent ? context.env.outgoing.statusCode : response.status;
    const ms = clock.now() - startedAt;
    metrics.request(route.method, route.path, status, ms / 1000);
    const line = { method: route.method, route: route.path, status, ms, ...who(context) };
    if (route.quiet === true) requestLog.debug(line, 'answered');
    else requestLog.info(line, 'answered');
    return sent ? response : withBaseHeaders(context, response);
  };
}

/** Who may call, then the endpoint itself. */
export function serveEndpoint(endpoint: Endpoint, parts: PipelineParts): (context: HttpContext) => Promise<Response> {
  return async (context) => {
    const authorization = context.req.header('authorization');
    const origin = context.req.header('origin');
    const credentials = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(origin === undefined ? {} : { origin }),
    };
    if (endpoint.auth === 'session') {
      const principal = await parts.authenticator.session(credentials, endpoint.scopes);
      context.set('principal', principal);
      context.set('vendor', principal.vendor);
    } else if (endpoint.auth === 'vendor') {
      context.set('vendor', parts.authenticator.vendor(credentials).id);
    }
    return endpoint.kind === 'json' ? callJson(endpoint, context, parts) : endpoint.handle(context);
  };
}

/** Vendor and clinic ids, as far as they are known. */
function who(context: HttpContext): { vendor?: string; tenant?: string } {
  // Absent on open routes and before authentication, whatever the type of the variable says.
  const vendor = context.get('vendor') as string | undefined;
  if (vendor === undefined) return {};
  const principal = context.get('principal') as { tenant: string } | undefined;
  return principal === undefined ? { vendor } : { vendor, tenant: principal.tenant };
}
