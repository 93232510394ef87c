import type { ScanRequest } from '../../shared/scan-request.ts';
import { AlignFault } from '../align/index.ts';
import { ProblemError } from '../http/problem-error.ts';
import { toProblemError } from '../pairing/to-problem-error.ts';
import type { Principal } from '../tenancy.ts';
import { fromRequestRow, requestsOf, updateRequest, type ScanRequestRow } from './request-table.ts';
import type { SendParts } from './send.ts';

/**
 * Takes an open RX off the scanner. Asking again for a cancelled one answers the same.
 * @throws ProblemError `not_found` (also for another chart's in a patient-bound session), `scanning_has_begun`,
 * `request_running`, `request_unconfirmed` (there is no RX id to cancel by), `request_closed`, or what upstream's refusal means
 */
export async function cancelScanRequest(
  parts: Omit<SendParts, 'practices' | 'random'>,
  principal: Principal,
  id: string,
): Promise<ScanRequest> {
  const row = await find(parts, principal, id);
  if (row.state === 'cancelled') return fromRequestRow(row);
  const rxId = requireOpen(row);
  const connection = await parts.connections.requireActive(principal);
  // The RX stands on the account it was sent to, which this clinic has left.
  if (connection.account_id !== row.account_id) throw new ProblemError('unpaired');

  try {
    await parts.vault.withToken({ connection, userId: principal.userId }, (token) =>
      parts.align.deleteScanRequest(token, rxId),
    );
  } catch (error) {
    if (!(error instanceof AlignFault)) throw error;
    // align-api §9: 404 unknown, so it is off the scanner; 409 when scanning has begun.
    if (error.kind !== 'not_found') {
      throw error.kind === 'conflict' ? new ProblemError('scanning_has_begun', {}, error) : toProblemError(error);
    }
  }
  return markCancelled(parts, principal, row);
}

async function find(
  { store, connections }: Pick<SendParts, 'store' | 'connections'>,
  principal: Principal,
  id: string,
) {
  const connection = await connections.current(principal);
  if (connection === null) throw new ProblemError('not_found');
  const row = await requestsOf(store.db, {
    ...principal,
    accountId: connection.account_id,
    ...(principal.patient === null ? {} : { chartNumber: principal.patient.chartNumber }),
  })
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new ProblemError('not_found');
  return row;
}

function requireOpen(row: ScanRequestRow): string {
  switch (row.state) {
    case 'sent':
      if (row.rx_id !== null) return row.rx_id;
      throw new ProblemError('request_unconfirmed');
    case 'sending':
      throw new ProblemError('request_running', { retryAfterSeconds: 1 });
    case 'unconfirmed':
      throw new ProblemError('request_unconfirmed');
    case 'scanned':
      throw new ProblemError('scanning_has_begun');
    case 'refused':
    case 'cancelled':
      throw new ProblemError('request_closed');
    default:
      return row.state satisfies never;
  }
}

async function markCancelled(
  { store, events, audit, clock }: Pick<SendParts, 'store' | 'events' | 'audit' | 'clock'>,
  principal: Principal,
  row: ScanRequestRow,
): Promise<ScanRequest> {
  return store.write(async (tx) => {
    const { vendor, tenant, environment } = principal;
    const change = { state: 'cancelled', changed_at: clock.now() } as const;
    const changed = await updateRequest(tx, row, ['sent'], change);
    if (changed) {
      await events.append(tx, {
        vendor,
        tenant,
        environment,
        type: 'scan_request.cancelled',
        data: { requestId: row.id },
        requestId: row.id,
        charts: [row.chart_number],
      });
      await audit.record(tx, principal, 'scan_request.cancelled', row.id, 'ok');
    }
    // Somebody else was faster, or a case came in meanwhile: what is stored is the answer.
    const now = await tx
      .selectFrom('scan_requests')
      .selectAll()
      .where('vendor', '=', vendor)
      .where('tenant', '=', tenant)
      .where('id', '=', row.id)
      .executeTakeFirstOrThrow();
    return fromRequestRow(now);
  }, principal);
}
