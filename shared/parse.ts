import * as v from 'valibot';
import { fail, ok, type Result } from './result.ts';

/** Where the input is wrong and what was wanted there. Never holds the value itself: it may be patient data. */
export interface ParseFault {
  /** Dotted path from the root, `''` for the root itself. */
  readonly path: string;
  readonly expected: string;
}

/** A value of unknown origin → a typed value, or every place where it does not fit. */
export function parse<S extends v.GenericSchema>(schema: S, input: unknown): Result<v.InferOutput<S>, ParseFault[]> {
  const outcome = v.safeParse(schema, input);
  if (outcome.success) return ok(outcome.output);
  return fail(outcome.issues.map((issue) => ({ path: v.getDotPath(issue) ?? '', expected: describe(issue) })));
}

function describe(issue: v.BaseIssue<unknown>): string {
  // valibot's own messages (they begin with "Invalid") echo what was received; messages that our schemas set do not.
  return `expected ${issue.message.startsWith('Invalid ') ? (issue.expected ?? 'another value') : issue.message}`;
}

/** JSON text → typed value; text that is no JSON is a fault at the root. */
export function parseJson<S extends v.GenericSchema>(schema: S, text: string): Result<v.InferOutput<S>, ParseFault[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail([{ path: '', expected: 'expected JSON' }]);
  }
  return parse(schema, value);
}
