import * as v from 'valibot';
import { scanSchema } from '../../shared/scan.ts';
import { fitting } from '../core/answer.ts';

const { orderId, orderCode, status, phase, procedure, scannedAt } = scanSchema.entries;

/** What may be kept of a case in the browser: no names, no chart number, no links (rules.md "Read marks", product.md 6). */
const outlineSchema = v.object({ orderId, orderCode, status, phase, procedure, scannedAt });

export type Outline = Readonly<v.InferOutput<typeof outlineSchema>>;

const OUTLINES = 12;
export const KEPT_AS = 'inbox-last-list';

/** Cases, or what was kept of them → what may be kept and shown again; none where anything does not fit. */
export function toOutlines(cases: unknown): Outline[] {
  return fitting(v.array(outlineSchema), cases)?.slice(0, OUTLINES) ?? [];
}
