import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { headers as names } from '../../shared/routes.ts';
import type { Clock, Log } from '../deps.ts';
import type { AtOnce } from './at-once.ts';
import { fixedHeaders } from './base-headers.ts';
import { readText } from './body.ts';
import { rawEndpoint, type RawEndpoint } from './endpoint.ts';
import type { PipelineParts } from './pipeline.ts';
import { ProblemError } from './problem-error.ts';
import { toProblemAnswer } from './problems.ts';
import { refuseHead } from './refuse-head.ts';
import { createRequestIds } from './request-id.ts';
import { RequestLog } from './request-log.ts';

/** A call with a small body that is answered by a plain yes (204) or a problem. */
export interface DirectCall {
  /** As it stands in the URL. */
  readonly parameter: string;
  /** What follows the `?`; empty without one. */
  readonly query: string;
  readonly contentType: string;
  /** Invalid UTF-8 is read as U+FFFD. Empty for a GET: its content means nothing (RFC 9110 §9.3.1). */
  readonly body: string;
  readonly log: Log;
}

/** An open route that takes in small messages by the thousand: it is served on Node's own request, in front of the router. */
export interface DirectRoute {
  /** The pattern for log and metrics; it ends in its one parameter. */
  readonly path: `${string}/:${string}`;
  readonly methods: Readonly<Partial<Record<'get' | 'post', string>>>;
  /** The one judgement, whichever way the call came. What it has done is its own to log, once for a burst. @throws ProblemError */
  handle(call: DirectCall): Promise<void>;
}

/** bytes */
const BODY_LIMIT = 8192;
/** From the head to the end of the body (ms): a sender that trickles must not hold a connection. */
const BODY_MS = 10_000;

type DirectParts = Pick<PipelineParts, 'clock' | 'log' | 'metrics' | 'cors' | 'draining' | 'random' | 'secure' | 'map'>;

/** Around every such call, as in the pipeline: request id, base headers, problem documents, log line, metrics. */
export function createDirect(routes: readonly DirectRoute[], parts: DirectParts): AtOnce {
  const { clock, log, metrics, cors, draining } = parts;
  const fixed = Object.entries(fixedHeaders(parts.secure)).flat();
  const nextId = createRequestIds(parts.random);
  const known = routes.map((route) => ({
    route,
    prefix: route.path.slice(0, route.path.lastIndexOf(':')),
    methods: new Set(Object.keys(route.methods).map((method) => method.toUpperCase())),
  }));

  /** Whatever is not plainly one of its calls is the router's: other methods, encoded paths, a service that stops. */
  function match(method: string, path: string): { route: DirectRoute; parameter: string } | null {
    for (const { route, prefix, methods } of known) {
      if (!path.startsWith(prefix) || !methods.has(method)) continue;
      const parameter = path.slice(prefix.length);
      if (/^[\w-]+$/.test(parameter)) return { route, parameter };
    }
    return null;
  }

  return (request, response) => {
    const { method = '', url = '' } = request;
    const mark = url.indexOf('?');
    const found = draining.active ? null : match(method, mark === -1 ? url : url.slice(0, mark));
    if (found === null) return false;
    const { route, parameter } = found;
    const startedAt = clock.now();
    const requestId = nextId();
    const requestLog = new RequestLog(log, requestId);
    const finished = draining.begin();

    const answer = (status: number, own: Readonly<Record<string, string>> | null, text: string | null): void => {
      finished();
      const all = [...fixed, names.requestId, requestId];
      const forOrigin = cors.headersFor(request.headers.origin);
      for (const name in forOrigin) all.push(name, forOrigin[name] ?? '');
      for (const name in own) all.push(name, own[name] ?? '');
      // What was not read to its end would be taken for the next request.
      if (!request.complete) all.push('Connection', 'close');
      response.writeHead(status, all).end(text);
      const ms = clock.now() - startedAt;
      metrics.request(method, route.path, status, ms / 1000);
      const line = { method, route: route.path, status, ms };
      if (status === 204) requestLog.debug(line, 'answered');
      else requestLog.info(line, 'answered');
    };
    const refuse = (error: unknown): void => {
      const problem = toProblemAnswer(error, requestId, requestLog, parts.map);
      answer(problem.status, problem.headers, problem.body);
    };
    const take = (body: string): void => {
      const query = mark === -1 ? '' : url.slice(mark + 1);
      const contentType = request.headers['content-type'] ?? '';
      route
        .handle({ parameter, query, contentType, body, log: requestLog })
        .then(() => answer(204, null, null), refuse);
    };
    const brokenOff = (): void => {
      finished();
      requestLog.info({ method, route: route.path }, 'broken off by its sender');
    };
    if (method === 'GET') take('');
    else readBody(request, clock, { take, refuse, brokenOff });
    return true;
  };
}

interface BodyReader {
  take(body: string): void;
  /** Too large, or too slow. */
  refuse(problem: ProblemError): void;
  /** The connection ended first. */
  brokenOff(): void;
}

/** One of the three is called, once. */
function readBody(request: IncomingMessage, clock: Clock, to: BodyReader): void {
  const declared = request.headers['content-length'];
  if (declared !== undefined && Number(declared) > BODY_LIMIT) return to.refuse(new ProblemError('payload_too_large'));
  const chunks: Buffer[] = [];
  let size = 0;
  let open = true;
  let cancel = (): void => {};
  const close = (): void => {
    open = false;
    cancel();
  };
  // Nearly every body comes along with its head: those need no timer.
  setImmediate(() => {
    if (!open) return;
    cancel = clock.after(BODY_MS, () => {
      close();
      to.refuse(new ProblemError('request_timeout'));
    });
  });
  request.on('data', (chunk: Buffer) => {
    if (!open) return;
    chunks.push(chunk);
    size += chunk.length;
    if (size <= BODY_LIMIT) return;
    close();
    to.refuse(new ProblemError('payload_too_large'));
  });
  request.on('end', () => {
    if (!open) return;
    close();
    to.take(decode(chunks));
  });
  request.on('close', () => {
    if (!open) return;
    close();
    to.brokenOff();
  });
}

function decode(chunks: readonly Buffer[]): string {
  const [only] = chunks;
  const text = (chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)).toString();
  // As the Encoding Standard reads UTF-8: without its byte order mark.
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** The same routes for the router and the table of endpoints. */
export function toEndpoints(route: DirectRoute): RawEndpoint[] {
  return (Object.entries(route.methods) as ['get' | 'post', string][]).map(([method, summary]) =>
    rawEndpoint({
      method,
      path: route.path,
      summary,
      auth: 'open',
      async handle(context) {
        const request = context.req.raw;
        refuseHead(context, Object.keys(route.methods));
        await route.handle({
          parameter: context.req.param(route.path.slice(route.path.lastIndexOf(':') + 1)) ?? '',
          query: context.req.url.split('?', 2)[1] ?? '',
          contentType: request.headers.get('content-type') ?? '',
          body: method === 'get' ? '' : await readText(request, { limit: BODY_LIMIT, lenient: true }),
          log: context.get('log'),
        });
        return new Response(null, { status: 204 });
      },
    }),
  );
}

/** The first that answers. */
export function firstOf(...ways: readonly AtOnce[]): AtOnce {
  return (request: IncomingMessage, response: ServerResponse) => ways.some((way) => way(request, response));
}
