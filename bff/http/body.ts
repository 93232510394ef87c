import { TextDecoder } from 'node:util';
import { ProblemError } from './problem-error.ts';

export const BODY_LIMIT = 1_000_000;

/** The connection ended within the body. For the log: nobody is left to read the answer. */
class BrokenOffBySender extends Error {}

/**
 * The whole body as text. Stops reading at the limit, so that a 10 MB body costs at most `limit` bytes of memory.
 * @param options.lenient what is no UTF-8 is read as U+FFFD
 * @throws ProblemError `payload_too_large`, `invalid_json` when it is no UTF-8, `request_timeout` when its sender breaks it off
 */
export async function readText(request: Request, options: { limit?: number; lenient?: boolean } = {}): Promise<string> {
  const { limit = BODY_LIMIT, lenient = false } = options;
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > limit) throw new ProblemError('payload_too_large');
  const decoder = new TextDecoder('utf-8', { fatal: !lenient });
  // The parser of the server holds the body to its declared length; reading it whole spares the web stream.
  if (declared !== null) {
    return decode(decoder, new Uint8Array(await request.arrayBuffer().catch(brokenOff)), false);
  }
  if (request.body === null) return '';
  const reader = request.body.getReader();
  let text = '';
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(brokenOff);
    if (done) break;
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel();
      throw new ProblemError('payload_too_large');
    }
    text += decode(decoder, value, true);
  }
  return text + decode(decoder, undefined, false);
}

/** A body that was read before fails with a TypeError: that is a fault of ours. */
function brokenOff(cause: unknown): never {
  if (cause instanceof TypeError) throw cause;
  throw new ProblemError('request_timeout', {}, new BrokenOffBySender(undefined, { cause }));
}

function decode(decoder: TextDecoder, bytes: Uint8Array | undefined, stream: boolean): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream });
  } catch (cause) {
    throw new ProblemError('invalid_json', {}, cause);
  }
}
