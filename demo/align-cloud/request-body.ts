import { ApiError } from './api-error.ts';
import type { Ctx } from './cloud.ts';

const LARGEST_BODY = 256 * 1024;

async function readText(c: Ctx): Promise<string> {
  if (Number(c.req.header('content-length') ?? 0) > LARGEST_BODY) throw tooLarge();
  const parts: Uint8Array[] = [];
  let size = 0;
  const body = c.req.raw.body;
  if (body === null) return '';
  for await (const part of body) {
    size += part.byteLength;
    if (size > LARGEST_BODY) throw tooLarge();
    parts.push(part);
  }
  return new TextDecoder('utf-8').decode(Buffer.concat(parts));
}

const tooLarge = (): ApiError => new ApiError(413, 'payload_too_large', `A body holds ${LARGEST_BODY} bytes at most.`);

const mediaType = (c: Ctx): string => (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

function unsupported(wanted: string): ApiError {
  return new ApiError(415, 'unsupported_media_type', `The body must be ${wanted}.`);
}

/** The JSON object in the body; anything else is refused. */
export async function readObject(c: Ctx): Promise<Record<string, unknown>> {
  if (mediaType(c) !== 'application/json') throw unsupported('application/json');
  const text = await readText(c);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError(400, 'invalid_request', 'The body is not JSON.');
  }
  if (!isObject(value)) throw new ApiError(400, 'invalid_request', 'The body is not a JSON object.');
  return value;
}

export async function readForm(c: Ctx): Promise<URLSearchParams> {
  if (mediaType(c) !== 'application/x-www-form-urlencoded') throw unsupported('application/x-www-form-urlencoded');
  return new URLSearchParams(await readText(c));
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
