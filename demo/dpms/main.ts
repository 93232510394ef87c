import { serve } from '@hono/node-server';
import { createDpms } from './app.ts';

function need(name: string): string {
  const value = process.env[name] ?? '';
  if (value === '') {
    console.error(`The demo practice system needs ${name} in its environment. "npm start" sets it.`);
    process.exit(1);
  }
  return value;
}

const port = Number(process.env['PORT'] ?? 4020);
const origin = process.env['DPMS_URL'] ?? `http://localhost:${port}`;
const app = createDpms({ bffUrl: need('BFF_URL'), vendorKey: need('ITERO_VENDOR_KEY'), origin });
const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () =>
  console.log(`Demo practice system: ${origin}`),
);

server.on('error', (error: NodeJS.ErrnoException) => {
  console.error(error.code === 'EADDRINUSE' ? `Port ${port} is in use. Set DPMS_PORT to another one.` : error.message);
  process.exit(1);
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}
