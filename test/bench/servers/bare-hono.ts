import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { ready } from './reply.ts';

/** The peer of the intake: Hono that reads the same JSON and answers, without any store. */
const app = new Hono();
app.post('/v1/callbacks/:token', async (c) => {
  const body: { rxId: string } = await c.req.json();
  return typeof body.rxId === 'string' ? c.body(null, 204) : c.body(null, 400);
});
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (address) => ready(address.port));
server.on('error', (error) => {
  throw error;
});
