import { readFileSync } from 'node:fs';

/** This package's version, as in `/embed/{version}/` and the OpenAPI document. */
export function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}
