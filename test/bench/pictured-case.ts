import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScanDetail } from '../../shared/scan.ts';
import type { MintedSession } from '../../shared/session.ts';
import { startServer, type Server } from './child.ts';
import { writeMaterials } from './materials.ts';
import { startFilesProxy, type Nginx } from './nginx.ts';
import { PICTURED_ORDER, PICTURED_RX } from './servers/align-double.ts';
import { freshDirectory } from './setting.ts';

export interface Links {
  readonly small: string;
  readonly full: string;
  readonly zip: string;
}

/** One case with files that came in as cases do: by a notification, read upstream, merged, its gallery unpacked. */
export interface PicturedCase {
  readonly bff: Server;
  readonly nginx: Nginx | null;
  /** What upstream sends is measured for itself too. */
  readonly filesUrl: string;
  /** Sizes of the pictures (bytes). */
  readonly sizes: { readonly small: number; readonly full: number };
  /** New links: they live for four minutes at least. */
  links(): Promise<Links>;
  stop(): Promise<void>;
}

/** A gallery is unpacked in the background; it takes no longer than this (ms). */
const READY_MS = 20_000;

export async function openPicturedCase(): Promise<PicturedCase> {
  const directory = freshDirectory();
  await writeMaterials(directory);
  const files = await startServer('files', { BENCH_DIR: directory });
  const filesUrl = `http://127.0.0.1:${files.port}`;
  const bff = await startServer('bff', { BENCH_DIR: freshDirectory(), BENCH_FILES: filesUrl });
  const url = `http://127.0.0.1:${bff.port}`;
  const told = await fetch(`${url}/v1/callbacks/${bff.facts['callbackToken']}?rxId=${PICTURED_RX}`);
  if (told.status !== 204) throw new Error(`the notification was answered ${told.status}`);
  const token = await mint(url, bff);
  const read = async (): Promise<ScanDetail | null> => {
    const answer = await fetch(`${url}/v1/scans/${PICTURED_ORDER}`, { headers: { authorization: `Bearer ${token}` } });
    return answer.ok ? ((await answer.json()) as ScanDetail) : null;
  };
  const links = async (): Promise<Links> => {
    const scan = await read();
    const [picture] = scan?.thumbnails ?? [];
    const zip = scan?.assets.ide.link ?? null;
    if (picture?.full === null || picture === undefined || zip === null) throw new Error('the case has no files');
    return { small: `${url}${picture.small}`, full: `${url}${picture.full}`, zip: `${url}${zip}` };
  };
  const until = performance.now() + READY_MS;
  while (((await read())?.thumbnails.length ?? 0) === 0) {
    if (performance.now() > until) throw new Error('the pictured case never came');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // Upstream serves the very bytes that the BFF serves, for nginx to stand in front of.
  const { small, full } = await links();
  const sizes = { small: await copy(small, directory, 'small.jpg'), full: await copy(full, directory, 'full.jpg') };
  const nginx = await startFilesProxy(files.port);
  return {
    bff,
    nginx,
    filesUrl,
    sizes,
    links,
    async stop() {
      await Promise.all([nginx?.stop(), bff.stop(), files.stop()]);
    },
  };
}

async function mint(url: string, bff: Server): Promise<string> {
  const answer = await fetch(`${url}/v1/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bff.facts['vendorKey']}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      tenant: bff.facts['tenant'],
      user: { id: 'u1', displayName: 'Dr. Day' },
      components: { scan_inbox: { enabled: true, features: { download: true } } },
    }),
  });
  if (!answer.ok) throw new Error(`no session: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as MintedSession).session_token;
}

async function copy(from: string, directory: string, name: string): Promise<number> {
  const answer = await fetch(from);
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (!answer.ok) throw new Error(`${name}: ${answer.status} ${bytes.toString()}`);
  writeFileSync(join(directory, name), bytes);
  return bytes.length;
}
