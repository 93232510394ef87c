import type { RequestState as WireState, ScanRequest } from '../../shared/scan-request.ts';

/** States in which an RX asks for attention: it is, or may be, on the scanner. */
const OPEN: ReadonlySet<WireState> = new Set(['sending', 'sent', 'unconfirmed']);
const DAY_MS = 86_400_000;

function isOpen(request: ScanRequest): boolean {
  return OPEN.has(request.state);
}

/** Open ones and those of the last day stand in view, the others behind a fold. @param now ms since the epoch. */
export function splitRequests(
  items: readonly ScanRequest[],
  now: number,
): [current: ScanRequest[], earlier: ScanRequest[]] {
  const current: ScanRequest[] = [];
  const earlier: ScanRequest[] = [];
  for (const item of items) {
    const isCurrent = isOpen(item) || now - Date.parse(item.createdAt) < DAY_MS;
    (isCurrent ? current : earlier).push(item);
  }
  return [current, earlier];
}
