import type { Audit } from '../audit/index.ts';
import type { EventLog } from '../events/index.ts';
import type { Store, Tx } from '../store/index.ts';
import type { Principal } from '../tenancy.ts';
import { updateRequest, type ScanRequestRow } from './request-table.ts';
import type { Outcome } from './send-outcome.ts';

/**
 * Outcome, event and audit in one transaction.
 * @param settled the request as it shall stand
 * @param options.again a try before this one failed, and may have been committed all the same (`Store.write`)
 */
export async function storeOutcome(
  { store, events, audit }: { store: Store; events: EventLog; audit: Audit },
  principal: Principal,
  settled: ScanRequestRow,
  outcome: Outcome,
  options: { again: boolean },
): Promise<void> {
  await store.write(async (tx) => {
    if (options.again && (await isStored(tx, settled))) return;
    const { state, rx_id, sent_through, problem, changed_at } = settled;
    // A recovery may have called it unconfirmed meanwhile; an RX id is a clear answer all the same.
    const from = outcome.kind === 'sent' ? (['sending', 'unconfirmed'] as const) : (['sending'] as const);
    const changed = await updateRequest(tx, settled, from, { state, rx_id, sent_through, problem, changed_at });
    if (changed && outcome.kind !== 'refused') {
      const { vendor, tenant, environment } = principal;
      await events.append(tx, {
        vendor,
        tenant,
        environment,
        type: outcome.kind === 'sent' ? 'scan_request.sent' : 'scan_request.unconfirmed',
        data: { requestId: settled.id },
        requestId: settled.id,
        charts: [settled.chart_number],
      });
    }
    await audit.record(tx, principal, 'scan_request.sent', settled.id, problem ?? 'ok');
  }, principal);
}

/** Only this very outcome has its RX id, or its state since its moment. */
async function isStored(tx: Tx, settled: ScanRequestRow): Promise<boolean> {
  const now = await tx
    .selectFrom('scan_requests')
    .select(['state', 'rx_id', 'changed_at'])
    .where('vendor', '=', settled.vendor)
    .where('tenant', '=', settled.tenant)
    .where('id', '=', settled.id)
    .executeTakeFirst();
  if (now === undefined) return false;
  if (settled.rx_id !== null) return now.rx_id === settled.rx_id;
  return now.state === settled.state && now.changed_at === settled.changed_at;
}

export function toChange(outcome: Outcome): Pick<ScanRequestRow, 'state' | 'rx_id' | 'sent_through' | 'problem'> {
  switch (outcome.kind) {
    case 'sent':
      return { state: 'sent', rx_id: outcome.rxId, sent_through: outcome.sentThrough, problem: null };
    case 'unconfirmed':
      return { state: 'unconfirmed', rx_id: null, sent_through: null, problem: 'request_unconfirmed' };
    case 'refused':
      return { state: 'refused', rx_id: null, sent_through: null, problem: outcome.problem.code };
    default:
      return outcome satisfies never;
  }
}
