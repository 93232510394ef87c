import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { toFigure, type Line } from '../figures.ts';
import { freshDirectory } from '../setting.ts';

/** Built as it is shipped; what the entry loads by itself is summed, what it loads later is named apart. */
export async function bundle(): Promise<Line[]> {
  const output = await build({
    configFile: fileURLToPath(new URL('../../../vite.config.ts', import.meta.url)),
    root: fileURLToPath(new URL('../../..', import.meta.url)),
    logLevel: 'error',
    build: { outDir: freshDirectory() },
  });
  if (Array.isArray(output) || !('output' in output)) throw new Error('the build gave no single output');
  const chunks = output.output.filter((part): part is Rolldown.OutputChunk => part.type === 'chunk');
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const entry = chunks.find((chunk) => chunk.isEntry);
  if (entry === undefined) throw new Error('the build has no entry');

  const atStart = new Set<string>();
  const follow = (name: string): void => {
    const chunk = byName.get(name);
    if (chunk === undefined || atStart.has(name)) return;
    atStart.add(name);
    for (const imported of chunk.imports) follow(imported);
  };
  follow(entry.fileName);
  const later = chunks.filter(({ fileName }) => !atStart.has(fileName));
  const kilobytes = (chunk: Rolldown.OutputChunk): number => gzipSync(chunk.code, { level: 9 }).length / 1024;
  const first = chunks.filter(({ fileName }) => atStart.has(fileName));
  return [
    toFigure({
      what: 'embed bundle, gzip: provider, pair, scan-request, scan-inbox, Lit',
      unit: 'KB',
      ours: first.reduce((sum, chunk) => sum + kilobytes(chunk), 0),
      atMost: 35,
      note:
        `each file by itself with gzip -9, KB of 1,024 bytes: ${first.map(nameSize(kilobytes)).join(', ')}. Loaded later: ` +
        `${later.map(nameSize(kilobytes)).join(', ')}.`,
    }),
  ];
}

const nameSize =
  (kilobytes: (chunk: Rolldown.OutputChunk) => number) =>
  (chunk: Rolldown.OutputChunk): string =>
    `${chunk.name} ${kilobytes(chunk).toFixed(1)} KB`;
