import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { freshDirectory } from './setting.ts';

export interface Nginx {
  readonly url: string;
  readonly port: number;
  /** Of the master; its worker is its child. */
  readonly pid: number;
  stop(): Promise<void>;
}

const PROGRAMS = ['/usr/sbin/nginx', 'nginx'];
/** Where Debian's package libnginx-mod-nchan puts it. */
export const NCHAN_MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';

/** Text of the configuration file; all that nginx writes goes below the directory. */
type Configure = (directory: string, port: number) => string;

/** nginx in front of the files, as its manual recommends: kept connections upstream, no disk for what passes through. */
const filesConfiguration =
  (files: number): Configure =>
  (directory, port) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${directory}/${kind};`,
    );
    return `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  ${temporary.join('\n  ')}
  proxy_cache_path ${directory}/cache keys_zone=pictures:10m;
  upstream files { server 127.0.0.1:${files}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_max_temp_file_size 0;
    location /cached/ { proxy_pass http://files/; proxy_cache pictures; proxy_cache_valid 200 1h; }
    location / { proxy_pass http://files; proxy_buffers 16 64k; proxy_buffer_size 64k; proxy_busy_buffers_size 128k; }
  }
}`;
  };

function findNginx(): string | undefined {
  return PROGRAMS.find((name) => spawnSync(name, ['-v']).status === 0);
}

/** Also where the module was compiled in. */
export function hasNchan(): boolean {
  const program = findNginx();
  if (program === undefined) return false;
  return existsSync(NCHAN_MODULE) || /nchan/.test(String(spawnSync(program, ['-V']).stderr));
}

/** Null when it is not installed. @param files port of the files */
export const startFilesProxy = (files: number): Promise<Nginx | null> => startNginx(filesConfiguration(files));

/** Null when it is not installed. */
export async function startNginx(configure: Configure): Promise<Nginx | null> {
  const program = findNginx();
  if (program === undefined) return null;
  const directory = freshDirectory();
  // nginx cannot listen on "any free port".
  const port = await freePort();
  const file = join(directory, 'nginx.conf');
  writeFileSync(file, `${process.getuid?.() === 0 ? 'user root;' : ''}${configure(directory, port)}`);
  const child = spawn(program, ['-p', directory, '-c', file, '-e', join(directory, 'start.log')], { stdio: 'inherit' });
  // A benchmark that was broken off leaves no server behind.
  process.on('exit', () => child.kill('SIGKILL'));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const gone = ended.then(() => Promise.reject(new Error('nginx ended; see its error log')));
  await Promise.race([answers(port), gone]);
  gone.catch(() => undefined);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? NaN,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function answers(port: number): Promise<void> {
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
