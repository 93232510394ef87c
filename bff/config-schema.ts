/** `node bff/config-schema.ts`: writes config.schema.json; with `--check` it says whether that file is current. */
import { toJsonSchema } from '@valibot/to-json-schema';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configSchema } from './config.ts';

const file = new URL('config.schema.json', import.meta.url);

/** The shape an editor completes and checks. Rules that JSON Schema cannot say are checked at start. */
export function toConfigJsonSchema(): string {
  const schema = toJsonSchema(configSchema, { typeMode: 'input', errorMode: 'ignore', target: 'draft-2020-12' });
  const titled = {
    title: 'itero-embed configuration',
    description: 'Any value may also be "env:NAME" or "file:/path". Times are in milliseconds.',
    ...(allowReferences(schema, true) as object),
  };
  // Lists of words on one line, as the formatter wants them.
  return `${JSON.stringify(titled, null, 2).replaceAll(/\[\n\s+([^[\]{}]*?)\n\s+\]/g, (_, items: string) => `[${items.replaceAll(/\n\s+/g, ' ')}]`)}\n`;
}

const REFERENCE = { type: 'string', pattern: '^(env|file):.+' };

/** A value may always be a reference; the words of a rule about its text hold after it is resolved. */
function allowReferences(node: unknown, root = false): unknown {
  if (typeof node !== 'object' || node === null) return node;
  const schema = node as Record<string, unknown>;
  const walked = { ...schema };
  for (const group of ['properties', 'additionalProperties', 'items'] as const) {
    const inner = schema[group];
    if (group === 'properties' && typeof inner === 'object' && inner !== null) {
      walked[group] = Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, allowReferences(item)]));
    } else if (inner !== undefined) walked[group] = allowReferences(inner);
  }
  const plainText = schema['type'] === 'string' && !('pattern' in schema) && !('enum' in schema);
  const structure = schema['type'] === 'object' || schema['type'] === 'array';
  return root || plainText || structure ? walked : { anyOf: [walked, REFERENCE] };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = toConfigJsonSchema();
  if (!process.argv.includes('--check')) writeFileSync(file, wanted);
  else if (readFileSync(file, 'utf8') !== wanted) {
    process.stderr.write('bff/config.schema.json is not current. Run: node bff/config-schema.ts\n');
    process.exitCode = 1;
  }
}
