import * as v from 'valibot';
import { fail, ok, type Result } from '../shared/result.ts';
import { alignSettingsSchema, type AlignSettings } from './align/index.ts';
import { processEntries, type ProcessSettings } from './config-process.ts';
import { readUtf8, resolveReferences, type ConfigFault, type Environment } from './config-references.ts';

export type { ConfigFault } from './config-references.ts';
export type { ProcessSettings } from './config-process.ts';

export interface Config {
  /** Read once, at start. */
  readonly process: ProcessSettings;
  /** Re-read while running. */
  readonly align: AlignSettings;
}

export const configSchema = v.strictObject({
  $schema: v.optional(v.string()),
  ...processEntries,
  align: alignSettingsSchema,
});

/** What stops the program: a sentence for people, made of our words only. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Every fault at once; no fault holds a value, for it may be a secret. */
export function parseConfig(input: unknown, environment: Environment): Result<Config, ConfigFault[]> {
  const resolved = resolveReferences(input, environment);
  const outcome = v.safeParse(configSchema, resolved.value);
  if (!outcome.success) {
    const told = new Set(resolved.faults.map((fault) => fault.key));
    const faults = outcome.issues.map((issue) => ({ key: toKey(issue), wanted: toWanted(issue) }));
    return fail([...resolved.faults, ...faults.filter((fault) => !told.has(fault.key))]);
  }
  const faults = [...resolved.faults, ...unknownSettings(resolved.value, outcome.output, '')];
  if (faults.length > 0) return fail(faults);
  const { align, $schema: _, ...process } = outcome.output;
  return ok({ process, align });
}

/** What the schema dropped: a setting with a typing error must not pass for its default. */
function unknownSettings(given: unknown, taken: unknown, key: string): ConfigFault[] {
  if (typeof given !== 'object' || given === null || typeof taken !== 'object' || taken === null) return [];
  if (Array.isArray(given)) return [];
  return Object.entries(given).flatMap(([name, value]) => {
    const path = key === '' ? name : `${key}.${name}`;
    if (!Object.hasOwn(taken, name))
      return value === undefined ? [] : [{ key: path, wanted: 'is not a known setting' }];
    return unknownSettings(value, (taken as Record<string, unknown>)[name], path);
  });
}

/** Reads and parses the file, each time anew. */
export function readConfig(path: string, environment: Environment): Result<Config, ConfigFault[]> {
  let text: string;
  try {
    const read = readUtf8(path);
    if (!read.ok) return fail([{ key: '', wanted: read.error }]);
    text = read.value;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return fail([{ key: '', wanted: missing ? 'does not exist' : 'cannot be read: check its permissions' }]);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The message of JSON.parse quotes the file, which may hold secrets.
    const place = /line \d+ column \d+/.exec(error instanceof Error ? error.message : '')?.[0];
    return fail([{ key: '', wanted: place === undefined ? 'is not JSON' : `is not JSON (${place})` }]);
  }
  return parseConfig(value, environment);
}

/** At start. @throws ConfigError with every fault */
export function loadConfig(path: string, environment: Environment): Config {
  const outcome = readConfig(path, environment);
  if (outcome.ok) return outcome.value;
  throw new ConfigError(describeFaults(path, outcome.error));
}

export function describeFaults(path: string, faults: readonly ConfigFault[]): string {
  const lines = faults.map(({ key, wanted }) => `  - ${key === '' ? 'the file' : key} ${wanted}`);
  const count = lines.length === 1 ? 'one fault' : `${lines.length} faults`;
  return `The configuration ${path} has ${count}:\n${lines.join('\n')}`;
}

function toKey(issue: v.BaseIssue<unknown>): string {
  let key = '';
  for (const item of issue.path ?? []) {
    if (typeof item.key === 'number') key += `[${item.key}]`;
    else key += key === '' ? String(item.key) : `.${String(item.key)}`;
  }
  return key;
}

function toWanted(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object' && issue.expected === 'never') return 'is not a known setting';
  if (issue.received === 'undefined') return 'is missing';
  // valibot's own messages quote what was received; only those that a schema of ours sets are shown.
  if (issue.message.includes('but received')) return `must be ${issue.expected ?? 'another value'}`;
  return /^(must|needs|is) /.test(issue.message) ? issue.message : `must be ${issue.message}`;
}
