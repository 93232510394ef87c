import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { ready } from './reply.ts';

/** Upstream's files: plain node:http out of memory, so that what stands in front of it is what is measured. */
const directory = process.env['BENCH_DIR'] ?? '';
const files = new Map<string, Buffer>();
const server = createServer((request, response) => {
  const name = basename(request.url ?? '');
  const file = files.get(name) ?? readFileSync(join(directory, name));
  files.set(name, file);
  const type = name.endsWith('.zip') ? 'application/zip' : 'image/jpeg';
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': file.length }).end(file);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) ready(address.port);
});
