import type { Kysely, Selectable } from 'kysely';
import type { RequestState, ScanRequest, ScanRequestDraft } from '../../shared/scan-request.ts';
import type { ScanRequestTable, Schema } from '../store/schema.ts';
import type { TenantKey } from '../tenancy.ts';

export type ScanRequestRow = Selectable<ScanRequestTable>;

/** Which requests a session works with: its clinic's, on one Align account, and of one chart where it is bound to one. */
export interface RequestScope extends TenantKey {
  readonly accountId: string;
  readonly chartNumber?: string;
}

export const OPEN_STATES: readonly RequestState[] = ['sending', 'sent', 'unconfirmed'];

/** Every query of requests begins here: there is none without its clinic. */
export function requestsOf(db: Kysely<Schema>, scope: RequestScope) {
  const query = db
    .selectFrom('scan_requests')
    .where('vendor', '=', scope.vendor)
    .where('tenant', '=', scope.tenant)
    .where('environment', '=', scope.environment)
    .where('account_id', '=', scope.accountId);
  return scope.chartNumber === undefined ? query : query.where('chart_number', '=', scope.chartNumber);
}

export async function updateRequest(
  tx: Kysely<Schema>,
  row: Pick<ScanRequestRow, 'vendor' | 'tenant' | 'id'>,
  from: readonly RequestState[],
  change: Partial<Omit<ScanRequestRow, 'id' | 'vendor' | 'tenant' | 'environment'>> & { changed_at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('scan_requests')
    .set(change)
    .where('vendor', '=', row.vendor)
    .where('tenant', '=', row.tenant)
    .where('id', '=', row.id)
    .where('state', 'in', [...from])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export function fromRequestRow(row: ScanRequestRow): ScanRequest {
  // The column was written from a validated draft.
  const draft = JSON.parse(row.draft) as ScanRequestDraft;
  return {
    id: row.id,
    state: row.state,
    rxId: row.rx_id,
    orderId: row.order_id,
    possibleOrderId: row.possible_order_id,
    patient: { firstName: row.first_name, lastName: row.last_name, chartNumber: row.chart_number },
    procedure: row.procedure,
    procedureType: row.procedure_type,
    doctor: row.doctor,
    teeth: (draft.teeth ?? []).map((tooth) => tooth.adaId),
    dueDate: draft.dueDate ?? null,
    createdAt: new Date(row.created_at).toISOString(),
    createdBy: row.user_name,
    sentThrough: row.sent_through,
    problem: row.problem,
  };
}
