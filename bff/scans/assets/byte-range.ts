/**
 * A single range of bytes as it may be passed on upstream: `bytes=0-99`, `bytes=100-`, `bytes=-50`. Anything else, many ranges
 * among it, is as if none had been asked for (RFC 9110 §14.2).
 */
export function parseRange(header: string | undefined): string | null {
  if (header === undefined || header.length > 64) return null;
  const match = /^bytes=(\d*)-(\d*)$/.exec(header);
  const [, from = '', to = ''] = match ?? [];
  if (match === null || (from === '' && to === '')) return null;
  if (from !== '' && to !== '' && Number(from) > Number(to)) return null;
  return `bytes=${from}-${to}`;
}

/** @param size of the whole file in bytes; null: not known */
export function isSatisfiable(range: string, size: number | null): boolean {
  if (size === null) return true;
  const [from = '', to = ''] = range.slice('bytes='.length).split('-');
  return from === '' ? Number(to) > 0 && size > 0 : Number(from) < size;
}

/** RFC 9110 §13.1.5: the range holds only for the version that the client has; a date is no version of ours. */
export function ifRangeFits(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || ifRange === etag;
}

/** RFC 9110 §13.1.2. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((one) => one.trim().replace(/^W\//, '') === etag || one.trim() === '*');
}
