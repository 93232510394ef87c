import * as v from 'valibot';
import { findingSchema } from './finding.ts';

export * from './finding.ts';

const words = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1),
  v.maxLength(200),
  v.regex(/^[^\p{Cc}]+$/u, 'text without control characters'),
);

/**
 * `POST /v1/scans/where`: "Where did my scan go?". `text` is one search box: a name, a chart number, an order number or an
 * RX id; it is tried as each. In a patient-bound session it may be absent (the session's patient is meant), and nothing of
 * another patient is ever found.
 */
export const whereSchema = v.object({ text: v.optional(words) });
export type Where = v.InferInput<typeof whereSchema>;

/** Most telling first; never empty: `unknown` says what was looked through. */
export const whereAnswerSchema = v.object({
  findings: v.pipe(v.array(findingSchema), v.minLength(1)),
  askedAt: v.string(),
});
export type WhereAnswer = v.InferOutput<typeof whereAnswerSchema>;
