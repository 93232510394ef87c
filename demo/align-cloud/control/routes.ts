import { Hono } from 'hono';
import { ApiError, notFound } from '../api-error.ts';
import type { Cloud, Ctx, Env } from '../cloud.ts';
import { toIso } from '../operations/orders.ts';
import { createReader } from '../operations/field-reader.ts';
import { readObject } from '../request-body.ts';
import { findScenario, playScenario, readScenario, shippedScenarios } from '../scenario.ts';
import { perform } from './actions.ts';
import type { Action } from './actions.ts';
import { FAULT_CHOICES, readAction, readFault, readFlags } from './read-action.ts';
import { stateView } from './state-view.ts';

export interface Controls {
  reset(): void;
  settled(): Promise<void>;
}

/** `/control/…`: JSON in, JSON out. A JSON content type is required of every write, so that no foreign page can call it. */
export function controlRoutes(cloud: Cloud, controls: Controls): Hono<Env> {
  const app = new Hono<Env>();

  /** With `?wait=true` the answer comes when the files are ready and the notification is sent. */
  const act = async (c: Ctx, action: Action): Promise<Response> => {
    const { finished, ...done } = perform(cloud, action);
    if (c.req.query('wait') === 'true') {
      await finished;
      await controls.settled();
    } else finished.catch(() => undefined); // told by cloud.track
    return c.json({ ok: true, ...done });
  };
  const body = async (c: Ctx): Promise<Record<string, unknown>> => readObject(c);

  app.onError((error, c) => {
    if (error instanceof ApiError) return error.toResponse();
    cloud.log(`control: ${error.stack ?? error.message}`);
    return c.json({ error: 'internal_error', message: 'The simulator failed.' }, 500);
  });
  app.use(async (c, next) => {
    const isWrite = c.req.method !== 'GET' && c.req.method !== 'HEAD';
    if (isWrite && !(c.req.header('content-type') ?? '').startsWith('application/json')) {
      throw new ApiError(415, 'unsupported_media_type', 'Writes need the content type application/json.');
    }
    await next();
    c.res.headers.set('cache-control', 'no-store');
  });

  app.get('/state', (c) => c.json(stateView(cloud)));
  app.post('/actions', async (c) => act(c, readAction(await body(c))));
  app.post('/rx/:rxId/pick-up', (c) => act(c, { do: 'pick-up', rxId: c.req.param('rxId') }));
  app.post('/rx/:rxId/scan', async (c) =>
    act(c, readAction({ ...(await body(c)), do: 'scan', rxId: c.req.param('rxId') })),
  );
  app.post('/accounts/:companyId/scan', async (c) =>
    act(c, readAction({ ...(await body(c)), do: 'scan-without-rx', companyId: Number(c.req.param('companyId')) })),
  );
  app.post('/accounts/:companyId/unpair', (c) => act(c, { do: 'unpair', companyId: Number(c.req.param('companyId')) }));
  app.post('/orders/:orderId/move', async (c) =>
    act(c, readAction({ ...(await body(c)), do: 'move', orderId: Number(c.req.param('orderId')) })),
  );
  app.post('/orders/:orderId/export-settings', async (c) =>
    act(c, readAction({ ...(await body(c)), do: 'export-settings', orderId: Number(c.req.param('orderId')) })),
  );
  app.post('/expire-tokens', (c) => act(c, { do: 'expire-tokens' }));
  app.post('/region', async (c) => act(c, readAction({ ...(await body(c)), do: 'region' })));
  app.patch('/flags', async (c) => act(c, { do: 'flags', flags: readFlags(await body(c)) }));

  app.get('/faults', (c) => c.json({ faults: cloud.faults.list(), choices: FAULT_CHOICES }));
  app.post('/faults', async (c) => c.json(cloud.faults.add(readFault(await body(c))), 201));
  app.delete('/faults', (c) => act(c, { do: 'clear-faults' }));
  app.delete('/faults/:id', (c) => {
    if (!cloud.faults.remove(c.req.param('id'))) throw notFound('fault');
    return c.json({ ok: true });
  });

  app.get('/scenarios', (c) => c.json({ scenarios: shippedScenarios() }));
  app.post('/scenarios', async (c) => {
    playScenario(cloud, readScenario(await body(c)));
    return c.json({ ok: true });
  });
  app.post('/scenarios/:name', (c) => {
    playScenario(cloud, findScenario(c.req.param('name')));
    return c.json({ ok: true });
  });

  app.get('/clock', (c) => c.json({ kind: cloud.clock.kind, now: toIso(cloud.clock.now()) }));
  app.post('/clock/advance', async (c) => {
    const seconds = (await body(c))['seconds'];
    if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= 366 * 86_400)) {
      throw new ApiError(422, 'invalid_request', 'seconds must be from 0 to one year.', {
        fields: { seconds: 'has a wrong value' },
      });
    }
    await cloud.clock.advance(seconds * 1000);
    await controls.settled();
    return c.json({ kind: cloud.clock.kind, now: toIso(cloud.clock.now()) });
  });

  app.post('/redirect-uris', async (c) => {
    const read = createReader(await body(c), ['redirectUri']);
    const redirectUri = read.text('redirectUri', 2000);
    read.done();
    cloud.state.redirectUris.add(redirectUri);
    return c.json({ redirectUris: [...cloud.state.redirectUris] });
  });
  app.post('/settle', async (c) => {
    await controls.settled();
    return c.json({ ok: true });
  });
  app.post('/reset', (c) => {
    controls.reset();
    return c.json({ ok: true });
  });
  app.all('*', () => notFound('control').toResponse());
  return app;
}
