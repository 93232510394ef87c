/** The C peer of the stream: nginx with nchan, one worker, publishing over HTTP from this process. */
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { NCHAN_MODULE, startNginx } from '../nginx.ts';
import { removeDirectories } from '../setting.ts';
import { answerBroadcasts } from './broadcast.ts';
import { answer, ready, type Memory } from './reply.ts';

const nginx = await startNginx(
  (directory, port) => `
${existsSync(NCHAN_MODULE) ? `load_module ${NCHAN_MODULE};` : ''}
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
worker_rlimit_nofile 20000;
events { worker_connections 18000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${directory}/client_body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
  nchan_shared_memory_size 256m;
  server {
    listen 127.0.0.1:${port} backlog=8192;
    location = /v1/events { nchan_subscriber eventsource; nchan_channel_id bench; nchan_subscriber_first_message newest; }
    location = /publish { nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 1000; }
    location = /status { nchan_stub_status; }
  }
}`,
);
if (nginx === null) throw new Error('nginx is not installed');
const { url, port, pid } = nginx;

/** Requests of one wave follow each other on one connection; an answer is an accepted event. */
const waiting: (() => void)[] = [];
const publisher = connect(port, '127.0.0.1');
publisher.on('data', (chunk) => {
  const accepted = chunk.toString('latin1').split('HTTP/1.1 20').length - 1;
  for (const done of waiting.splice(0, accepted)) done();
});

function publish(text: string): Promise<void> {
  const body = JSON.stringify({ orderId: text });
  publisher.write(`POST /publish HTTP/1.1\r\nHost: bench\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return new Promise((resolve) => waiting.push(resolve));
}

let open = 0;
/** The status counts one connection of each reader; asked each time, so that `open` may answer at once. */
async function countReaders(): Promise<number> {
  const text = await (await fetch(`${url}/status`)).text();
  open = Number(/^subscribers: (\d+)/m.exec(text)?.[1] ?? NaN);
  return open;
}

answerBroadcasts(publish, () => open);
answer({
  open: countReaders,
  collect: () => undefined,
  memory: async (): Promise<Memory> => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    // Resident pages of the shared zone count with the worker that touched them.
    const resident = workers(pid).reduce((sum, worker) => sum + residentBytes(worker), 0);
    return { resident, heap: 0 };
  },
  stop: async () => {
    await nginx.stop();
    removeDirectories();
    process.exit(0);
  },
});
ready(port);

function workers(master: number): number[] {
  return readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ').map(Number);
}

function residentBytes(process: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${process}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}
