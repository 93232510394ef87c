import { readFileSync, readdirSync } from 'node:fs';
import { Hono } from 'hono';
import { clinicOf } from './access.ts';
import { ApiError, notFound } from './api-error.ts';
import { servePresigned, serveWithToken } from './assets/serve.ts';
import { currentRegion } from './cloud.ts';
import type { Cloud, Ctx, Env } from './cloud.ts';
import { controlRoutes } from './control/routes.ts';
import type { Controls } from './control/routes.ts';
import { discovery } from './discovery.ts';
import { underFaults } from './fault-response.ts';
import type { FaultPoint } from './faults.ts';
import { PAGE_HEADERS } from './html-page.ts';
import { myIteroPage } from './my-itero.ts';
import { authorize, consent, signIn } from './oauth/authorize.ts';
import { revoke, token } from './oauth/token.ts';
import { runOperation } from './operations/index.ts';
import { matchOperation } from './regions.ts';
import { createNewOrder, createNewOrderByRx, procedureMaps } from './scanning-tool.ts';

const TYPES: Record<string, string> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };
const PAGES = new URL('pages/', import.meta.url);
const PAGE_NAMES = new Set(readdirSync(PAGES));

function page(name: string): Response {
  if (!PAGE_NAMES.has(name)) return notFound('page').toResponse();
  const type = TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
  return new Response(readFileSync(new URL(name, PAGES)), {
    headers: { ...PAGE_HEADERS, 'content-type': `${type}; charset=utf-8` },
  });
}

type Handler = (c: Ctx) => Promise<Response> | Response;

/** Align's own server: sign-in, Discovery, every operation, files that want a token, the scanning tool, and the console. */
export function createApp(cloud: Cloud, controls: Controls): Hono<Env> {
  const app = new Hono<Env>();
  const under =
    (point: FaultPoint, run: Handler): Handler =>
    (c) =>
      underFaults(cloud, point, c, { companyId: clinicOf(cloud, c) }, () => run(c));

  app.onError((error) => {
    cloud.log(error.stack ?? error.message);
    return new ApiError(500, 'internal_error', 'The simulator failed.').toResponse();
  });
  app.get('/', (c) => c.redirect('/console', 302));
  app.get('/console', () => page('console.html'));
  app.get('/pages/:name', (c) => page(c.req.param('name')));
  app.get('/myitero/orders/:orderId', (c) => myIteroPage(cloud, Number(c.req.param('orderId'))));
  app.route('/control', controlRoutes(cloud, controls));

  const { oauthPath, basePath } = cloud;
  for (const path of [`${oauthPath}/authorize`, '/login']) {
    app.get(
      path,
      under('authorize', (c) => authorize(cloud, c)),
    );
    app.post(
      path,
      under('authorize', (c) => signIn(cloud, c)),
    );
  }
  app.post(
    `${oauthPath}/authorize/consent`,
    under('authorize', (c) => consent(cloud, c)),
  );
  app.post(
    `${oauthPath}/oauth/token`,
    under('token', (c) => token(cloud, c)),
  );
  app.post(
    `${oauthPath}/oauth/revoke`,
    under('revoke', (c) => revoke(cloud, c)),
  );
  app.get(
    `${basePath}/discovery`,
    under('discovery', () => discovery(cloud)),
  );

  app.get('/api/v1/presets/availableprocedure-maps', under('scanningTool', procedureMaps));
  for (const spelling of ['create-new-order', 'create-neworder']) {
    app.post(
      `/api/v1/order/${spelling}`,
      under('scanningTool', (c) => createNewOrder(cloud, c)),
    );
  }
  app.post(
    '/api/v1/order/create-neworder-by-rx',
    under('scanningTool', (c) => createNewOrderByRx(cloud, c)),
  );

  app.get('/files/:payload', (c) => under('asset', () => serveWithToken(cloud, c, c.req.param('payload')))(c));

  app.all('*', (c) => {
    const match = matchOperation(currentRegion(cloud), c.req.method, c.req.path);
    if ('operation' in match) return under(match.operation, () => runOperation(cloud, c, match))(c);
    if (match.methods.length === 0) return notFound('endpoint').toResponse();
    return new ApiError(405, 'method_not_allowed', 'This endpoint has other verbs.', {
      headers: { allow: match.methods.join(', ') },
    }).toResponse();
  });
  return app;
}

/** The other host, which knows nobody: a link is the permission. */
export function createCdnApp(cloud: Cloud): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/case-files/:payload', (c) =>
    underFaults(cloud, 'cdn', c, {}, () => servePresigned(cloud, c, c.req.param('payload'))),
  );
  app.all('*', () => notFound('file').toResponse());
  return app;
}
