import type { Log } from '../deps.ts';
import type { EventLog } from '../events/index.ts';
import type { Store } from '../store/index.ts';
import { updateRequest } from './request-table.ts';

/**
 * Requests that were begun until then (ms since the epoch) and whose outcome nobody wrote down: a crash cut the call off, or the
 * database did not take it until its process gave up. Nobody knows whether upstream took them: they are told as `unconfirmed` and
 * never sent again (rules.md "Scan requests"). Should one run on after all, its clear answer counts.
 */
export async function recoverCutOffRequests(
  parts: {
    store: Store;
    events: EventLog;
    now(): number;
    log: Log;
    /** The outcome of this request is known here and on its way into the database. */
    isOnItsWay(requestId: string): boolean;
  },
  begunUntil: number,
): Promise<void> {
  const { store, events } = parts;
  const sending = await store.db
    .selectFrom('scan_requests')
    .selectAll()
    .where('state', '=', 'sending')
    .where('created_at', '<=', begunUntil)
    .execute();
  const cutOff = sending.filter((row) => !parts.isOnItsWay(row.id));
  for (const row of cutOff) {
    await store.write(async (tx) => {
      const change = { state: 'unconfirmed', problem: 'request_unconfirmed', changed_at: parts.now() } as const;
      if (!(await updateRequest(tx, row, ['sending'], change))) return;
      await events.append(tx, {
        vendor: row.vendor,
        tenant: row.tenant,
        environment: row.environment,
        type: 'scan_request.unconfirmed',
        data: { requestId: row.id },
        requestId: row.id,
        charts: [row.chart_number],
      });
    }, row);
  }
  if (cutOff.length > 0) parts.log.warn({ count: cutOff.length }, 'scan requests without an outcome are unconfirmed');
}
