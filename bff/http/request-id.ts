import { Buffer } from 'node:buffer';
import type { Random } from '../deps.ts';

/** Ids of requests: unlike from start to start, counting within one. An id need not be secret, and randomness costs. */
export function createRequestIds(random: Random): () => string {
  const epoch = Buffer.from(random.bytes(9)).toString('base64url');
  let count = 0;
  return () => {
    count += 1;
    return `req_${epoch}${count.toString(36).padStart(6, '0')}`;
  };
}
