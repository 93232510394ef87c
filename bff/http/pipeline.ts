import { Buffer } from 'node:buffer';
import { headers } from '../../shared/routes.ts';
import type { Clock, Log, Random } from '../deps.ts';
import type { Authenticator } from './authenticate.ts';
import { callJson, type JsonParts } from './call-json.ts';
import type { Cors } from './cors.ts';
import type { Endpoint } from './endpoint.ts';
import type { HttpContext } from './env.ts';
import type { Metrics } from './metrics.ts';
import { alreadySent } from './node-response.ts';
import { ProblemError } from './problem-error.ts';
import { toProblemResponse } from './problems.ts';
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
  const fixed: Record<string, string> = {
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    // Pages of other origins show our pictures and load our module.
    'Cross-Origin-Resource-Policy': 'cross-origin',
    ...(parts.secure ? { 'Strict-Transport-Security': 'max-age=31536000' } : {}),
  };

  return (route, handle) => async (context) => {
    const startedAt = clock.now();
    const requestId = `req_${Buffer.from(parts.random.bytes(12)).toString('base64url')}`;
    const requestLog = log.child({ requestId });
    const base = { ...fixed, ...parts.cors.headersFor(context.req.header('origin')), [headers.requestId]: requestId };
    context.set('requestId', requestId);
    context.set('log', requestLog);
    context.set('baseHeaders', base);
    const finished = parts.draining.begin();
    let response: Response;
    try {
      if (parts.draining.active && route.quiet !== true) throw new ProblemError('shutting_down');
      response = await handle(context);
    } catch (error) {
      response = toProblemResponse(error, requestId, requestLog, parts.map);
    } finally {
      finished();
    }
    const sent = response === alreadySent;
    if (!sent) {
      for (const [name, value] of Object.entries(base)) {
        if (!response.headers.has(name)) response.headers.set(name, value);
        else if (name === 'Vary' && response.headers.get('Access-Control-Allow-Origin') !== '*')
          response.headers.append(name, value);
      }
      if (parts.draining.active) response.headers.set('Connection', 'close');
    }
    const status = sent ? context.env.outgoing.statusCode : response.status;
    const milliseconds = clock.now() - startedAt;
    metrics.request(route.method, route.path, status, milliseconds / 1000);
    const who = { vendor: context.get('vendor') as string | undefined, tenant: principalTenant(context) };
    const line = { method: route.method, route: route.path, status, ms: milliseconds, ...who };
    if (route.quiet === true) requestLog.debug(line, 'answered');
    else requestLog.info(line, 'answered');
    return response;
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

function principalTenant(context: HttpContext): string | undefined {
  // Absent on open routes and before authentication, whatever the type of the variable says.
  return (context.get('principal') as { tenant: string } | undefined)?.tenant;
}
