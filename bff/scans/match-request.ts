import type { UpstreamOrder } from '../align/index.ts';
import type { Tx } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import { spellings } from './rx-id.ts';

/** The request whose RX an order carries. */
export interface RequestMatch {
  readonly requestId: string;
  /** The chart number it was sent for. */
  readonly chartNumber: string;
  /** Scanned under another name or chart number than it was sent for (rules.md "Whose scan is it"). */
  readonly otherIdentity: boolean;
}

/** Finds the request that this tenant sent with the order's RX. */
export async function findRequest(
  tx: Tx,
  connection: ConnectionRow,
  order: UpstreamOrder,
): Promise<RequestMatch | null> {
  if (order.rxId === null) return null;
  const request = await tx
    .selectFrom('scan_requests')
    .select(['id', 'chart_number', 'first_name', 'last_name'])
    .where('vendor', '=', connection.vendor)
    .where('tenant', '=', connection.tenant)
    .where('environment', '=', connection.environment)
    .where('account_id', '=', connection.account_id)
    .where('rx_id', 'in', spellings(order.rxId))
    .executeTakeFirst();
  if (request === undefined) return null;
  const { patient } = order;
  return {
    requestId: request.id,
    chartNumber: request.chart_number,
    otherIdentity:
      patient.chartNumber !== request.chart_number ||
      patient.firstName !== request.first_name ||
      patient.lastName !== request.last_name,
  };
}

/** A request that was refused upstream made no RX; every other one is answered by the case. */
export async function markScanned(tx: Tx, requestId: string, orderId: string, now: number): Promise<void> {
  await tx
    .updateTable('scan_requests')
    .set({ state: 'scanned', order_id: orderId, possible_order_id: null, changed_at: now })
    .where('id', '=', requestId)
    .where('state', '!=', 'scanned')
    .execute();
}

/**
 * An order with an RX that nobody here sent, and the identity of a request whose sending got no clear answer: offered as
 * its match, never taken as such (rules.md "Scan requests").
 * @param knownSince when its case was first seen here (ms): one that was known before the request is not its answer
 * @returns the request that got the offer, newest first
 */
export async function offerToUnconfirmed(
  tx: Tx,
  connection: ConnectionRow,
  order: UpstreamOrder,
  knownSince: number,
  now: number,
): Promise<{ id: string; chartNumber: string } | null> {
  const request = await tx
    .selectFrom('scan_requests')
    .select(['id', 'chart_number'])
    .where('vendor', '=', connection.vendor)
    .where('tenant', '=', connection.tenant)
    .where('environment', '=', connection.environment)
    .where('account_id', '=', connection.account_id)
    .where('chart_number', '=', order.patient.chartNumber)
    .where('first_name', '=', order.patient.firstName)
    .where('last_name', '=', order.patient.lastName)
    .where('state', '=', 'unconfirmed')
    .where('possible_order_id', 'is', null)
    // Upstream's clock may be a little off ours; an order of the day before is another one.
    .where('created_at', '<=', order.modifiedAt + 15 * 60_000)
    .where('created_at', '<=', knownSince)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (request === undefined) return null;
  // Two requests without an answer made two cases at most: each case is offered to one of them.
  const offered = await tx
    .selectFrom('scan_requests')
    .select('id')
    .where('vendor', '=', connection.vendor)
    .where('tenant', '=', connection.tenant)
    .where('environment', '=', connection.environment)
    .where('account_id', '=', connection.account_id)
    .where('possible_order_id', '=', order.orderId)
    .limit(1)
    .executeTakeFirst();
  if (offered !== undefined) return null;
  await tx
    .updateTable('scan_requests')
    .set({ possible_order_id: order.orderId, changed_at: now })
    .where('id', '=', request.id)
    .execute();
  return { id: request.id, chartNumber: request.chart_number };
}
