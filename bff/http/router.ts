import { Hono } from 'hono';
import { setBaseHeaders } from './base-headers.ts';
import type { Endpoint } from './endpoint.ts';
import type { Env, HttpContext } from './env.ts';
import { createPipeline, serveEndpoint, type PipelineParts, type RouteName } from './pipeline.ts';
import { ProblemError } from './problem-error.ts';

/** Routes outside the endpoint table: probes, metrics, OpenAPI, the embed module. */
export interface OpenRoute extends RouteName {
  handle(context: HttpContext): Response | Promise<Response>;
}

/** The whole surface on one Hono app. Unknown paths, wrong methods and preflights are answered here. */
export function createRouter(
  endpoints: readonly Endpoint[],
  open: readonly OpenRoute[],
  parts: PipelineParts,
): Hono<Env> {
  const app = new Hono<Env>();
  const pipeline = createPipeline(parts);

  app.options(
    '*',
    pipeline({ method: 'OPTIONS', path: '*', quiet: true }, (context) =>
      parts.cors.preflight(context.req.header('origin')),
    ),
  );
  for (const route of open)
    app.on(
      route.method,
      route.path,
      pipeline(route, (context) => route.handle(context)),
    );
  for (const endpoint of endpoints) {
    const method = endpoint.method.toUpperCase();
    app.on(method, endpoint.path, pipeline({ method, path: endpoint.path }, serveEndpoint(endpoint, parts)));
  }

  // Not `app.all`: a second handler for every path would send each request through the slow router and a chain.
  const paths = toPatterns([...open, ...endpoints]);
  const wrong = pipeline({ method: 'OTHER', path: '(wrong method)' }, (context) => {
    const { pathname } = new URL(context.req.url);
    // RFC 9110 §15.5.6 wants the header.
    setBaseHeaders(context, { Allow: paths.find(({ pattern }) => pattern.test(pathname))?.allowed ?? 'OPTIONS' });
    throw new ProblemError('method_not_allowed');
  });
  const unknown = pipeline({ method: 'OTHER', path: '(unknown)' }, () => {
    throw new ProblemError('not_found');
  });
  app.notFound((context) => {
    const { pathname } = new URL(context.req.url);
    return paths.some(({ pattern }) => pattern.test(pathname)) ? wrong(context) : unknown(context);
  });
  return app;
}

interface KnownPath {
  readonly pattern: RegExp;
  readonly allowed: string;
}

function toPatterns(routes: readonly { method: string; path: string }[]): KnownPath[] {
  const methods = new Map<string, Set<string>>();
  for (const { method, path } of routes) {
    methods.set(path, (methods.get(path) ?? new Set()).add(method.toUpperCase()));
  }
  return [...methods].map(([path, allowed]) => ({
    pattern: new RegExp(`^${path.split('/').map(toSegment).join('/')}$`),
    allowed: [...allowed, 'OPTIONS'].join(', '),
  }));
}

/** `:name` any segment, `:name{rule}` what the rule says, else the words themselves. */
function toSegment(text: string): string {
  const parameter = /^:\w+(?:\{(.+)\})?$/.exec(text);
  return parameter === null ? text.replaceAll('.', '\\.') : (parameter[1] ?? '[^/]+');
}
