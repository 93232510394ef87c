import { readFileSync } from 'node:fs';
import { fail, ok, type Result } from '../shared/result.ts';

export interface ConfigFault {
  /** `vendors[0].apiKeyHashes[1]`; empty for the file itself. */
  readonly key: string;
  /** What is wanted there. Never holds the value. */
  readonly wanted: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Replaces every `"env:NAME"` and `"file:/path"` by what it names. A value that cannot be had becomes `undefined` and a fault.
 * @param environment the process's variables; only `main` reads the real ones
 */
export function resolveReferences(value: unknown, environment: Environment): { value: unknown; faults: ConfigFault[] } {
  const faults: ConfigFault[] = [];
  const walk = (node: unknown, key: string): unknown => {
    if (typeof node === 'string') return resolve(node, key);
    if (Array.isArray(node)) return node.map((item, index) => walk(item, `${key}[${index}]`));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(
      Object.entries(node).map(([name, item]) => [name, walk(item, key === '' ? name : `${key}.${name}`)]),
    );
  };
  const resolve = (text: string, key: string): string | undefined => {
    if (text.startsWith('env:')) {
      const name = text.slice('env:'.length);
      const found = environment[name];
      if (found !== undefined && found !== '') return found;
      faults.push({ key, wanted: `needs the environment variable ${name}, which is not set` });
      return undefined;
    }
    if (text.startsWith('file:')) {
      const path = text.slice('file:'.length);
      try {
        const read = readUtf8(path);
        if (read.ok) return read.value.trimEnd();
        faults.push({ key, wanted: `needs the file ${path}, which ${read.error}` });
      } catch {
        faults.push({ key, wanted: `needs the file ${path}, which cannot be read` });
      }
      return undefined;
    }
    return text;
  };
  return { value: walk(value, ''), faults };
}

/**
 * Editors and shells of Windows write a byte order mark, or UTF-16: the mark is no part of the text, and UTF-16 read as UTF-8 begins with
 * U+FFFD or holds NUL.
 * @throws what the file system says when the file cannot be read
 */
export function readUtf8(path: string): Result<string, 'must be UTF-8'> {
  // The decoder takes the mark away; `readFileSync` would keep it.
  const text = new TextDecoder().decode(readFileSync(path));
  return text.startsWith('\uFFFD') || text.includes('\0') ? fail('must be UTF-8') : ok(text);
}
