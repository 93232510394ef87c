import type { Insertable } from 'kysely';
import type { ConnectionRow, Schema } from '../../../bff/store/schema.ts';
import { START } from '../support/fixtures.ts';

type NewRequest = Insertable<Schema['scan_requests']>;

/** A scan request that this clinic sent for Ann Bee, C-1, a minute ago. */
export function requestRow(connection: ConnectionRow, change: Partial<NewRequest> = {}): NewRequest & { id: string } {
  return {
    id: `req_${connection.tenant}`,
    vendor: connection.vendor,
    tenant: connection.tenant,
    environment: connection.environment,
    connection_id: connection.id,
    account_id: connection.account_id,
    user_id: 'u1',
    user_name: 'Dentist',
    sent_through: null,
    chart_number: 'C-1',
    first_name: 'Ann',
    last_name: 'Bee',
    draft: '{}',
    procedure: 'Study Model',
    procedure_type: null,
    doctor: null,
    state: 'sent',
    rx_id: 'rx-1',
    order_id: null,
    possible_order_id: null,
    problem: null,
    created_at: START - 60_000,
    changed_at: START - 60_000,
    ...change,
  };
}
