import type { Metrics } from './metrics.ts';
import { jsonHeaders } from './problems.ts';
import type { OpenRoute } from './router.ts';
import type { Draining } from './server.ts';

/** For load balancers and orchestrators. `/healthz`: the process answers. `/readyz`: it can do its work, so send it some. */
export function createProbes(parts: { draining: Draining; isWritable(): Promise<boolean> }): OpenRoute[] {
  const answer = (status: number, state: string): Response =>
    Response.json({ state }, { status, headers: jsonHeaders });
  return [
    { method: 'GET', path: '/healthz', quiet: true, handle: () => answer(200, 'up') },
    {
      method: 'GET',
      path: '/readyz',
      quiet: true,
      async handle() {
        if (parts.draining.active) return answer(503, 'stopping');
        return (await parts.isWritable()) ? answer(200, 'ready') : answer(503, 'store not writable');
      },
    },
  ];
}

export function createMetricsRoute(metrics: Metrics): OpenRoute {
  return {
    method: 'GET',
    path: '/metrics',
    quiet: true,
    handle: async () =>
      new Response(await metrics.text(), {
        headers: { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' },
      }),
  };
}
