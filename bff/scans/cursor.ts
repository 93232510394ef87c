import type { SearchScans } from '../../shared/scan.ts';
import { ProblemError } from '../http/problem-error.ts';
import { createHash } from 'node:crypto';

/** The last case of a page: the next one begins after it. */
export interface Position {
  readonly modifiedAt: number;
  readonly orderId: string;
}

type Filter = Omit<SearchScans, 'cursor' | 'limit'>;

/** Opaque to clients. It holds a place, no right: the session decides what a page shows, whatever the cursor says. */
export function toCursor(position: Position, filter: Filter): string {
  return Buffer.from(JSON.stringify([position.modifiedAt, position.orderId, digest(filter)])).toString('base64url');
}

/** @throws ProblemError `invalid_cursor` for one that was not made here, or for another filter */
export function fromCursor(cursor: string | undefined, filter: Filter): Position | null {
  if (cursor === undefined) return null;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch (cause) {
    throw new ProblemError('invalid_cursor', {}, cause);
  }
  const [modifiedAt, orderId, of] = Array.isArray(value) ? (value as unknown[]) : [];
  const fits = Number.isSafeInteger(modifiedAt) && typeof orderId === 'string' && /^\d{1,19}$/.test(orderId);
  if (!fits || of !== digest(filter)) throw new ProblemError('invalid_cursor');
  return { modifiedAt: modifiedAt as number, orderId };
}

/** Recognises the filter a cursor belongs to, without holding the chart number. */
function digest({ chartNumber, status, from, to }: Filter): string {
  const text = JSON.stringify([chartNumber, status, from, to].map((part) => part ?? null));
  return createHash('sha256').update(text).digest('base64url').slice(0, 10);
}
