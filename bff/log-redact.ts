import type { LogFields } from './deps.ts';

const HIDDEN = '[redacted]';
const DEEPEST = 5;
/** Keys, compared without case, dash or underscore, whose values are secrets or patient data (product.md promises 3 and 6). */
const HIDDEN_KEYS = new Set(
  `authorization cookie setcookie token accesstoken refreshtoken idtoken sessiontoken clientsecret secret password
  apikey key encryptionkeys code codeverifier state ticket link
  patient firstname lastname newfirstname newlastname name username displayname chartnumber chart charts
  dateofbirth birthdate notes draft body payload response headers url uri href path query`.split(/\s+/),
);
/** Secrets that got into a text all the same: JWTs, bearer values, our callback and start paths, user and password of a URL. */
const HIDDEN_TEXT =
  /eyJ[\w-]+\.[\w-]+\.[\w-]*|\b(?:Bearer|Basic)\s+\S+|(?<=\/v1\/(?:callbacks|pairing\/start|assets)\/)(?!:)[^\s"'?]+|(?<=[?&](?:code|state|token|password)=)[^&\s"']+|(?<=\bpostgres(?:ql)?:\/\/)[^\s"'/]+(?=@)/g;

/** Fields as they may be written: secrets and patient data are replaced, errors become class, code and stack frames. */
export function redact(fields: LogFields): Record<string, unknown> {
  const redacted: Record<string, unknown> = {};
  // Not by way of entries: every request logs a line.
  for (const key of Object.keys(fields)) redacted[key] = redactEntry(key, fields[key], 0);
  return redacted;
}

function redactEntry(key: string, value: unknown, depth: number): unknown {
  if (value === null || value === undefined || typeof value === 'boolean') return value;
  return isHiddenKey(key) ? HIDDEN : redactValue(value, depth);
}

const judged = new Map<string, boolean>();

/** Keys come from code and are few; the bound is for objects whose keys come from elsewhere. */
function isHiddenKey(key: string): boolean {
  const known = judged.get(key);
  if (known !== undefined) return known;
  const hidden = HIDDEN_KEYS.has(key.toLowerCase().replaceAll(/[-_]/g, ''));
  if (judged.size < 1000) judged.set(key, hidden);
  return hidden;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.replace(HIDDEN_TEXT, HIDDEN);
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value;
  if (value instanceof Error) return describeError(value, depth);
  if (depth >= DEEPEST) return '[deeper]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactEntry(key, item, depth + 1)]));
}

/**
 * Class, code and frames. The message only where it cannot hold what a caller handed in: JSON.parse, for one, quotes
 * its input, and a stack begins with the message (architecture.md "Style").
 */
export function describeError(error: Error, depth = 0): Record<string, unknown> {
  const own = error as Error & { code?: unknown; kind?: unknown; property?: unknown; errcode?: unknown };
  const described: Record<string, unknown> = { class: error.name === 'Error' ? error.constructor.name : error.name };
  for (const key of ['code', 'kind', 'property', 'errcode'] as const) {
    if (typeof own[key] === 'string' || typeof own[key] === 'number') described[key] = own[key];
  }
  const message = publicMessage(error);
  if (message !== null) described['message'] = message;
  described['stack'] = framesOf(error)
    .split('\n')
    .filter((line) => FRAME.test(line))
    .map((line) => line.trim())
    .slice(0, 12);
  if (error.cause instanceof Error && depth < DEEPEST) described['cause'] = describeError(error.cause, depth + 1);
  return described;
}

/** A place in code: a line of a message that begins with "at" is none. */
const FRAME = /^\s+at .*(?::\d+:\d+|<anonymous>|native)\)?$/;

/** A stack begins with the message, which may have lines of its own. */
function framesOf({ message, stack = '' }: Error): string {
  const begins = stack.indexOf(message);
  return begins === -1 ? stack : stack.slice(begins + message.length);
}

const SPEAKING = new Set(['ProblemError', 'AlignFault', 'ConfigError', 'TypeError', 'ReferenceError', 'RangeError']);

function publicMessage(error: Error): string | null {
  const system = 'syscall' in error || 'errcode' in error;
  if (!SPEAKING.has(error.name) && !system) return null;
  return error.message
    .replace(/\breceived\b.*$/is, 'received …')
    .replace(HIDDEN_TEXT, HIDDEN)
    .slice(0, 300);
}
