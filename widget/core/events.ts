import type { AssetName } from '../../shared/scan.ts';
import type { ComponentName } from '../../shared/session.ts';

/** Every event's detail. Ids only: never names, birth dates, chart numbers or secrets. */
export interface EventDetail {
  /** The BFF's request id of the call behind the event; null when no call was. */
  readonly requestId: string | null;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
}

/** Bubbles and leaves shadow roots, so that one listener on the page hears every element. */
export class IteroEvent<D extends object> extends CustomEvent<D & EventDetail> {
  constructor(type: string, detail: D, requestId: string | null, cancelable = false) {
    super(type, {
      bubbles: true,
      composed: true,
      cancelable,
      detail: { ...detail, requestId, timestamp: new Date().toISOString() },
    });
  }
}

/** The element has a session and begins to load. */
export class IteroReadyEvent extends IteroEvent<{ readonly component: ComponentName }> {
  constructor(component: ComponentName) {
    super('itero-ready', { component }, null);
  }
}

export class IteroErrorEvent extends IteroEvent<{ readonly code: string; readonly retryable: boolean }> {
  constructor(fault: { readonly code: string; readonly retryable: boolean; readonly requestId?: string }) {
    super('itero-error', { code: fault.code, retryable: fault.retryable }, fault.requestId ?? null);
  }
}

/** The practice system gave no new session: sign in again there, or set `session` anew. */
export class IteroSessionExpiredEvent extends IteroEvent<{ readonly component: ComponentName }> {
  constructor(component: ComponentName) {
    super('itero-session-expired', { component }, null);
  }
}

export class IteroPairedEvent extends IteroEvent<{ readonly accountId: string }> {
  constructor(accountId: string, requestId: string | null = null) {
    super('itero-paired', { accountId }, requestId);
  }
}

/** `reason`: `unpaired` here, `lost` by somebody elsewhere. */
export class IteroUnpairedEvent extends IteroEvent<{ readonly reason: 'unpaired' | 'lost' }> {
  constructor(reason: 'unpaired' | 'lost', requestId: string | null = null) {
    super('itero-unpaired', { reason }, requestId);
  }
}

export class IteroScanRequestedEvent extends IteroEvent<{
  readonly scanRequestId: string;
  readonly rxId: string | null;
  readonly state: string;
}> {
  constructor(detail: { scanRequestId: string; rxId: string | null; state: string }, requestId: string | null = null) {
    super('itero-scan-requested', detail, requestId);
  }
}

export class IteroScanRequestCancelledEvent extends IteroEvent<{ readonly scanRequestId: string }> {
  constructor(scanRequestId: string, requestId: string | null = null) {
    super('itero-scan-request-cancelled', { scanRequestId }, requestId);
  }
}

interface ScanDetail {
  readonly orderId: string;
  readonly version: string | null;
}

export class IteroScanReceivedEvent extends IteroEvent<ScanDetail> {
  constructor(orderId: string, version: string | null) {
    super('itero-scan-received', { orderId, version }, null);
  }
}

export class IteroScanUpdatedEvent extends IteroEvent<ScanDetail> {
  constructor(orderId: string, version: string | null) {
    super('itero-scan-updated', { orderId, version }, null);
  }
}

export class IteroScanOpenedEvent extends IteroEvent<ScanDetail> {
  constructor(orderId: string, version: string | null, requestId: string | null = null) {
    super('itero-scan-opened', { orderId, version }, requestId);
  }
}

export class IteroDownloadEvent extends IteroEvent<ScanDetail & { readonly asset: AssetName }> {
  constructor(orderId: string, version: string | null, asset: AssetName) {
    super('itero-download', { orderId, version, asset }, null);
  }
}

export class IteroUnreadChangeEvent extends IteroEvent<{ readonly total: number }> {
  constructor(total: number, requestId: string | null = null) {
    super('itero-unread-change', { total }, requestId);
  }
}

/** Cancelable: `preventDefault()` stops the sending. */
export class IteroBeforeSendEvent extends IteroEvent<{ readonly procedureId: string }> {
  constructor(procedureId: string) {
    super('itero-before-send', { procedureId }, null, true);
  }
}

/** Cancelable: `preventDefault()` stops the un-pairing. */
export class IteroBeforeUnpairEvent extends IteroEvent<{ readonly openRequests: number }> {
  constructor(openRequests: number) {
    super('itero-before-unpair', { openRequests }, null, true);
  }
}

declare global {
  interface HTMLElementEventMap {
    'itero-ready': IteroReadyEvent;
    'itero-error': IteroErrorEvent;
    'itero-session-expired': IteroSessionExpiredEvent;
    'itero-paired': IteroPairedEvent;
    'itero-unpaired': IteroUnpairedEvent;
    'itero-scan-requested': IteroScanRequestedEvent;
    'itero-scan-request-cancelled': IteroScanRequestCancelledEvent;
    'itero-scan-received': IteroScanReceivedEvent;
    'itero-scan-updated': IteroScanUpdatedEvent;
    'itero-scan-opened': IteroScanOpenedEvent;
    'itero-download': IteroDownloadEvent;
    'itero-unread-change': IteroUnreadChangeEvent;
    'itero-before-send': IteroBeforeSendEvent;
    'itero-before-unpair': IteroBeforeUnpairEvent;
  }
}
