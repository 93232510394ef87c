import { PHASES, type Phase, type Scan } from '../../shared/scan.ts';

/** What may be kept of a case in the browser: no names, no chart number, no links (rules.md "Read marks", product.md 6). */
export type Outline = Pick<Scan, 'orderId' | 'orderCode' | 'status' | 'phase' | 'procedure' | 'scannedAt'>;

export const OUTLINES = 12;
export const KEPT_AS = 'inbox-last-list';

export function toOutline({ orderId, orderCode, status, phase, procedure, scannedAt }: Scan): Outline {
  return { orderId, orderCode, status, phase, procedure, scannedAt };
}

export function parseOutlines(kept: unknown): Outline[] {
  return Array.isArray(kept) ? kept.flatMap((value) => parseOutline(value) ?? []).slice(0, OUTLINES) : [];
}

function parseOutline(value: unknown): Outline | null {
  if (typeof value !== 'object' || value === null) return null;
  const { orderId, orderCode, status, phase, procedure, scannedAt } = value as Record<string, unknown>;
  if (typeof orderId !== 'string' || typeof status !== 'string') return null;
  const text = (one: unknown): string | null => (typeof one === 'string' ? one : null);
  return {
    orderId,
    status,
    orderCode: text(orderCode),
    phase: PHASES.find((known) => known === phase) ?? ('other' satisfies Phase),
    procedure: text(procedure),
    scannedAt: text(scannedAt),
  };
}
