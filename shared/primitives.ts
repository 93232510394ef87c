import * as v from 'valibot';

/** An id of the DPMS (tenant, user): printable, no white space at its ends. */
export const identifier = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1),
  v.maxLength(128),
  v.regex(/^[^\s\p{Cc}]+$/u, 'an id without white space'),
);

/** Never empty (align-api §5). Compared exactly, without folding of any kind (rules.md "Whose scan is it"). */
export const chartNumber = v.pipe(
  v.string('a chart number'),
  v.maxLength(64, 'a chart number of at most 64 characters'),
  v.regex(/\S/u, 'a chart number: it must not be empty'),
  v.regex(/^[^\p{Cc}]+$/u, 'a chart number without control characters'),
);

export const personName = v.pipe(
  v.string('a name'),
  v.maxLength(200, 'a name of at most 200 characters'),
  v.regex(/\S/u, 'a name: it must not be empty'),
  v.regex(/^[^\p{Cc}]+$/u, 'a name without control characters'),
);

/** `YYYY-MM-DD`. */
export const isoDate = v.pipe(v.string(), v.isoDate());

/** ISO 8601 in UTC. */
export const isoTime = v.pipe(v.string(), v.isoTimestamp());

/** An order id, digits as text. */
export const orderId = v.pipe(v.string(), v.regex(/^\d{1,19}$/));

export const cursor = v.pipe(v.string(), v.maxLength(512));
