import { Hono } from 'hono';
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

  for (const path of new Set([...open, ...endpoints].map((route) => route.path))) {
    const allowed = methodsOf(path, endpoints, open);
    app.all(
      path,
      pipeline({ method: 'OTHER', path }, (context) => {
        // RFC 9110 §15.5.6 wants the header; it is set before the problem is made.
        context.get('baseHeaders')['Allow'] = allowed;
        throw new ProblemError('method_not_allowed');
      }),
    );
  }
  const unknown = pipeline({ method: 'OTHER', path: '(unknown)' }, () => {
    throw new ProblemError('not_found');
  });
  app.notFound(unknown);
  return app;
}

function methodsOf(path: string, endpoints: readonly Endpoint[], open: readonly OpenRoute[]): string {
  const methods = [...endpoints, ...open]
    .filter((route) => route.path === path)
    .map((route) => route.method.toUpperCase());
  return [...new Set(methods), 'OPTIONS'].join(', ');
}
