import { setTimeout as pause } from 'node:timers/promises';
import type { Fetch } from '../../../bff/deps.ts';
import { ACCOUNT } from './settings.ts';

/** Align's cloud is not on this machine: each answer takes so long (ms). */
const DISTANCE_MS = 100;
export const PICTURED_RX = 'pictured';
/** No case of the load has this order id. */
export const PICTURED_ORDER = '900000000';

/**
 * Answers what background work asks, so that hints are followed and merged at the pace of a real upstream. The pictured
 * case alone has files, at `files`.
 */
export function createUpstream(files: string | null): Fetch {
  let orders = 0;
  return async (input) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    await pause(DISTANCE_MS);
    if (pathname === '/discovery') return Response.json({ endpoints: {} });
    if (pathname === '/api/v2/orders') return Response.json({ orders: [], page: 1, pageSize: 100, total: 0 });
    const rxId = /^\/api\/v2\/orders\/by-rx\/(.+)$/.exec(pathname)?.[1];
    if (rxId === undefined) return new Response(null, { status: 404 });
    if (rxId === PICTURED_RX && files !== null) return Response.json(toOrder(PICTURED_ORDER, rxId, filesAt(files)));
    orders += 1;
    return Response.json(toOrder(String(100_000_000 + orders), rxId, []));
  };
}

const MODIFIED = '2026-11-20T08:00:00Z';

function toOrder(orderId: string, rxId: string, assets: unknown[]): unknown {
  return {
    orderId,
    orderCode: `C${orderId}`,
    rxId,
    companyId: ACCOUNT,
    status: 'Completed',
    patient: { firstName: 'Ann', lastName: 'Bee', chartNumber: 'C-1' },
    doctor: { name: 'Dr. Day' },
    procedure: 'Study Model/iRecord',
    caseType: 'iRecord',
    scanDate: MODIFIED,
    modifiedDate: MODIFIED,
    assets,
  };
}

function filesAt(files: string): unknown[] {
  return [
    { type: 'IDE', url: `${files}/ide.zip`, modifiedDate: MODIFIED },
    { type: 'IMAGE_GALLERY', url: `${files}/gallery.zip`, modifiedDate: MODIFIED },
  ];
}
