import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { headers as names } from '../../shared/routes.ts';
import { fixedHeaders } from './base-headers.ts';
import type { PipelineParts } from './pipeline.ts';
import { createRequestIds } from './request-id.ts';
import { RequestLog } from './request-log.ts';

/** An answer that needs no wait. Names and values of its headers in turn, as Node writes them. */
export interface ReadyAnswer {
  readonly status: 200 | 304;
  readonly headers: readonly string[];
  readonly body: Buffer | null;
}

/**
 * The short way of a GET route that is asked for by the hundred (the small pictures of a list): everything it needs to know
 * is in memory, so that it is answered on Node's own request, in front of the router. It makes the same checks as the
 * route's endpoint and answers nothing but a plain yes: null sends the request to the endpoint, which loads what is
 * missing and puts every refusal into words.
 */
export interface ReadyRoute {
  /** The pattern for log and metrics; it ends in its one parameter. */
  readonly path: `${string}/:${string}`;
  /** @param parameter as it stands in the URL */
  answer(parameter: string, headers: IncomingHttpHeaders): ReadyAnswer | null;
}

/** @returns whether it answered */
export type AtOnce = (request: IncomingMessage, response: ServerResponse) => boolean;

type ShortWayParts = Pick<PipelineParts, 'clock' | 'log' | 'metrics' | 'cors' | 'draining' | 'random' | 'secure'>;

/** Around every such answer, as in the pipeline: request id, base headers, metrics, log line (at debug: they are plain yeses). */
export function createAtOnce(route: ReadyRoute, parts: ShortWayParts): AtOnce {
  const { clock, log, metrics, cors, draining } = parts;
  const prefix = route.path.slice(0, route.path.lastIndexOf(':'));
  const fixed = Object.entries(fixedHeaders(parts.secure)).flat();
  const nowhere = [...fixed, ...Object.entries(cors.headersFor(undefined)).flat()];
  const nextId = createRequestIds(parts.random);

  return (request, response) => {
    const { method, url = '', headers } = request;
    if (method !== 'GET' || !url.startsWith(prefix) || draining.active) return false;
    const startedAt = clock.now();
    const ready = route.answer(url.slice(prefix.length), headers);
    if (ready === null) return false;
    const requestId = nextId();
    const { origin } = headers;
    const around = origin === undefined ? nowhere : [...fixed, ...Object.entries(cors.headersFor(origin)).flat()];
    const all = [...around, ...ready.headers, names.requestId, requestId];
    response.writeHead(ready.status, all).end(ready.body);
    const ms = clock.now() - startedAt;
    metrics.request(method, route.path, ready.status, ms / 1000);
    const line = { method, route: route.path, status: ready.status, ms };
    // Six for each row of a list, which has its own line and its own audit row.
    new RequestLog(log, requestId).debug(line, 'answered');
    return true;
  };
}
